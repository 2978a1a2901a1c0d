import { describe, expect, test } from 'bun:test'
import { startEdge } from '../../core/edge.ts'
import { startTestEdge, tcpListener, testConfig } from '../support/edge.ts'
import { answering, ok, startRawBackend } from '../support/raw-backend.ts'
import { ask, connectTo, get, nextResponse } from '../support/raw-client.ts'
import { valuesOf } from '../support/raw-message.ts'
import { stillness, turn, turnUntil } from '../support/raw-peer.ts'
import { freePorts } from '../support/ports.ts'
import { startRig } from '../support/rig.ts'

const listener = (port: number) => tcpListener('x', port)
const adminOn = (port: number) =>
  ({ address: { kind: 'tcp', host: '127.0.0.1', port }, token: undefined, open: true }) as const

describe('draining', () => {
  test('gives kept-alive clients a second for one more request', async () => {
    await using rig = await startRig({ answer: ok('hello') })
    const quiet = await rig.connect()
    for (const client of [rig.client, quiet]) await ask(client, get())
    const drained = rig.edge.edge.drain()
    const response = await ask(rig.client, get())
    expect([response.body, valuesOf(response, 'connection')]).toEqual(['hello', ['close']])
    await rig.client.expectEnd()
    rig.edge.clock.advance(900)
    await turn()
    expect(quiet.hasEnded).toBe(false)
    rig.edge.clock.advance(400)
    expect(await quiet.expectClosed()).toBe('ended')
    expect(await drained).toEqual({ cut: 0 })
    expect(await rig.backend.connections[0]!.expectClosed()).toBeDefined()
  })

  test('answers requests that lie in its sockets and in its queue', async () => {
    await using rig = await startRig({ answer: ok('hello'), config: { shutdownDelayMs: 100 } })
    const kept = await rig.connect()
    await ask(kept, get())
    const fresh = await rig.connect()
    await turnUntil(() => rig.edge.counters.connectionsOpen === 3, 'three clients')
    // From here on nothing is read until the drain has begun: the edge lives in the same thread.
    for (const client of [rig.client, kept, fresh]) client.send(get())
    const queued = connectTo(rig.edge.port)
    const drained = rig.edge.edge.drain()
    await using late = await queued
    late.send(get())
    for (const client of [rig.client, kept, fresh, late]) {
      const response = await nextResponse(client)
      expect([response.body, valuesOf(response, 'connection')]).toEqual(['hello', ['close']])
      await client.expectEnd()
    }
    rig.edge.clock.advance(100)
    expect(await drained).toEqual({ cut: 0 })
  })

  test('answers a client that came before its port closed, and spoke afterwards', async () => {
    const listeners = [{ ...listener(0), deferAccept: true }]
    await using rig = await startRig({ answer: ok('hello'), config: { shutdownDelayMs: 100, listeners } })
    await ask(rig.client, get())
    const drained = rig.edge.edge.drain()
    const slow = await rig.connect()
    rig.edge.clock.advance(100)
    expect(await connectTo(rig.edge.port).catch(String)).toContain('Failed to connect')
    const response = await ask(slow, get())
    expect([response.body, valuesOf(response, 'connection')]).toEqual(['hello', ['close']])
    await slow.expectEnd()
    rig.edge.clock.advance(1500)
    await rig.client.expectEnd()
    expect(await drained).toEqual({ cut: 0 })
  })

  test('accepts for the delay while it is not ready, and no longer', async () => {
    const admin = adminOn(0)
    await using rig = await startRig({ answer: ok('hello'), config: { shutdownDelayMs: 5000, admin } })
    await ask(rig.client, get())
    const { adminAddress } = rig.edge.edge
    const url = `http://127.0.0.1:${adminAddress?.kind === 'tcp' ? adminAddress.port : 0}/ready`
    const ready = () => fetch(url, { headers: { connection: 'close' } }).then(({ status }) => status)
    expect(await ready()).toBe(200)
    const drained = rig.edge.edge.drain()
    rig.edge.clock.advance(4999)
    expect(await ready()).toBe(503)
    const client = await rig.connect()
    const response = await ask(client, get())
    expect([response.body, valuesOf(response, 'connection')]).toEqual(['hello', ['close']])
    await client.expectEnd()
    rig.edge.clock.advance(1)
    expect(await connectTo(rig.edge.port).catch(String)).toContain('Failed to connect')
    expect(await ready().catch(() => 'refused')).toBe('refused')
    expect(await drained).toEqual({ cut: 0 })
  })

  test('leaves a client that has asked nothing yet its time for a head', async () => {
    await using rig = await startRig({ answer: ok('hello') })
    const silent = await rig.connect()
    await turnUntil(() => rig.edge.counters.connectionsOpen === 2, 'two clients')
    const drained = rig.edge.edge.drain()
    rig.edge.clock.advance(9000)
    const response = await ask(rig.client, get())
    expect([response.body, valuesOf(response, 'connection')]).toEqual(['hello', ['close']])
    await rig.client.expectEnd()
    rig.edge.clock.advance(1500)
    await silent.expectEnd()
    expect(await drained).toEqual({ cut: 0 })
  })

  test('does not hurry a client that has not read its response yet', async () => {
    const response = ok('x'.repeat(300_000))
    await using rig = await startRig({ answer: response, client: { onlyCounts: true } })
    await ask(await rig.connect(), get())
    rig.client.pause()
    // Until the kernel takes no more, and the end of a response stays with the edge.
    const sent = () => rig.edge.counters.bytesToClients
    let asked = 1
    do {
      rig.client.send(get())
      asked += 1
      await turnUntil(() => rig.edge.backend().responses['2xx'] === asked, 'a response')
    } while ((await stillness(sent)) === asked * response.length)
    const drained = rig.edge.edge.drain()
    rig.edge.clock.advance(2000)
    rig.client.resume()
    await rig.client.expectCount((asked - 1) * response.length)
    rig.edge.clock.advance(900)
    await turn()
    expect(rig.client.hasEnded).toBe(false)
    rig.edge.clock.advance(400)
    await rig.client.expectEnd()
    expect(await drained).toEqual({ cut: 0 })
  })

  test('takes no other config', async () => {
    await using rig = await startRig()
    const drained = rig.edge.edge.drain()
    expect(await rig.edge.apply({ drainTimeoutMs: 1 })).toEqual({
      kind: 'refused',
      problems: [{ key: '', message: 'the process is ending' }],
    })
    rig.client.reset()
    expect(await drained).toEqual({ cut: 0 })
  })

  test('opens nothing again of a move that was under way', async () => {
    const [port = 0] = freePorts(1)
    await using rig = await startRig()
    const { control } = rig.edge.edge
    const move = await control.prepare({ ...control.config, listeners: [listener(port)] })
    const drained = rig.edge.edge.drain()
    for (const closed of [port, rig.edge.port]) {
      expect(await connectTo(closed).catch(String)).toContain('Failed to connect')
    }
    move.commit()
    expect(await connectTo(port).catch(String)).toContain('Failed to connect')
    rig.client.reset()
    expect(await drained).toEqual({ cut: 0 })
  })

  test('lets those go too who come by a listener of a move that was under way', async () => {
    const [port = 0] = freePorts(1)
    await using rig = await startRig({ answer: ok('hello'), config: { shutdownDelayMs: 100 } })
    const { control } = rig.edge.edge
    const { listeners } = control.config
    const move = await control.prepare({ ...control.config, listeners: [...listeners, listener(port)] })
    const drained = rig.edge.edge.drain()
    move.commit()
    await using client = await connectTo(port)
    expect(valuesOf(await ask(client, get()), 'connection')).toEqual(['close'])
    rig.client.reset()
    rig.edge.clock.advance(100)
    expect(await drained).toEqual({ cut: 0 })
  })

  test('answers what is under way, and says that it closes', async () => {
    await using rig = await startRig()
    rig.client.send(get())
    const { peer } = await rig.backend.next()
    const drained = rig.edge.edge.drain()
    peer.send(ok('hello'))
    const response = await nextResponse(rig.client)
    expect([response.body, valuesOf(response, 'connection')]).toEqual(['hello', ['close']])
    await rig.client.expectEnd()
    expect(await drained).toEqual({ cut: 0 })
  })

  test('waits for one more request behind a response whose head promised that', async () => {
    await using rig = await startRig()
    rig.client.send(get())
    const { peer } = await rig.backend.next()
    peer.send(ok('hello').slice(0, -2))
    await rig.client.until(() => (rig.client.text.endsWith('hel') ? true : undefined), 'part of the response')
    const drained = rig.edge.edge.drain()
    peer.send('lo')
    expect((await nextResponse(rig.client)).body).toBe('hello')
    await turnUntil(() => rig.edge.backend().inflight === 0, 'the end of the exchange')
    rig.edge.clock.advance(1400)
    await rig.client.expectEnd()
    expect(await drained).toEqual({ cut: 0 })
  })

  test('answers a request whose head had begun to arrive', async () => {
    await using rig = await startRig({ answer: ok('hello') })
    const [begin, rest] = [get().slice(0, 10), get().slice(10)]
    await rig.client.sendByteByByte(begin)
    const drained = rig.edge.edge.drain()
    const response = await ask(rig.client, rest)
    expect([response.body, valuesOf(response, 'connection')]).toEqual(['hello', ['close']])
    await rig.client.expectEnd()
    expect(await drained).toEqual({ cut: 0 })
  })

  test('cuts what has not ended in time', async () => {
    await using rig = await startRig({ client: { staysOpen: true }, backend: { staysOpen: true } })
    rig.client.send(get('/', 'Connection: Upgrade\r\nUpgrade: echo\r\n'))
    const tunnel = await rig.backend.next()
    tunnel.peer.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
    expect((await nextResponse(rig.client)).status).toBe(101)
    const slow = await rig.connect()
    slow.send(get())
    const request = await rig.backend.next()
    const drained = rig.edge.edge.drain()
    rig.edge.clock.advance(24_000)
    expect([rig.client.closing, slow.closing]).toEqual([undefined, undefined])
    rig.edge.clock.advance(1000)
    expect(await drained).toEqual({ cut: 2 })
    for (const client of [rig.client, slow]) expect(await client.expectClosed()).toBe('reset')
    for (const { peer } of [tunnel, request]) expect(await peer.expectClosed()).toBe('reset')
  })

  test('lets pipelined requests go unanswered behind the one that closes', async () => {
    await using rig = await startRig()
    rig.client.send(get('/1') + get('/2'))
    const { peer } = await rig.backend.next()
    const drained = rig.edge.edge.drain()
    peer.send(ok('one'))
    expect(valuesOf(await nextResponse(rig.client), 'connection')).toEqual(['close'])
    await rig.client.expectEnd()
    expect(rig.client.rest).toBe('')
    expect(rig.backend.requests).toHaveLength(1)
    expect(await drained).toEqual({ cut: 0 })
  })
})

