import { describe, expect, test } from 'bun:test'
import { ok } from '../support/raw-backend.ts'
import { ask, get, nextResponse, post } from '../support/raw-client.ts'
import { valuesOf } from '../support/raw-message.ts'
import { type RawPeer, stillness, turn, turnUntil } from '../support/raw-peer.ts'
import { type Rig, startRig } from '../support/rig.ts'
import { systemTransport } from '../support/transports.ts'

describe('a client that leaves', () => {
  test.each([
    ['before the response', ''],
    ['inside the response', ok('hello, world').slice(0, -5)],
  ])('%s has its backend exchange cut', async (_, part) => {
    await using rig = await startRig()
    rig.client.send(get())
    const { peer } = await rig.backend.next()
    peer.send(part)
    await rig.client.until(() => (rig.client.text.endsWith('hello, ') || part === '' ? true : undefined), 'the part')
    rig.client.reset()
    expect(await peer.expectClosed()).toBe('reset')
    expect(rig.edge.backend()).toMatchObject({ abandoned: 1, inflight: 0, failures: { total: 0 } })
    expect(rig.edge.counters.abandoned).toBe(1)
  })

  test.each(['resets', 'ends'])('inside its body (%s) has its backend exchange cut', async (how) => {
    await using rig = await startRig()
    rig.client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc')
    const peer = await rig.backend.connection(0)
    await peer.until(() => (peer.text.endsWith('abc') ? true : undefined), 'part of the body')
    if (how === 'resets') rig.client.reset()
    else rig.client.end()
    expect(await peer.expectClosed()).toBe('reset')
    expect(rig.backend.requests).toHaveLength(0)
    expect(rig.edge.backend().abandoned).toBe(1)
  })

  test('while its next request waits has that one dropped', async () => {
    await using rig = await startRig()
    rig.client.send(get('/1') + get('/2'))
    const { peer } = await rig.backend.next()
    rig.client.reset()
    expect(await peer.expectClosed()).toBe('reset')
    expect(rig.edge.counters.requests).toBe(1)
  })
})

