/** Who may connect in TCP mode, how many may, and who waits. */
import { describe, expect, test } from 'bun:test'
import { turnUntil } from '../support/raw-peer.ts'
import { startTcpRig, tcpRoute, turnedAway } from '../support/tcp-rig.ts'

describe('what each client may have', () => {
  const limited = (limit: object) =>
    startTcpRig({
      routes: [tcpRoute({ limits: [{ name: 'l', by: [{ kind: 'address' }], report: false, ...limit } as never] })],
    })

  test('is a number of connections, and one that ends makes place', async () => {
    await using rig = await limited({ kind: 'connections', most: 2 })
    const [first] = [await rig.join(0), await rig.join(1)]
    expect(await turnedAway(rig)).toBe('reset')
    expect(rig.edge.counters.refused).toMatchObject({ concurrency: 1 })
    first.client.end()
    first.peer.end()
    await first.client.expectClosed()
    await turnUntil(() => rig.edge.counters.connectionsOpen === 1, 'the end of the first')
    const { client, peer } = await rig.join(2)
    client.send('in')
    await peer.expectBytes('in')
  })

  test('is a rate of new ones', async () => {
    const rate = { count: 1, perMs: 1000 }
    await using rig = await limited({ kind: 'rate', rate: { ...rate, unit: 's' }, burst: 1 })
    await rig.join(0)
    expect(await turnedAway(rig)).toBe('reset')
    rig.edge.clock.advance(1000)
    const { client, peer } = await rig.join(1)
    client.send('in')
    await peer.expectBytes('in')
  })
})

describe('who may connect', () => {
  test('is said by address', async () => {
    const denying = (deny: string[]) => [
      tcpRoute({ access: { addresses: { allow: undefined, deny, allowFile: undefined, denyFile: undefined } } }),
    ]
    await using rig = await startTcpRig({ routes: denying(['127.0.0.0/8']) })
    expect(await turnedAway(rig)).toBe('reset')
    expect(rig.edge.counters.refused.address).toBe(1)
    await rig.edge.apply({ tcpRoutes: denying(['192.0.2.0/24']) })
    const { client, peer } = await rig.join()
    client.send('in')
    await peer.expectBytes('in')
  })
})

describe('a pool at its bound', () => {
  const queue = { length: 1, timeoutMs: 5000, order: 'fifo' } as const

  test('has a client wait for its turn, unread', async () => {
    await using rig = await startTcpRig({ pool: { maxInflight: 1, queue } })
    const { client, peer } = await rig.join()
    const second = await rig.connect()
    second.send('patient')
    await turnUntil(() => rig.edge.edge.status().pools[0]?.waiting === 1, 'the second to wait')
    client.end()
    peer.end()
    await (await rig.backends[0]!.connection(1)).expectBytes('patient')
  })

  test('forgets one that is reset while it waits', async () => {
    await using rig = await startTcpRig({ pool: { maxInflight: 1, queue } })
    await rig.join()
    const second = await rig.connect()
    await turnUntil(() => rig.edge.edge.status().pools[0]?.waiting === 1, 'the second to wait')
    second.reset()
    await turnUntil(() => rig.edge.edge.status().pools[0]?.waiting === 0, 'it to be forgotten')
    expect(rig.edge.counters.abandoned).toBe(1)
  })
})

describe('many connections', () => {
  test('of which most are beyond a limit cost those within it nothing', async () => {
    const limits = [{ kind: 'connections', name: 'l', by: [{ kind: 'address' }], report: false, most: 10 }] as const
    await using rig = await startTcpRig({ routes: [tcpRoute({ limits })], config: { drainTimeoutMs: 1000 } })
    const { client, peer } = await rig.join()
    for (let index = 1; index < 10; index += 1) await rig.join(index)
    for (let round = 0; round < 10; round += 1) {
      const ends = await Promise.all(Array.from({ length: 100 }, () => turnedAway(rig)))
      expect(new Set(ends)).toEqual(new Set(['reset']))
      client.send(`${round}`)
      await peer.expectBytes(`${round}`)
    }
    expect(rig.edge.counters.refused.concurrency).toBe(1000)
    expect(rig.edge.backend()).toMatchObject({ inflight: 10, requests: 10 })
  })

  test('that are idle all stand, and each passes what comes', async () => {
    await using rig = await startTcpRig()
    const clients = await Promise.all(Array.from({ length: 200 }, () => rig.connect()))
    await turnUntil(() => rig.edge.counters.tunnelsOpen === 200, 'all of them')
    rig.edge.clock.advance(50_000)
    clients.forEach((client, index) => client.send(`${index};`))
    const { connections } = rig.backends[0]!
    await turnUntil(() => connections.every(({ text }) => text.endsWith(';')), 'what each has said')
    expect(new Set(connections.map(({ text }) => text)).size).toBe(200)
  })
})
