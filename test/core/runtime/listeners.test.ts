import { Crowd } from '../../../core/inbound/crowd.ts'
import { afterEach, describe, expect, test } from 'bun:test'
import type { ListenerConfig } from '../../../core/config/config.ts'
import { edgeLedger } from '../../../core/observe/counters.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import type { Refusal } from '../../../core/part.ts'
import { Addresses } from '../../../core/runtime/addresses.ts'
import { Listeners } from '../../../core/runtime/listeners.ts'
import { openBudget } from '../../support/budget.ts'
import { tcpListener, testConfig } from '../../support/edge.ts'
import { clientSide, recordRequest } from '../../support/http1-ends.ts'
import { freePorts } from '../../support/ports.ts'
import { connectTo, get } from '../../support/raw-client.ts'
import { turn, turnUntil } from '../../support/raw-peer.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import { systemTransport } from '../../support/transports.ts'
import { withoutTls } from '../../support/tls.ts'

let ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends) end()
  ends = []
})

/** Listeners whose clients' requests nobody answers. */
function listening(maxConnections = 100) {
  const clock = virtualClock()
  const events: EdgeEvent[] = []
  const counters = edgeLedger.create()
  const reportFault = (fault: unknown): never => {
    throw fault
  }
  const addresses = new Addresses(clock, reportFault)
  const { handler } = clientSide(clock, (stream) => void recordRequest(stream)).connection
  let gone = 0
  const listeners = new Listeners({
    addresses,
    clock,
    handler: { ...handler, onTcp: () => undefined },
    crowd: new Crowd(clock),
    counters,
    emit: (event) => void events.push(event),
    transport: systemTransport,
    reportFault,
    onShortage() {},
    budget: openBudget(clock),
    maxConnections: () => maxConnections,
    drainTimeoutMs: () => 5000,
    isUnwanted: () => false,
    onClosed: () => void (gone += 1),
    ...withoutTls,
  })
  ends.push(() => {
    addresses.end()
    listeners.cut()
  })
  const prepare = (...configs: ListenerConfig[]) =>
    listeners.prepare(testConfig({ listeners: configs, drainTimeoutMs: 5000 }))
  const take = async (...configs: ListenerConfig[]) => (await prepare(...configs)).commit()
  /** A client whose request waits for an answer. */
  const busyClient = async (port: number) => {
    const { bytesFromClients } = handler.counters
    const client = await connectTo(port)
    client.send(get())
    await turnUntil(() => handler.counters.bytesFromClients > bytesFromClients, 'a request')
    return client
  }
  return { clock, events, counters, listeners, prepare, take, busyClient, gone: () => gone }
}

const names = ({ listeners }: { listeners: Listeners }) => listeners.running.map(({ config }) => config.name)