describe('a client that is slow', () => {
  const isHalf = (request: string) => request.slice(0, -2)

  test('over its head is told so and closed', async () => {
    await using rig = await startRig({ answer: ok() })
    rig.client.send(isHalf(get()))
    for (let seconds = 0; seconds < 12; seconds += 1) {
      await rig.client.sendByteByByte('')
      await turn()
      rig.edge.clock.advance(1000)
    }
    const response = await nextResponse(rig.client)
    expect([response.status, valuesOf(response, 'connection')]).toEqual([408, ['close']])
    await rig.client.expectEnd()
    expect(rig.edge.counters).toMatchObject({ clientTimeouts: 1, requests: 0 })
  })

  test('over its head is closed though every second brings a byte', async () => {
    await using rig = await startRig({ answer: ok() })
    for (const byte of get('/', 'A: aaaaaaaaaaa\r\n')) {
      await rig.client.sendByteByByte(byte)
      rig.edge.clock.advance(1000)
    }
    expect((await nextResponse(rig.client)).status).toBe(408)
    expect(rig.backend.connections).toHaveLength(0)
  })

  test('over its head is closed though it sends empty lines for ever', async () => {
    await using rig = await startRig({ answer: ok() })
    await rig.client.sendByteByByte('\r\n')
    for (let count = 0; count < 30 && !rig.client.hasEnded; count += 1) {
      await rig.client.sendByteByByte('\r')
      await rig.client.sendByteByByte('\n')
      rig.edge.clock.advance(5000)
    }
    expect(rig.client.text).toMatch(/^HTTP\/1.1 40[08] /)
    await rig.client.expectEnd()
  })

  test('over its first byte is closed without a word', async () => {
    await using rig = await startRig({ answer: ok() })
    await turnUntil(() => rig.edge.counters.connectionsOpen === 1, 'the connection')
    rig.edge.clock.advance(10_500)
    await rig.client.expectEnd()
    expect(rig.client.text).toBe('')
  })

  test('over its body is told so, and the backend is cut', async () => {
    await using rig = await startRig()
    rig.client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\na')
    const peer = await rig.backend.connection(0)
    await peer.until(() => (peer.text.endsWith('\r\n\r\na') ? true : undefined), 'part of the body')
    rig.edge.clock.advance(29_000)
    await rig.client.sendByteByByte('b')
    rig.edge.clock.advance(29_000)
    expect(rig.client.text).toBe('')
    rig.edge.clock.advance(2000)
    expect((await nextResponse(rig.client)).status).toBe(408)
    expect(await peer.expectClosed()).toBe('reset')
    expect(rig.edge.counters.clientTimeouts).toBe(1)
    expect(rig.edge.backend()).toMatchObject({ abandoned: 1, failures: { total: 0 } })
  })

  test('over its body after the response has begun is cut', async () => {
    await using rig = await startRig()
    rig.client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\na')
    const peer = await rig.backend.connection(0)
    await peer.until(() => (peer.text.endsWith('\r\n\r\na') ? true : undefined), 'part of the body')
    peer.send(ok('hello').slice(0, -1))
    await rig.client.until(() => (rig.client.text.endsWith('hell') ? true : undefined), 'part of the response')
    rig.edge.clock.advance(31_000)
    expect(await rig.client.expectClosed()).toBe('reset')
  })

  test('to read its response is cut', async () => {
    await using rig = await startRig({ answer: ok('x'.repeat(30_000_000)), client: { onlyCounts: true } })
    rig.client.pause()
    rig.client.send(get())
    await turnUntil(() => rig.backend.connections[0] !== undefined && rig.backend.connections[0].sentBytes > 0, 'bytes')
    await stillness(() => rig.edge.counters.bytesToClients)
    rig.edge.clock.advance(31_000)
    expect(await rig.backend.connections[0]!.expectClosed()).toBe('reset')
    rig.client.resume()
    expect(await rig.client.expectClosed()).toBe('reset')
    expect(rig.edge.backend().failures.total).toBe(0)
  })
})

const isFull = ({ edge }: Rig): boolean => edge.events.some(({ kind }) => kind === 'connection-limit')

