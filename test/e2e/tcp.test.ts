import { describe, expect, test } from 'bun:test'
import { tcpListener, testConfig, testPool } from '../support/edge.ts'
import { ok } from '../support/raw-backend.ts'
import { connectTo, get, nextResponse } from '../support/raw-client.ts'
import { stillness, turnUntil } from '../support/raw-peer.ts'
import { startTcpRig, tcpRoute, turnedAway } from '../support/tcp-rig.ts'

const ownTcp = { ...tcpListener('db', 0), mode: 'tcp' } as const

const away = { address: { kind: 'tcp', host: '127.0.0.1', port: 9 } } as const

describe('a connection in TCP mode', () => {
  test('passes whatever bytes come, both ways', async () => {
    await using rig = await startTcpRig()
    const { client, peer } = await rig.join()
    client.send('\x00GET / HTTP/9\r\n\r\n\xff')
    await peer.expectBytes('\x00GET / HTTP/9\r\n\r\n\xff')
    peer.send('\x16\x03\x01')
    await client.expectBytes('\x16\x03\x01')
    expect(rig.edge.counters).toMatchObject({ requests: 1, tunnels: 1, tunnelsOpen: 1 })
    expect(rig.edge.backend()).toMatchObject({ inflight: 1, requests: 1 })
  })

  test('lets a backend speak first', async () => {
    await using rig = await startTcpRig()
    const { client, peer } = await rig.join()
    peer.send('220 ready\r\n')
    await client.expectBytes('220 ready\r\n')
  })

  test('is half-closed by its client: the answer still comes', async () => {
    await using rig = await startTcpRig()
    const { client, peer } = await rig.join()
    client.send('all of it')
    client.end()
    await peer.expectBytes('all of it')
    await peer.expectEnd()
    peer.send('thanks')
    await client.expectBytes('thanks')
    peer.end()
    await client.expectEnd()
    expect([await client.expectClosed(), await peer.expectClosed()]).toEqual(['ended', 'ended'])
  })

  test('is half-closed by its client before it is joined', async () => {
    await using rig = await startTcpRig()
    const client = await rig.connect()
    client.send('x')
    client.end()
    const peer = await rig.backends[0]!.connection(0)
    await peer.expectBytes('x')
    await peer.expectEnd()
    peer.end()
    await client.expectEnd()
  })

  test('is half-closed by its backend: the client may go on', async () => {
    await using rig = await startTcpRig()
    const { client, peer } = await rig.join()
    peer.send('bye')
    peer.end()
    await client.expectBytes('bye')
    await client.expectEnd()
    client.send('more')
    await peer.expectBytes('more')
    client.end()
    await peer.expectEnd()
  })

  test.each(['client', 'peer'] as const)('is reset at one end when the other is: the %s', async (who) => {
    await using rig = await startTcpRig()
    const ends = await rig.join()
    ends.peer.send('x')
    await ends.client.expectBytes('x')
    ends[who].reset()
    expect(await ends[who === 'client' ? 'peer' : 'client'].expectClosed()).toBe('reset')
    await turnUntil(() => rig.edge.backend().upgrades === 1, 'the end of the attempt')
    expect(rig.edge.backend().failures.total).toBe(0)
  })

  test('that its backend resets before it has sent anything counts against that', async () => {
    await using rig = await startTcpRig()
    const { client, peer } = await rig.join()
    peer.reset()
    expect(await client.expectClosed()).toBe('reset')
    await turnUntil(() => rig.edge.backend().failures.reset === 1, 'the failure')
  })

  test('moves bulk both ways, and does not keep what its reader does not take', async () => {
    await using rig = await startTcpRig({ backend: { onlyCounts: true } })
    const { client, peer } = await rig.join()
    peer.pause()
    client.send(Buffer.alloc(64 * 1024 * 1024, 1))
    await stillness(() => client.unsentBytes)
    // What both systems hold of it, and one piece of ours.
    expect(client.unsentBytes).toBeGreaterThan(40 * 1024 * 1024)
    peer.resume()
    await peer.expectCount(64 * 1024 * 1024)
    client.end()
    await peer.expectEnd()
  })

  test('is cut after a silence', async () => {
    await using rig = await startTcpRig({ routes: [tcpRoute({ tunnel: { idleMs: 30_000, longestMs: undefined } })] })
    const { client, peer } = await rig.join()
    rig.edge.clock.advance(20_000)
    client.send('x')
    await peer.expectBytes('x')
    rig.edge.clock.advance(20_000)
    peer.send('y')
    await client.expectBytes('y')
    rig.edge.clock.advance(31_000)
    expect(await client.expectClosed()).toBe('reset')
    expect(await peer.expectClosed()).toBe('reset')
  })

  test('is cut when it has lasted as long as it may, though it is not silent', async () => {
    await using rig = await startTcpRig({ routes: [tcpRoute({ tunnel: { idleMs: 60_000, longestMs: 90_000 } })] })
    const { client, peer } = await rig.join()
    for (const word of ['a', 'b']) {
      rig.edge.clock.advance(40_000)
      client.send(word)
      await peer.expectBytes(word)
    }
    rig.edge.clock.advance(11_000)
    expect(await client.expectClosed()).toBe('reset')
  })

  test('is remembered as one request, with the bytes that passed', async () => {
    await using rig = await startTcpRig()
    const { client, peer } = await rig.join()
    client.send('four')
    await peer.expectBytes('four')
    peer.send('six by')
    await client.expectBytes('six by')
    client.end()
    peer.end()
    await turnUntil(() => rig.edge.counters.connectionsOpen === 0, 'the end')
    expect(rig.edge.counters).toMatchObject({ bytesFromClients: 4, bytesToClients: 6 })
  })

  test('is asked of no connection that HTTP has kept', async () => {
    await using rig = await startTcpRig({ config: { listeners: [tcpListener('web', 0), ownTcp] } })
    const [web, tcp] = rig.edge.edge.addresses.map(({ address }) => (address.kind === 'tcp' ? address.port : 0))
    await using http = await connectTo(web ?? 0)
    http.send(get())
    const kept = await rig.backends[0]!.connection(0)
    await kept.until(() => (kept.text.endsWith('\r\n\r\n') ? true : undefined), 'a request')
    kept.send(ok())
    expect((await nextResponse(http)).status).toBe(200)
    await using client = await connectTo(tcp ?? 0)
    client.send('bytes')
    await (await rig.backends[0]!.connection(1)).expectBytes('bytes')
  })

  test('beyond the cap is reset without a word', async () => {
    await using rig = await startTcpRig({ config: { limits: { ...testConfig().limits, maxConnections: 1 } } })
    await rig.join()
    const second = await rig.connect()
    await turnUntil(() => rig.edge.events.some(({ kind }) => kind === 'connection-limit'), 'the cap').catch(
      () => undefined,
    )
    rig.edge.clock.advance(2000)
    expect([await second.expectClosed(), second.text]).toEqual(['reset', ''])
  })
})

