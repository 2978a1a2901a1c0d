import { describe, expect, test } from 'bun:test'
import { ok } from '../support/raw-backend.ts'
import { ask, connectTo, get, nextResponse } from '../support/raw-client.ts'
import { valuesOf } from '../support/raw-message.ts'
import { turnUntil } from '../support/raw-peer.ts'
import { startRig } from '../support/rig.ts'

describe('draining', () => {
  test('closes idle connections at once and accepts no more', async () => {
    await using rig = await startRig({ answer: ok() })
    await ask(rig.client, get())
    expect(await rig.edge.edge.drain()).toEqual({ cut: 0 })
    expect(await rig.client.expectClosed()).toBe('ended')
    expect(await connectTo(rig.edge.port).catch(String)).toContain('Failed to connect')
    expect(await rig.backend.connections[0]!.expectClosed()).toBeDefined()
  })

  test('still answers a client that has just come in', async () => {
    await using rig = await startRig({ answer: ok('hello') })
    await turnUntil(() => rig.edge.counters.connectionsOpen === 1, 'the client')
    const drained = rig.edge.edge.drain()
    const response = await ask(rig.client, get())
    expect([response.body, valuesOf(response, 'connection')]).toEqual(['hello', ['close']])
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

  test('closes behind a response whose head went out before', async () => {
    await using rig = await startRig()
    rig.client.send(get())
    const { peer } = await rig.backend.next()
    peer.send(ok('hello').slice(0, -2))
    await rig.client.until(() => (rig.client.text.endsWith('hel') ? true : undefined), 'part of the response')
    const drained = rig.edge.edge.drain()
    peer.send('lo')
    expect((await nextResponse(rig.client)).body).toBe('hello')
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
