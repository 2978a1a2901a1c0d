import { describe, expect, test } from 'bun:test'
import { closedPort } from '../support/ports.ts'
import { type Arrival, ok } from '../support/raw-backend.ts'
import { ask, connectTo, get, nextResponse, post } from '../support/raw-client.ts'
import { startTestEdge } from '../support/edge.ts'
import { makeMember } from '../support/make-backend.ts'
import { valuesOf } from '../support/raw-message.ts'
import { startRig } from '../support/rig.ts'

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
const bad = (lines: string) => `HTTP/1.1 200 OK\r\n${lines}\r\n\r\nabc`

/** Responses that break the rules before anything of them could be sent on. */
const MALFORMED: readonly (readonly [what: string, response: string])[] = [
  ['no HTTP at all', 'hello, world\r\n\r\n'],
  ['an empty line first', `\r\n${ok()}`],
  ['another major version', 'HTTP/2.0 200 OK\r\n\r\n'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
  ['a status over 599', 'HTTP/1.1 600 OK\r\n\r\n'],
  ['a status under 100', 'HTTP/1.1 099 OK\r\n\r\n'],
  ['a bare LF', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
  ['a control in the reason', 'HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n'],
  ['a control in a value', bad('A: \x01\r\nContent-Length: 3')],
  ['a folded line', bad('Content-Length: 3\r\n  ,4')],
  ['a space before the colon', bad('Content-Length : 3')],
  ['both framing fields', bad('Content-Length: 3\r\nTransfer-Encoding: chunked')],
  ['differing lengths', bad('Content-Length: 3\r\nContent-Length: 2')],
  ['listed lengths', bad('Content-Length: 3, 3')],
  ['a signed length', bad('Content-Length: +3')],
  ['an overflowing length', bad('Content-Length: 99999999999999999999')],
  ['another transfer coding', bad('Transfer-Encoding: gzip, chunked')],
  ['a transfer coding in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a head over its limit', bad(`A: ${'a'.repeat(64 * 1024)}\r\nContent-Length: 3`)],
  ['a head that never ends', `HTTP/1.1 200 OK\r\n${'A: 1\r\n'.repeat(20_000)}`],
  ['too many fields', bad(`${'A: 1\r\n'.repeat(256)}Content-Length: 3`)],
  ['a 101 that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'],
  ['an invalid final head behind an interim one', 'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\nA: 1\r\n\r\n'],
]

describe('a malformed response', () => {
  async function expectBadGateway(answer: (arrival: Arrival) => void): Promise<void> {
    await using rig = await startRig({ answer })
    rig.client.send(get())
    let response = await nextResponse(rig.client)
    while (response.status < 200) response = await nextResponse(rig.client)
    expect([response.status, valuesOf(response, 'connection')]).toEqual([502, []])
    await rig.backend.connections[0]!.expectClosed()
    expect(rig.edge.backend().failures).toMatchObject({ total: 1, protocol: 1 })
    expect(rig.edge.counters.retries).toBe(0)
  }

  test.each(MALFORMED)('with %s is a 502', (_, response) => expectBadGateway(({ peer }) => peer.send(response)))

  test.each(MALFORMED.filter(([, response]) => response.length < 300))(
    'with %s is a 502 byte by byte, too',
    (_, response) => expectBadGateway(({ peer }) => void peer.sendByteByByte(`${response}\r\n\r\n`)),
  )

  test('leaves the connection of its client for the next', async () => {
    await using rig = await startRig({
      answer: ({ request, peer }) => peer.send(request.target === '/bad' ? 'nonsense\r\n\r\n' : ok('good')),
    })
    expect((await ask(rig.client, get('/bad'))).status).toBe(502)
    expect((await ask(rig.client, get('/good'))).body).toBe('good')
  })
})

describe('a response cut short', () => {
  /** How a backend may leave in the middle of things. */
  const WAYS: readonly (readonly [how: string, leave: (arrival: Arrival) => void])[] = [
    ['closed', ({ peer }) => peer.close()],
    ['ended', ({ peer }) => peer.end()],
    ['reset', ({ peer }) => peer.reset()],
  ]

  test.each(WAYS)('when the connection is %s before its head is a 502', async (_, leave) => {
    await using rig = await startRig({ answer: leave })
    expect((await ask(rig.client, get())).status).toBe(502)
    expect(rig.edge.backend().failures).toMatchObject({ total: 1, reset: 1 })
  })

  test.each(WAYS)('when the connection is %s inside its head is a 502', async (_, leave) => {
    await using rig = await startRig()
    rig.client.send(get())
    const arrival = await rig.backend.next()
    await arrival.peer.sendByteByByte('HTTP/1.1 200 OK\r\nContent-')
    leave(arrival)
    expect((await nextResponse(rig.client)).status).toBe(502)
  })

  test.each(
    WAYS.flatMap(([how, leave]) => [
      [how, 'a length', ok('hello, world').slice(0, -5), leave] as const,
      [how, 'chunks', `${CHUNKED}5\r\nhello`, leave] as const,
      [how, 'chunks, all but the last', `${CHUNKED}5\r\nhello\r\n`, leave] as const,
      [how, 'chunks, in the last', `${CHUNKED}5\r\nhello\r\n0\r\n`, leave] as const,
    ]),
  )('when the connection is %s in a body of %s is seen as cut', async (_how, _what, part, leave) => {
    await using rig = await startRig()
    rig.client.send(get('/1') + get('/2'))
    const arrival = await rig.backend.next()
    arrival.peer.send(part)
    await rig.client.until(() => (rig.client.text.includes('hello') ? true : undefined), 'the part')
    leave(arrival)
    expect(await rig.client.expectClosed()).toBe('reset')
    expect(rig.client.hasEnded).toBe(false)
    expect(rig.client.text).not.toContain('\r\n0\r\n')
    expect(rig.edge.counters).toMatchObject({ truncated: 1, requests: 1 })
    expect(rig.edge.backend().failures).toMatchObject({ total: 1, reset: 1 })
  })

  test('by a reset is seen as cut, too, where only the close ends it', async () => {
    await using rig = await startRig()
    for (const version of ['1.1', '1.0']) {
      const client = await rig.connect()
      client.send(`GET / HTTP/${version}\r\nHost: a\r\n\r\n`)
      const { peer } = await rig.backend.next()
      peer.send('HTTP/1.1 200 OK\r\n\r\nhello')
      await client.until(() => (client.text.includes('hello') ? true : undefined), 'the part')
      peer.reset()
      expect(await client.expectClosed()).toBe('reset')
    }
    expect(rig.edge.counters.truncated).toBe(2)
  })

  test('by an end in chunks is seen as cut by an HTTP/1.0 client', async () => {
    await using rig = await startRig()
    rig.client.send('GET / HTTP/1.0\r\n\r\n')
    const { peer } = await rig.backend.next()
    peer.send(`${CHUNKED}5\r\nhello\r\n`)
    await rig.client.until(() => (rig.client.text.includes('hello') ? true : undefined), 'the part')
    peer.end()
    expect(await rig.client.expectClosed()).toBe('reset')
  })

  test.each(['x\r\n', '-1\r\n', '5 5\r\n', '5\r\nhello!\r\n', '0\r\nA\r\n\r\n', `${'f'.repeat(20)}\r\n`])(
    'by the invalid chunk %p is seen as cut',
    async (chunk) => {
      await using rig = await startRig()
      rig.client.send(get())
      const { peer } = await rig.backend.next()
      peer.send(`${CHUNKED}5\r\nhello\r\n`)
      await rig.client.until(() => (rig.client.text.includes('hello') ? true : undefined), 'the part')
      peer.send(chunk)
      expect(await rig.client.expectClosed()).toBe('reset')
      expect(rig.edge.backend().failures).toMatchObject({ total: 1, protocol: 1 })
    },
  )
})

describe('a response before its request is whole', () => {
  test('reaches the client, and both connections end', async () => {
    await using rig = await startRig()
    rig.client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc')
    const peer = await rig.backend.connection(0)
    await peer.until(() => (peer.text.endsWith('abc') ? true : undefined), 'part of the body')
    peer.send('HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig')
    const response = await nextResponse(rig.client)
    expect([response.status, response.body, valuesOf(response, 'connection')]).toEqual([413, 'big', ['close']])
    await rig.client.expectEnd()
    await peer.expectClosed()
    expect(rig.edge.backend().failures.total).toBe(0)
  })

  test('reaches a client that does not stop sending', async () => {
    await using rig = await startRig({ backend: { onlyCounts: true }, client: { staysOpen: true } })
    rig.client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n`)
    const peer = await rig.backend.connection(0)
    rig.client.send(Buffer.alloc(20_000_000))
    await peer.expectCount(1_000_000)
    peer.send('HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig')
    peer.close()
    const response = await nextResponse(rig.client)
    expect([413, 502]).toContain(response.status)
    rig.client.reset()
  })
})

describe('a backend that keeps others waiting', () => {
  test('with its head is given up with a 504', async () => {
    await using rig = await startRig()
    rig.client.send(get())
    const { peer } = await rig.backend.next()
    rig.edge.clock.advance(29_000)
    expect(rig.client.text).toBe('')
    rig.edge.clock.advance(1500)
    expect((await nextResponse(rig.client)).status).toBe(504)
    expect(await peer.expectClosed()).toBe('reset')
    expect(rig.edge.backend().failures).toMatchObject({ total: 1, timeout: 1 })
    expect(rig.edge.counters.retries).toBe(0)
  })

  test('with its head is given up though it trickles it', async () => {
    await using rig = await startRig()
    rig.client.send(get())
    const { peer } = await rig.backend.next()
    for (const byte of 'HTTP/1.1 200 OK\r\nA: aaaaaaaaaaaaaaaaaaa') {
      await peer.sendByteByByte(byte)
      rig.edge.clock.advance(1000)
    }
    expect((await nextResponse(rig.client)).status).toBe(504)
  })

  test('with its head though it has sent interim ones is a 504', async () => {
    await using rig = await startRig()
    rig.client.send(get())
    const { peer } = await rig.backend.next()
    peer.send('HTTP/1.1 102 Processing\r\n\r\n')
    expect((await nextResponse(rig.client)).status).toBe(102)
    rig.edge.clock.advance(31_000)
    expect((await nextResponse(rig.client)).status).toBe(504)
  })

  test('within its body is cut, and so is the client', async () => {
    await using rig = await startRig()
    rig.client.send(get())
    const { peer } = await rig.backend.next()
    for (const part of [ok('hello').slice(0, -4), 'e', 'l']) {
      await peer.sendByteByByte(part)
      rig.edge.clock.advance(59_000)
    }
    expect(rig.client.closing).toBeUndefined()
    rig.edge.clock.advance(2000)
    expect(await rig.client.expectClosed()).toBe('reset')
    expect(rig.edge.backend().failures).toMatchObject({ total: 1, timeout: 1 })
  })

  test('idle in the pool is closed before it closes itself', async () => {
    await using rig = await startRig({ answer: ok() })
    await ask(rig.client, get())
    const peer = rig.backend.connections[0]!
    rig.edge.clock.advance(4500)
    expect(await peer.expectClosed()).toBe('ended')
    expect((await ask(rig.client, get())).status).toBe(200)
    expect(rig.backend.connections).toHaveLength(2)
  })
})

describe('a backend that can not be reached', () => {
  const missing = { kind: 'unix', path: '/nowhere/at/all.sock' } as const

  test.each([
    ['refuses', makeMember(closedPort())],
    ['has no socket file', makeMember(1, { id: 'unix:/nowhere', address: missing })],
    [
      'has a name that nobody knows',
      makeMember(1, { id: 'x', address: { kind: 'tcp', host: 'nowhere.invalid', port: 80 } }),
    ],
  ])('because it %s is a 502', async (_, member) => {
    await using edge = await startTestEdge([], { pool: { members: [member] } })
    for (const request of [get(), post('abc')]) {
      await using client = await connectTo(edge.port)
      const response = await ask(client, request)
      expect(response.status).toBe(502)
      expect(response.body).toStartWith('502 Bad Gateway: no connection to a backend: ')
    }
    expect(edge.backend().failures).toMatchObject({ total: 2, connect: 2 })
  })
})
