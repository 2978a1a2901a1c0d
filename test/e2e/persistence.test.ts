import { describe, expect, test } from 'bun:test'
import { type Arrival, ok } from '../support/raw-backend.ts'
import { ask, chunked, get, nextResponse, post, postChunks } from '../support/raw-client.ts'
import { valuesOf } from '../support/raw-message.ts'
import { type RawPeer, turn } from '../support/raw-peer.ts'
import { startRig } from '../support/rig.ts'
import { DATE_LINE } from '../support/virtual-clock.ts'

const old = (lines = '', path = '/') => `GET ${path} HTTP/1.0\r\n${lines}\r\n`

/** Answers with the target of the request. */
const telling = ({ request, peer }: Arrival): void => peer.send(ok(request.target))

async function bodies(client: RawPeer, count: number): Promise<string[]> {
  const seen: string[] = []
  while (seen.length < count) seen.push((await nextResponse(client)).body)
  return seen
}

describe('a connection', () => {
  test('serves one request after the other over one backend connection', async () => {
    await using rig = await startRig({ answer: telling })
    for (const path of ['/1', '/2', '/3']) expect((await ask(rig.client, get(path))).body).toBe(path)
    expect(rig.backend.connections).toHaveLength(1)
    expect(rig.edge.counters.connectionsAccepted).toBe(1)
  })

  test.each(['Connection: close\r\n', 'connection: x, CLOSE\r\n', 'Connection: keep-alive\r\nConnection: close\r\n'])(
    'ends behind the response when asked by %p',
    async (lines) => {
      await using rig = await startRig({ answer: ok() })
      expect(valuesOf(await ask(rig.client, get('/', lines)), 'connection')).toEqual(['close'])
      await rig.client.expectEnd()
      expect(await rig.client.expectClosed()).toBe('ended')
      expect(valuesOf(rig.backend.requests[0]!, 'connection')).toEqual([])
    },
  )

  test('lives on when the backend closes its own', async () => {
    await using rig = await startRig({ answer: ok('hello', 'Connection: close\r\n') })
    for (let round = 0; round < 2; round += 1) {
      const response = await ask(rig.client, get())
      expect(valuesOf(response, 'connection')).toEqual([])
      expect(response.body).toBe('hello')
    }
    expect(rig.backend.connections).toHaveLength(2)
  })

  test('skips an empty line before a request', async () => {
    await using rig = await startRig({ answer: telling })
    rig.client.send(`\r\n${post('abc', '/1')}\r\n${get('/2')}`)
    expect(await bodies(rig.client, 2)).toEqual(['/1', '/2'])
  })

  test('is closed when it lies idle for too long', async () => {
    await using rig = await startRig({ answer: ok() })
    await ask(rig.client, get())
    rig.edge.clock.advance(74_000)
    expect((await ask(rig.client, get())).status).toBe(200)
    rig.edge.clock.advance(75_500)
    await rig.client.expectEnd()
    expect(rig.client.rest).toBe('')
  })
})

describe('pipelined requests', () => {
  test('are answered in order, bodies and all', async () => {
    await using rig = await startRig({ answer: ({ request, peer }) => peer.send(ok(request.target + request.body)) })
    rig.client.send(get('/1') + post('abc', '/2') + postChunks(['de', 'f']) + get('/4'))
    expect(await bodies(rig.client, 4)).toEqual(['/1', '/2abc', '/def', '/4'])
  })

  test('are answered in order byte by byte', async () => {
    await using rig = await startRig({ answer: ({ request, peer }) => peer.send(ok(request.target + request.body)) })
    await rig.client.sendByteByByte(get('/1') + post('abc', '/2') + get('/3'))
    expect(await bodies(rig.client, 3)).toEqual(['/1', '/2abc', '/3'])
  })

  test('wait for a slow first one', async () => {
    await using rig = await startRig()
    rig.client.send(get('/1') + get('/2'))
    const first = await rig.backend.next()
    await rig.client.sendByteByByte(get('/3'))
    expect(rig.client.text).toBe('')
    expect(rig.backend.requests).toHaveLength(1)
    first.peer.send(ok('one'))
    const second = await rig.backend.next()
    second.peer.send(ok('two'))
    const third = await rig.backend.next()
    third.peer.send(ok('three'))
    expect(await bodies(rig.client, 3)).toEqual(['one', 'two', 'three'])
    expect(rig.backend.requests.map(({ target }) => target)).toEqual(['/1', '/2', '/3'])
  })

  test('behind one that asks to close are left unanswered', async () => {
    await using rig = await startRig({ answer: telling })
    rig.client.send(get('/1', 'Connection: close\r\n') + get('/2'))
    expect(await bodies(rig.client, 1)).toEqual(['/1'])
    await rig.client.expectEnd()
    expect(rig.backend.requests).toHaveLength(1)
    expect(rig.client.rest).toBe('')
  })

  test('by the hundred are all answered', async () => {
    await using rig = await startRig({ answer: telling })
    const paths = Array.from({ length: 500 }, (_, index) => `/${index}`)
    rig.client.send(paths.map((path) => get(path)).join(''))
    expect(await bodies(rig.client, 500)).toEqual(paths)
  })
})