describe('listeners', () => {
  test('count from their commit on, each told with its real port', async () => {
    const made = listening()
    const move = await made.prepare(tcpListener('b', 0), tcpListener('a', 0))
    expect([names(made), made.events]).toEqual([[], []])
    move.commit()
    expect(names(made)).toEqual(['b', 'a'])
    const ports = made.listeners.running.map(({ address }) => (address.kind === 'tcp' ? address.port : 0))
    expect(made.events).toEqual([
      { kind: 'listening', listener: 'b', address: `127.0.0.1:${ports[0]}` },
      { kind: 'listening', listener: 'a', address: `127.0.0.1:${ports[1]}` },
    ])
  })

  test('stay the same for as long as their address is configured', async () => {
    const made = listening()
    await made.take(tcpListener('a', 0), tcpListener('b', 0))
    const [a, b] = made.listeners.running
    await made.take(tcpListener('b', 0))
    expect(made.listeners.running).toEqual([b!])
    expect(a!.isWantedBy(testConfig({ listeners: [a!.config] }))).toBe(false)
    expect(made.events).toHaveLength(2)
  })

  test('tell everything that cannot be opened, and leave nothing open', async () => {
    const made = listening()
    const [taken = 0, free = 0] = freePorts(2)
    const other = Bun.listen({ hostname: '127.0.0.1', port: taken, socket: { data: () => undefined } })
    const wanted = [tcpListener('x', taken), tcpListener('y', free), tcpListener('z', 1, '192.0.2.1')]
    const refusal = await made.prepare(...wanted).catch((error: unknown) => error)
    expect((refusal as Refusal).problems.map(({ key }) => key)).toEqual(['listeners.x.address', 'listeners.z.address'])
    expect(await connectTo(free).catch(String)).toContain('Failed to connect')
    expect(made.events).toEqual([])
    other.stop(true)
  })

  test('tell who is connected, by where they listen', async () => {
    const made = listening()
    const [one = 0, two = 0] = freePorts(2)
    await made.take(tcpListener('one', one), tcpListener('two', two))
    await made.busyClient(one)
    await made.busyClient(one)
    expect(made.listeners.load()).toEqual(
      new Map([
        [`127.0.0.1:${one}`, { connections: 2, tunnels: 0 }],
        [`127.0.0.1:${two}`, { connections: 0, tunnels: 0 }],
      ]),
    )
    made.listeners.cut()
    await turnUntil(() => made.gone() === 2, 'the end of both')
    expect(made.counters).toMatchObject({ connectionsAccepted: 2, connectionsOpen: 0 })
  })

  test('turn away who comes beyond the cap, and say so once', async () => {
    const made = listening(1)
    const [port = 0] = freePorts(1)
    await made.take(tcpListener('web', port))
    const client = await made.busyClient(port)
    for (const _ of [1, 2]) {
      const other = await connectTo(port)
      await turnUntil(() => made.events.length > 1, 'the cap')
      made.clock.advance(1000)
      await other.expectEnd()
      expect(other.text).toContain('503 Service Unavailable')
    }
    expect(made.events.slice(1)).toEqual([{ kind: 'connection-limit', limit: 1 }])
    expect(made.counters.connectionsRefused).toBe(2)
    client.reset()
    await turnUntil(() => made.gone() === 1, 'the end of the first')
    await made.busyClient(port)
    expect(made.counters.connectionsAccepted).toBe(2)
  })
})

describe('a listener that goes', () => {
  test.skipIf(process.platform !== 'linux')(
    'hears of each that comes in, and keeps others out when told to',
    async () => {
      const made = listening()
      const [port = 0] = freePorts(1)
      await made.take(tcpListener('web', port))
      const listener = made.listeners.running[0]!
      const queued: number[] = []
      listener.onAccepted = () => void queued.push(listener.countQueued())
      const clients = Array.from({ length: 3 }, () => connectTo(port))
      listener.keepOut()
      const late = connectTo(port).catch(() => undefined)
      await Promise.all(clients)
      await turnUntil(() => queued.length === 3, 'three clients')
      expect(queued).toEqual([2, 1, 0])
      for (let turns = 0; turns < 50; turns += 1) await turn()
      expect(made.counters.connectionsAccepted).toBe(3)
      void late
    },
  )

  test('gives its address up soon, and cuts who is left after the drain timeout', async () => {
    const made = listening()
    const [port = 0] = freePorts(1)
    await made.take(tcpListener('web', port))
    const client = await made.busyClient(port)
    await made.take()
    made.clock.advance(99)
    ;(await connectTo(port)).reset()
    await turnUntil(() => made.counters.connectionsAccepted === 2, 'the one that comes in late')
    made.clock.advance(1)
    expect(await connectTo(port).catch(String)).toContain('Failed to connect')
    made.clock.advance(4899)
    await turn()
    expect(client.closing).toBeUndefined()
    made.clock.advance(1)
    expect(await client.expectClosed()).toBe('reset')
  })

  test('is cut with all others when everything ends', async () => {
    const made = listening()
    const [port = 0] = freePorts(1)
    await made.take(tcpListener('web', port))
    const client = await made.busyClient(port)
    await made.take()
    made.listeners.cut()
    expect(await client.expectClosed()).toBe('reset')
  })
})