describe('a successor', () => {
  test('serves on the same addresses while a tunnel of the old process lives on', async () => {
    const [port = 0, adminPort = 0] = freePorts(2)
    const config = {
      listeners: [tcpListener('web', port)],
      admin: adminOn(adminPort),
      shutdownDelayMs: 100,
    }
    await using rig = await startRig({ config })
    rig.client.send(get('/', 'Connection: Upgrade\r\nUpgrade: echo\r\n'))
    const tunnel = await rig.backend.next()
    tunnel.peer.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
    await nextResponse(rig.client)
    const drained = rig.edge.edge.drain()
    rig.edge.clock.advance(100)

    await using backend = startRawBackend({ answer: answering(ok('new')) })
    await using next = await startTestEdge([backend.port], { config })
    await using client = await connectTo(next.port)
    expect((await ask(client, get())).body).toBe('new')
    const status = await fetch(`http://127.0.0.1:${adminPort}/ready`, { headers: { connection: 'close' } })
    expect(status.status).toBe(200)
    tunnel.peer.send('still here')
    await rig.client.expectBytes('still here')
    rig.client.reset()
    expect(await drained).toEqual({ cut: 0 })
  })

  test('that comes too early fails over the admin address, and lets nobody in', async () => {
    const [adminPort = 0] = freePorts(1)
    const admin = {
      address: { kind: 'tcp', host: '127.0.0.1', port: adminPort },
      token: undefined,
      open: true,
    } as const
    await using rig = await startRig({ config: { admin } })
    const events: string[] = []
    // Its listener could not be opened either: it is not even tried.
    const config = testConfig({ admin, listeners: [listener(rig.edge.port)] })
    const started = startEdge({ config, emit: ({ kind }) => void events.push(kind) })
    expect(await started.catch(String)).toBe(
      `Refusal: admin.address: 127.0.0.1:${adminPort} is already in use; stop what listens there, or choose another address`,
    )
    expect(events).toEqual([])
    rig.client.reset()
  })

  test('that shares the port takes over without a gap', async () => {
    const web = { ...tcpListener('web', freePorts(1)[0] ?? 0), reusePort: true }
    const config = { listeners: [web], shutdownDelayMs: 100 }
    await using rig = await startRig({ answer: ok('old'), config })
    rig.client.reset()
    await using backend = startRawBackend({ answer: answering(ok('new')) })
    const next = await startTestEdge([backend.port], { config })
    const answers = new Set<string>()
    const askOnce = async (): Promise<void> => {
      await using client = await connectTo(next.port)
      answers.add((await ask(client, get('/', 'Connection: close\r\n'))).body)
    }
    for (let count = 0; count < 200 && answers.size < 2; count += 1) await askOnce()
    expect([...answers].toSorted()).toEqual(['new', 'old'])
    const drained = rig.edge.edge.drain()
    for (let count = 0; count < 50; count += 1) await askOnce()
    // Some stand in the queues when the old process gives its port up.
    const crowd = Array.from({ length: 50 }, askOnce)
    rig.edge.clock.advance(100)
    await Promise.all(crowd)
    expect(await drained).toEqual({ cut: 0 })
    answers.clear()
    for (let count = 0; count < 50; count += 1) await askOnce()
    expect([...answers]).toEqual(['new'])
    await next[Symbol.asyncDispose]()
  })
})
