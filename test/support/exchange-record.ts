/** What is known of an exchange that is over, for those who write or count it. */
import { createIdentify } from '../../core/forward/identify.ts'
import type { ExchangeRecord } from '../../core/exchange/record.ts'
import { parseRequest } from './http1-heads.ts'
import { peerAt } from './peer-at.ts'

export interface RecordOptions extends Partial<Omit<ExchangeRecord, 'client' | 'line' | 'identity'>> {
  /** The request's head, with its empty line. */
  readonly request?: string
  readonly address?: string
  readonly isTrusted?: (address: string) => boolean
}

const attempt = {
  backend: '127.0.0.1:8001',
  isHedge: false,
  startedAt: 0,
  readyAt: 0,
  respondedAt: 12.3456,
  endedAt: 20,
  outcome: { kind: 'completed', status: 200, elapsedMs: 20 },
} as const

export function exchangeRecord(options: RecordOptions = {}): ExchangeRecord {
  const {
    request = 'GET /a?b=1 HTTP/1.1\r\nHost: a.example\r\n\r\n',
    address = '192.0.2.1',
    isTrusted,
    ...rest
  } = options
  const peer = peerAt(address)
  const [method = '', target = '', protocol = ''] = (request.split('\r\n')[0] ?? '').split(' ')
  return {
    startedAt: 0,
    endedAt: 20,
    client: { peer, readHead: () => parseRequest(request) },
    line: { method, target, protocol },
    identity: createIdentify(isTrusted ?? (() => false))(peer),
    subject: undefined,
    route: 'r',
    pool: 'web',
    ending: { kind: 'answered', status: 200 },
    attempts: [attempt],
    requestBytes: 0,
    responseBytes: 5,
    ...rest,
  }
}