describe('too many clients', () => {
  const limits = { maxHeadBytes: 65_536, maxTargetBytes: 16_384, maxFields: 256, maxConnections: 2, maxReplayBytes: 0 }

  /** Two requests in hand, whose bodies are to come. */
  async function begin({ client, edge }: Rig, second: RawPeer): Promise<void> {
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n'
    for (const one of [client, second]) one.send(head)
    await turnUntil(() => edge.counters.bytesFromClients === 2 * head.length, 'two clients with requests begun')
  }

  test('are told so, and the others go on', async () => {
    await using rig = await startRig({ answer: ok('hello'), config: { limits } })
    const second = await rig.connect()
    await begin(rig, second)
    for (let count = 0; count < 5; count += 1) {
      const third = await rig.connect()
      await turnUntil(() => isFull(rig), 'the cap')
      rig.edge.clock.advance(count === 0 ? 1000 : 0)
      const refusal = await nextResponse(third)
      expect([refusal.status, refusal.body]).toEqual([503, 'too many connections\n'])
      expect(valuesOf(refusal, 'connection')).toEqual(['close'])
      expect(await third.expectClosed()).toBe('ended')
    }
    for (const client of [rig.client, second]) expect((await ask(client, 'ok')).body).toBe('hello')
    expect(rig.edge.counters).toMatchObject({ connectionsRefused: 5, connectionsAccepted: 2 })
    expect(rig.edge.events.filter(({ kind }) => kind === 'connection-limit')).toHaveLength(1)
    second.reset()
    await turnUntil(() => rig.edge.counters.connectionsOpen === 1, 'room')
    expect((await ask(await rig.connect(), get())).body).toBe('hello')
  })

  test('are told so though they have sent their request already', async () => {
    await using rig = await startRig({ answer: ok('hello'), config: { limits } })
    await begin(rig, await rig.connect())
    const late = await Promise.all(Array.from({ length: 20 }, () => rig.connect()))
    for (const client of late) client.send(post('x'.repeat(1000)))
    await turnUntil(() => isFull(rig), 'the cap')
    rig.edge.clock.advance(1000)
    const refused = await Promise.all(late.map((client) => nextResponse(client)))
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 503))
  })

  test('have the one that has been idle longest make room for the next', async () => {
    await using rig = await startRig({ answer: ok('hello'), config: { limits } })
    const second = await rig.connect()
    for (const client of [rig.client, second, rig.client]) expect((await ask(client, get())).body).toBe('hello')
    rig.edge.clock.advance(400)
    const third = await rig.connect()
    expect(await second.expectClosed()).toBe('ended')
    expect(rig.edge.counters).toMatchObject({ connectionsRefused: 0, connectionsEvicted: 1, connectionsOpen: 2 })
    expect((await ask(third, get())).body).toBe('hello')
    expect((await ask(rig.client, get())).body).toBe('hello')
  })

  test('make room though they have sent nothing yet, and not while they are answered', async () => {
    await using rig = await startRig({ config: { limits } })
    rig.client.send(get())
    const { peer } = await rig.backend.next()
    const second = await rig.connect()
    await turnUntil(() => rig.edge.counters.connectionsOpen === 2, 'two clients')
    rig.edge.clock.advance(400)
    const third = await rig.connect()
    expect(await second.expectClosed()).toBe('ended')
    peer.send(ok('hello'))
    expect((await nextResponse(rig.client)).body).toBe('hello')
    expect(third.closing).toBeUndefined()
  })

  // Bun accepts whoever comes.
  test.skipIf(systemTransport.name === 'bun')(
    'wait for one that is answered, whose response then ends its connection, and nobody is lost',
    async () => {
      await using rig = await startRig({ config: { limits } })
      const second = await rig.connect()
      for (const client of [rig.client, second]) client.send(get())
      const { peer } = await rig.backend.next()
      await rig.backend.next()
      const third = await rig.connect()
      third.send(get('/third'))
      await turnUntil(() => isFull(rig), 'the cap')
      peer.send(ok('hello'))
      const response = await Promise.race([rig.client, second].map((client) => nextResponse(client)))
      expect([response.body, valuesOf(response, 'connection')]).toEqual(['hello', ['close']])
      const next = await rig.backend.next()
      expect(next.request.target).toBe('/third')
      next.peer.send(ok('third'))
      expect((await nextResponse(third)).body).toBe('third')
      expect(rig.edge.counters).toMatchObject({ connectionsRefused: 0, connectionsEvicted: 0, connectionsAccepted: 3 })
      second.reset()
      rig.client.reset()
    },
  )

  test('that idle or trickle do not disturb those that work', async () => {
    await using rig = await startRig({ answer: ok('hello') })
    const idle: RawPeer[] = []
    for (let count = 0; count < 500; count += 1) {
      const client = await rig.connect()
      if (count % 2 === 0) client.send('GET / HTTP/1.1\r\nX: ')
      idle.push(client)
    }
    for (let round = 0; round < 20; round += 1) {
      for (let index = 0; index < idle.length; index += 20) idle[index]!.send('x')
      const workers = await Promise.all(Array.from({ length: 10 }, () => rig.connect()))
      const responses = await Promise.all(workers.map((client) => ask(client, get('/', 'Connection: close\r\n'))))
      expect(responses.map(({ status, body }) => [status, body])).toEqual(responses.map(() => [200, 'hello']))
    }
    expect(idle.filter(({ closing }) => closing !== undefined)).toHaveLength(0)
  })
})
