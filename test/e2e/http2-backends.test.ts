import { describe, expect, test } from 'bun:test'
import { startTestEdge, tcpListener, testRetry } from '../support/edge.ts'
import {
  block,
  contentOf,
  data,
  END_HEADERS,
  END_STREAM,
  frame,
  get,
  goAway,
  headers,
  PREFACE,
  reset,
  settings,
  windowUpdate,
} from '../support/http2.ts'
import { startOrigin } from '../support/http2-origin.ts'
import { http2Peer } from '../support/http2-peer.ts'
import { ask, connectTo, get as get1, nextResponse, postChunks } from '../support/raw-client.ts'
import { turnUntil } from '../support/raw-peer.ts'

const pool = { protocol: 'h2c' as const }
const config = { listeners: [{ ...tcpListener('web', 0), http2: true }] }
const answer = (id: number, text: string): string =>
  frame(
    1,
    END_HEADERS,
    id,
    block([
      [':status', '200'],
      ['content-length', String(text.length)],
    ]),
  ) + data(id, text, END_STREAM)

describe('a pool that speaks HTTP/2 to its backends', () => {
  test('sends requests of all clients over one connection', async () => {
    await using backend = startOrigin()
    await using edge = await startTestEdge([backend.port], { config, pool })
    await using one = await connectTo(edge.port)
    await using other = await connectTo(edge.port)
    one.send(get1('/one'))
    const origin = await backend.origin()
    await origin.line('HEADERS 1')
    const two = http2Peer(other)
    two.send(get(1))
    expect(await origin.line('HEADERS 3')).toContain(':authority=a :path=/')
    origin.peer.send(answer(3, 'second') + answer(1, 'first'))
    await two.line('DATA 1 end second')
    expect((await nextResponse(one)).body).toBe('first')
    expect([backend.origins.length, edge.backend().connections]).toEqual([1, 1])
  })

  test('passes bodies, chunks and trailers both ways', async () => {
    await using backend = startOrigin()
    await using edge = await startTestEdge([backend.port], { config, pool })
    await using client = await connectTo(edge.port)
    client.send(postChunks(['abc', 'de'], 'TE: trailers\r\nConnection: TE\r\n', 'x-sum: 1\r\n'))
    const origin = await backend.origin()
    await origin.line('HEADERS 1 end x-sum=1')
    expect(origin.lines.filter((line) => line.startsWith('DATA'))).toEqual(['DATA 1 abc', 'DATA 1 de'])
    origin.peer.send(headers(1, [[':status', '200']], END_HEADERS) + data(1, 'hello') + headers(1, [['x-end', '2']]))
    const response = await nextResponse(client)
    expect([response.body, response.trailers]).toEqual(['hello', [['x-end', '2']]])
  })

  test('tries elsewhere what a backend has refused, whatever was asked', async () => {
    await using backend = startOrigin()
    await using edge = await startTestEdge([backend.port], { config, pool: { ...pool, retry: testRetry() } })
    await using client = await connectTo(edge.port)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n')
    const first = await backend.origin()
    await first.line('HEADERS 1')
    first.peer.send(answer(1, 'warm'))
    expect((await nextResponse(client)).body).toBe('warm')
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n')
    await first.line('HEADERS 3')
    first.peer.send(goAway(1))
    const second = await backend.origin(1)
    await second.line('HEADERS 1')
    second.peer.send(answer(1, 'again'))
    expect((await nextResponse(client)).body).toBe('again')
  })

  test('sends what is behind a GOAWAY again with its body, to the same backend', async () => {
    await using backend = startOrigin()
    await using edge = await startTestEdge([backend.port], { config, pool })
    await using client = await connectTo(edge.port)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello')
    const first = await backend.origin()
    await first.line('DATA 1 end hello')
    first.peer.send(goAway(0))
    const second = await backend.origin(1)
    await second.line('DATA 1 end hello')
    second.peer.send(answer(1, 'done'))
    expect((await nextResponse(client)).body).toBe('done')
    expect(edge.backend().failures).toMatchObject({ reset: 0, local: 1 })
  })

  test('does not try again what may have been done', async () => {
    await using backend = startOrigin()
    await using edge = await startTestEdge([backend.port], { config, pool })
    await using client = await connectTo(edge.port)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n')
    const origin = await backend.origin()
    await origin.line('HEADERS 1')
    origin.peer.send(reset(1, 2))
    expect((await nextResponse(client, 'POST')).status).toBe(502)
    expect(edge.counters.retries).toBe(0)
  })

  test('holds a fast backend back for a slow client', async () => {
    await using backend = startOrigin()
    await using edge = await startTestEdge([backend.port], { config, pool })
    await using client = await connectTo(edge.port)
    const two = http2Peer(client, PREFACE + settings([4, 1000]))
    two.send(get(1))
    const origin = await backend.origin()
    await origin.line('HEADERS 1')
    const size = (): number => contentOf(two.lines)
    origin.peer.send(headers(1, [[':status', '200']], END_HEADERS) + data(1, 'a'.repeat(16_384)).repeat(3))
    await turnUntil(() => size() === 1000, 'a full window')
    origin.look()
    expect(origin.lines.filter((line) => line.startsWith('WINDOW_UPDATE 1'))).toHaveLength(0)
    two.send(windowUpdate(1, 1_000_000))
    await turnUntil(() => size() === 49_152, 'the rest')
    await origin.line('WINDOW_UPDATE 1')
    origin.peer.send(data(1, 'z', END_STREAM))
    await two.line('DATA 1 end z')
  })

  test('gives up at the backend what its client has given up', async () => {
    await using backend = startOrigin()
    await using edge = await startTestEdge([backend.port], { config, pool })
    await using client = await connectTo(edge.port)
    const two = http2Peer(client)
    two.send(get(1) + get(3))
    const origin = await backend.origin()
    await origin.line('HEADERS 3')
    two.send(reset(1))
    await origin.line('RST_STREAM 1 CANCEL')
    origin.peer.send(answer(3, 'ok'))
    await two.line('DATA 3 end ok')
  })

  test('is told another protocol for what comes from then on', async () => {
    await using backend = startOrigin(1)
    await using edge = await startTestEdge([backend.port], { config, pool })
    await using client = await connectTo(edge.port)
    client.send(get1())
    const first = await backend.origin()
    await first.line('HEADERS 1')
    const [web] = edge.edge.control.config.pools
    const { protocol: _, ...plain } = web!
    await edge.apply({ pools: [plain] })
    await using other = await connectTo(edge.port)
    other.send(get1('/plain'))
    const second = await backend.origin(1)
    await turnUntil(() => second.peer.text.startsWith('GET /plain HTTP/1.1'), 'a request of HTTP/1')
    first.peer.send(answer(1, 'old'))
    expect((await nextResponse(client)).body).toBe('old')
    second.peer.send('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew')
    expect((await nextResponse(other)).body).toContain('new')
    await first.line('GOAWAY')
  })

  test('keeps to its protocol for a request that is tried again meanwhile', async () => {
    await using backend = startOrigin(Infinity)
    await using edge = await startTestEdge([backend.port], { config, pool: { ...pool, retry: testRetry() } })
    await using client = await connectTo(edge.port)
    const two = http2Peer(client)
    two.send(get(1))
    const first = await backend.origin()
    await first.line('HEADERS 1')
    first.peer.send(answer(1, 'warm'))
    await two.line('DATA 1 end warm')
    two.send(get(3))
    await first.line('HEADERS 3')
    const [web] = edge.edge.control.config.pools
    const { protocol: _, ...plain } = web!
    await edge.apply({ pools: [plain] })
    first.peer.send(goAway(1))
    const second = await backend.origin(1)
    await second.line('HEADERS 1')
    second.peer.send(answer(1, 'again'))
    await two.line('DATA 3 end again')
  })

  test('answers an upgrade, which it can not pass on, with 502', async () => {
    await using backend = startOrigin()
    await using edge = await startTestEdge([backend.port], { config, pool })
    await using client = await connectTo(edge.port)
    expect((await ask(client, get1('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'))).status).toBe(502)
  })
})