describe('a backend that is away', () => {
  test('is passed over for another, before a byte was sent', async () => {
    await using rig = await startTcpRig({ pool: { strategy: { use: 'round-robin', options: undefined } } })
    const { pools } = rig.edge.edge.control.config
    const [member] = pools[0]!.members
    await rig.edge.apply({ pools: [{ ...pools[0]!, members: [{ ...member!, ...away, id: '127.0.0.1:9' }, member!] }] })
    const clients = await Promise.all([rig.connect(), rig.connect(), rig.connect()])
    for (const client of clients) client.send('x')
    for (let index = 0; index < clients.length; index += 1)
      await (await rig.backends[0]!.connection(index)).expectBytes('x')
    expect(rig.edge.counters.retries).toBeGreaterThan(0)
    expect(rig.edge.counters.responses['5xx']).toBe(0)
  })

  test('without another has the client reset', async () => {
    await using rig = await startTcpRig()
    rig.backends[0]!.stopListening()
    expect(await turnedAway(rig)).toBe('reset')
    expect(rig.edge.counters.responses['5xx']).toBe(1)
    expect(rig.edge.backend().failures.connect).toBe(1)
  })

  test('is no matter to a connection that stands', async () => {
    await using rig = await startTcpRig()
    const { client, peer } = await rig.join()
    await rig.edge.apply({ pools: [testPool([])] })
    client.send('still here')
    await peer.expectBytes('still here')
    expect(await turnedAway(rig)).toBe('reset')
    // Its drain time is over.
    rig.edge.clock.advance(6000)
    expect(await client.expectClosed()).toBe('reset')
  })
})

describe('a reload', () => {
  test('leaves connections alone, and leads new ones elsewhere', async () => {
    await using rig = await startTcpRig({ backends: 2 })
    const [one, other] = rig.backends
    const { pools } = rig.edge.edge.control.config
    const to = (port: number) => rig.edge.apply({ pools: [{ ...pools[0]!, members: testPool([port]).members }] })
    await to(one!.port)
    const { client, peer } = await rig.join()
    await to(other!.port)
    const next = await rig.connect()
    next.send('new')
    await (await other!.connection(0)).expectBytes('new')
    client.send('old')
    await peer.expectBytes('old')
  })

  test('gives what the listener speaks to whoever comes from then on', async () => {
    await using rig = await startTcpRig()
    const { client, peer } = await rig.join()
    const { listeners } = rig.edge.edge.control.config
    await rig.edge.apply({ listeners: [{ ...listeners[0]!, mode: 'http' }] })
    const http = await rig.connect()
    http.send('no HTTP\r\n\r\n')
    await http.until(() => (http.text.startsWith('HTTP/1.1 400') ? true : undefined), 'a 400')
    client.send('x')
    await peer.expectBytes('x')
  })
})

describe('a stop', () => {
  test('gives connections until its deadline, and cuts them then', async () => {
    await using rig = await startTcpRig()
    const { client, peer } = await rig.join()
    const over = rig.edge.edge.drain()
    client.send('x')
    await peer.expectBytes('x')
    await turnUntil(() => rig.edge.clock.pending() > 0, 'the deadline')
    rig.edge.clock.advance(25_000)
    expect(await over).toEqual({ cut: 1 })
    expect(await client.expectClosed()).toBe('reset')
  })
})