describe('a client that has ended its side', () => {
  const answering = { config: { halfClose: 'answer' as const }, client: { staysOpen: true } }

  test('is taken to have left while it waits, and its backend is told', async () => {
    await using rig = await startRig({ client: { staysOpen: true } })
    rig.client.send(get('/1'))
    const { peer } = await rig.backend.next()
    rig.client.end()
    expect(await peer.expectClosed()).toBe('reset')
    await rig.client.expectEnd()
    expect(rig.client.text).toBe('')
    expect(rig.edge.backend()).toMatchObject({ abandoned: 1, inflight: 0, failures: { total: 0 } })
  })

  test('is answered to the end once its response has begun', async () => {
    await using rig = await startRig({ client: { staysOpen: true } })
    rig.client.send(get('/1'))
    const { peer } = await rig.backend.next()
    peer.send(ok('hello').slice(0, -1))
    await rig.client.until(() => (rig.client.text.endsWith('hell') ? true : undefined), 'part of the response')
    rig.client.end()
    await turn()
    peer.send('o')
    expect((await nextResponse(rig.client)).body).toBe('hello')
    await rig.client.expectEnd()
  })

  test.each([
    ['it asked for a close', get('/1', 'Connection: close\r\n'), {}],
    ['it speaks HTTP/1.0', 'GET /1 HTTP/1.0\r\n\r\n', {}],
    ['the config says so', get('/1'), { halfClose: 'answer' as const }],
  ])('still gets its response when %s', async (_, request, config) => {
    await using rig = await startRig({ config, client: { staysOpen: true } })
    rig.client.send(request)
    rig.client.end()
    const { peer } = await rig.backend.next()
    peer.send(ok('hello'))
    const response = await nextResponse(rig.client)
    expect(response.body).toBe('hello')
    expect(valuesOf(response, 'connection')).toEqual(['close'])
    await rig.client.expectEnd()
  })

  test('still gets all responses to what it had sent before', async () => {
    await using rig = await startRig({ ...answering, answer: telling })
    rig.client.send(get('/1') + post('abc', '/2') + get('/3'))
    rig.client.end()
    expect(await bodies(rig.client, 3)).toEqual(['/1', '/2', '/3'])
    await rig.client.expectEnd()
  })

  test('in the middle of a head or a body gets nothing', async () => {
    await using rig = await startRig({ answer: ok() })
    const client = await rig.connect()
    rig.client.send('GET / HTTP/1.1\r\nHost: a\r\n')
    rig.client.end()
    await rig.client.expectEnd()
    client.send(post('abc').slice(0, -1))
    client.end()
    await client.expectEnd()
    expect(rig.backend.requests).toHaveLength(0)
    expect(rig.client.text + client.text).toBe('')
  })
})

describe('an HTTP/1.0 client', () => {
  test('is answered in HTTP/1.1 and closed', async () => {
    await using rig = await startRig({ answer: ok('hello') })
    const response = await ask(rig.client, old('Host: b\r\nA: 1\r\n'))
    expect(response.head).toBe(`HTTP/1.1 200 OK\r\nContent-Length: 5\r\n${DATE_LINE}Connection: close\r\n\r\n`)
    expect(response.body).toBe('hello')
    await rig.client.expectEnd()
    const { head } = rig.backend.requests[0]!
    expect(head).toStartWith('GET / HTTP/1.1\r\nHost: b\r\nA: 1\r\nVia: 1.0 smartedge\r\n')
  })

  test('without a Host is given the one of the backend', async () => {
    await using rig = await startRig({ answer: ok() })
    await ask(rig.client, old())
    const request = rig.backend.requests[0]!
    expect(valuesOf(request, 'host')).toEqual([`127.0.0.1:${rig.backend.port}`])
    expect(valuesOf(request, 'x-forwarded-host')).toEqual([])
  })

  test('keeps its connection when it asks to', async () => {
    await using rig = await startRig({ answer: telling })
    for (const path of ['/1', '/2']) {
      const response = await ask(rig.client, old('Connection: Keep-Alive\r\n', path))
      expect(valuesOf(response, 'connection')).toEqual(['keep-alive'])
      expect(response.body).toBe(path)
    }
  })

  test('gets chunked bodies as they are, ended by the close', async () => {
    const answer = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(['abc', 'de'], 'Digest: x\r\n')}`
    await using rig = await startRig({ answer })
    const response = await ask(rig.client, old('Connection: keep-alive\r\nTE: trailers\r\n'))
    expect(response.head).toBe(`HTTP/1.1 200 OK\r\n${DATE_LINE}Connection: close\r\n\r\n`)
    expect([response.body, response.isUntilClose]).toEqual(['abcde', true])
    expect(await rig.client.expectClosed()).toBe('ended')
  })

  test('gets bodies that end with the connection likewise', async () => {
    await using rig = await startRig({
      answer({ peer }) {
        peer.send('HTTP/1.0 200 OK\r\n\r\nhello')
        peer.end()
      },
    })
    const response = await ask(rig.client, old('Connection: keep-alive\r\n'))
    expect(response.head).toBe(`HTTP/1.1 200 OK\r\n${DATE_LINE}Connection: close\r\n\r\n`)
    expect([response.body, response.isUntilClose]).toEqual(['hello', true])
  })

  test('hears of no interim response and expects none', async () => {
    await using rig = await startRig({ answer: `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\n\r\n${ok()}` })
    const head = 'POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n'
    expect((await ask(rig.client, `${head}abc`)).status).toBe(200)
    expect(valuesOf(rig.backend.requests[0]!, 'expect')).toEqual([])
    expect(rig.backend.requests[0]!.body).toBe('abc')
  })
})

describe('an HTTP/1.0 backend', () => {
  test('is taken to close behind its response', async () => {
    await using rig = await startRig({ answer: 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok' })
    for (let round = 0; round < 2; round += 1) {
      expect((await ask(rig.client, get())).head).toBe(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${DATE_LINE}\r\n`)
    }
    expect(rig.backend.connections).toHaveLength(2)
  })

  test('is kept when it says so', async () => {
    await using rig = await startRig({
      answer: 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok',
    })
    for (let round = 0; round < 2; round += 1) expect((await ask(rig.client, get())).body).toBe('ok')
    expect(rig.backend.connections).toHaveLength(1)
  })
})
