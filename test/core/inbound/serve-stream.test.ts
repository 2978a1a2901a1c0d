import { describe, expect, test } from 'bun:test'
import { MAX_FIELDS } from '../../../core/http1/limits.ts'
import { RequestHead } from '../../../core/http1/request-head.ts'
import { readOwnHead } from '../../../core/inbound/http2-own-response.ts'
import type { RequestHandler } from '../../../core/inbound/request-handler.ts'
import { type ServeCarrier, serveRequest } from '../../../core/inbound/serve-stream.ts'
import { TimerWheel } from '../../../core/net/timer-wheel.ts'
import type { ClientStream, RequestSink } from '../../../core/stream/client-stream.ts'
import { NOBODY } from '../../../core/stream/nobody.ts'
import { Peer, plainFacts } from '../../../core/stream/peer.ts'
import { turn } from '../../support/raw-peer.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

/** A request that a test answers, and what has been told of it. */
function served(request: Request, sink: Partial<RequestSink> = {}) {
  const told: string[] = []
  let stream: ClientStream | undefined
  const handler = {
    head: new RequestHead(MAX_FIELDS),
    limits: { maxHeadBytes: 65_536, maxTargetBytes: 8192, maxFields: 64 },
    timeouts: { headMs: 1000, bodyMs: 1000, keepAliveMs: 5000, tunnelMs: 1000 },
    wheel: new TimerWheel(virtualClock(), (error) => told.push(`fault ${String(error)}`)),
    dateLine: () => Buffer.from('Date: now\r\n'),
    crowd: { isThere: false },
    counters: { bytesFromClients: 0, bytesToClients: 0 },
    onRequest(asked: ClientStream) {
      stream = asked
      asked.sink = {
        ...NOBODY,
        onRequestBody: (bytes, start, end) => void told.push(`body ${bytes.toString('latin1', start, end)}`),
        onRequestEnd: () => void told.push('end'),
        onRequestFault: ({ message, status }) => void told.push(`${status} ${message}`),
        onClientGone: () => void told.push('gone'),
        ...sink,
      }
    },
    onRefusal: ({ status }: { status: number }) => void told.push(`refused ${status}`),
  } as unknown as RequestHandler
  const carrier: ServeCarrier = {
    handler,
    peer: new Peer(plainFacts('127.0.0.1')),
    reportFault: (error) => void told.push(`fault ${String(error)}`),
    version: undefined,
    isLeaving: () => false,
    allowSilence: (ms) => void told.push(`silence ${ms}`),
    onOver: () => void told.push('over'),
  }
  const response = serveRequest(carrier, request, () => void told.push('begun'))
  return { told, response, stream: () => stream as ClientStream }
}

const withBody = (fields: Record<string, string>, body = 'abc'): Request =>
  new Request('http://a/', { method: 'POST', headers: { host: 'a', ...fields }, body })

async function takenOf(request: Request): Promise<readonly string[]> {
  const { told, stream } = served(request)
  stream().resumeBody('data')
  for (let turns = 0; turns < 10; turns += 1) await turn()
  return told.slice(2)
}

describe('a request of Bun.serve', () => {
  test('whose content is not what its length says is at fault, whatever Bun makes of it', async () => {
    expect(await takenOf(withBody({ 'content-length': '3' }))).toEqual(['body abc', 'end'])
    expect(await takenOf(withBody({ 'content-length': '5' }))).toEqual([
      'body abc',
      '400 less content came than content-length says',
    ])
    expect(await takenOf(withBody({ 'content-length': '2' }))).toEqual([
      '400 more content came than content-length says',
    ])
    expect(await takenOf(withBody({}))).toEqual(['body abc', 'end'])
  })

  test('is held to what its route takes', async () => {
    const { told, stream } = served(withBody({}, 'x'.repeat(20)))
    stream().limitBody(10)
    stream().resumeBody('data')
    for (let turns = 0; turns < 10; turns += 1) await turn()
    expect(told.slice(2)).toEqual(['413 a body may have at most 10 bytes here'])
  })

  test('is over once, and its connection may be silent for as long as any then', async () => {
    const { told, response, stream } = served(new Request('http://a/', { headers: { host: 'a' } }))
    stream().refuse({ status: 404, detail: 'nothing' })
    expect([(await response).status, await (await response).text()]).toEqual([404, '404 Not Found: nothing\n'])
    expect(told).toEqual(['begun', 'silence 0', 'silence 5000', 'over'])
  })

  test('whose answer breaks off before anything of it has gone out is told why', async () => {
    const { response, stream } = served(new Request('http://a/', { headers: { host: 'a' } }))
    const bytes = Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 9\r\n\r\nabc')
    const head = readOwnHead(bytes)
    stream().sendHead(head, 'length')
    stream().sendBody(bytes, bytes.length - 3, bytes.length)
    stream().cut({ status: 502, detail: 'it broke off' })
    expect([(await response).status, await (await response).text()]).toEqual([502, '502 Bad Gateway: it broke off\n'])
  })

  test('whose answer breaks off later is cut', async () => {
    const { response, stream } = served(new Request('http://a/', { headers: { host: 'a' } }))
    const bytes = Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 9\r\n\r\nabc')
    stream().sendHead(readOwnHead(bytes), 'length')
    stream().sendBody(bytes, bytes.length - 3, bytes.length)
    const { status, body } = await response
    stream().cut({ status: 502, detail: 'it broke off' })
    expect(status).toBe(200)
    expect(new Response(body).text()).rejects.toThrow('cut')
  })

  test('whose client leaves has an answer that nobody gets', async () => {
    const controller = new AbortController()
    const { told, response } = served(new Request('http://a/', { headers: { host: 'a' }, signal: controller.signal }))
    controller.abort()
    expect(told).toEqual(['begun', 'silence 0', 'silence 5000', 'over', 'gone'])
    expect((await response).status).toBe(502)
  })

  test('that is none is refused, and counted as that', async () => {
    const { told, response } = served(new Request('http://a/', { headers: { host: 'a, b' } }))
    expect([(await response).status, (await response).headers.get('connection')]).toEqual([400, 'close'])
    expect(told).toEqual(['refused 400'])
  })

  test('that is a call of gRPC is refused in its words, before anybody hears of it', async () => {
    const { told, response } = served(withBody({ 'content-type': 'application/grpc+proto' }))
    const { status, headers } = await response
    expect([status, headers.get('content-type'), headers.get('grpc-status')]).toEqual([200, 'application/grpc', '12'])
    expect(headers.get('grpc-message')).toContain('"engine": "serve"')
    expect(await (await response).text()).toBe('')
    expect(told).toEqual(['refused 501'])
  })
})
