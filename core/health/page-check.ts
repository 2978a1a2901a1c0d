/** A check that asks for a page: the request in HTTP/1.1 or HTTP/2, and whether its status is among those expected. No sockets. */
import { isAmong } from '../backend/failure.ts'
import { ProtocolError } from '../errors.ts'
import type { HttpLimits } from '../http1/limits.ts'
import { beginsHttp2 } from '../http2/frames.ts'
import { type Answer, createAnswerReader } from './answer.ts'
import { type CheckListener, Http2Call } from './http2-call.ts'
import type { Inquiry, Line, Verdict } from './inquiry.ts'
import type { HealthCheck } from './policy.ts'

export type PageCheck = Extract<HealthCheck, { kind: 'http' }>

const AGENT = 'smartedge-health'
/** Three digits, as in HTTP/1.1 (RFC 9110 15). */
const STATUS = /^[1-9][0-9]{2}$/

/** Why it fails at a member that speaks HTTP/2 alone, and what to write. */
const SPEAKS_HTTP2: Verdict = {
  passed: false,
  detail: 'speaks HTTP/2, and was asked in HTTP/1.1: "protocol" of its pool may be "h2c"',
}

const SPEAKS_HTTP_1 = 'speaks HTTP/1.x, and was asked in HTTP/2: "protocol" of its pool may be "http/1.1"'

export function askInHttp1(check: PageCheck, { authority, send }: Line, limits: HttpLimits): Inquiry {
  const { path, host = authority } = check
  const readAnswer = createAnswerReader(limits)
  let verdict: Verdict | undefined
  return {
    kind: 'HTTP',
    get isOver() {
      return verdict === SPEAKS_HTTP2
    },
    // `path` and `host` hold no spaces or controls: the config refuses those.
    begin: () =>
      send(
        Buffer.from(
          `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: ${AGENT}\r\nAccept: */*\r\nConnection: close\r\n\r\n`,
          'latin1',
        ),
      ),
    read(piece) {
      if (verdict !== undefined) return verdict
      try {
        const answer = readAnswer(piece)
        if (answer !== undefined) verdict = judge(answer, check)
      } catch (error) {
        if (!(error instanceof ProtocolError) || !beginsHttp2(piece)) throw error
        verdict = SPEAKS_HTTP2
      }
      return verdict
    },
  }
}

export function askInHttp2(check: PageCheck, { authority, scheme, send }: Line, limits: HttpLimits): Inquiry {
  const answer = new Http2Answer(check)
  const call = new Http2Call(answer, limits, send, SPEAKS_HTTP_1)
  return {
    kind: 'HTTP',
    begin: () =>
      call.begin({
        fields: [
          [':method', 'GET'],
          [':scheme', scheme],
          [':path', check.path],
          [':authority', check.host ?? authority],
          ['user-agent', AGENT],
          ['accept', '*/*'],
        ],
      }),
    read(piece) {
      call.read(piece)
      return answer.verdict
    },
    get isOver() {
      return call.isOver
    },
  }
}

class Http2Answer implements CheckListener {
  verdict: Verdict | undefined = undefined
  private readonly check: PageCheck
  private status = ''

  constructor(check: PageCheck) {
    this.check = check
  }

  onField(name: string, value: string): void {
    if (name === ':status') this.status = value
  }

  onFields(): void {
    if (!STATUS.test(this.status)) throw new ProtocolError('a response must have a status of three digits')
    const status = Number(this.status)
    if (status >= 200) this.verdict ??= judge({ status, reason: '' }, this.check)
  }

  onContent(): void {
    if (this.verdict === undefined) throw new ProtocolError('content came before a head')
  }

  onEnd(): void {
    if (this.verdict === undefined) throw new ProtocolError('a response must have a head')
  }

  onFailure(detail: string): void {
    this.verdict ??= { passed: false, detail }
  }
}

const judge = (answer: Answer, check: PageCheck): Verdict => ({
  passed: isAmong(answer.status, check.expect),
  detail: answerInWords(answer, check),
})

function answerInWords({ status, reason }: Answer, check: PageCheck): string {
  if (isAmong(status, check.expect)) return reason === '' ? `${status}` : `${status} ${reason}`
  const ranges = check.expect.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`))
  return `${status}, expected ${ranges.join(' or ')}`
}
