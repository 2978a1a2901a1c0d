import { describe, expect, test } from 'bun:test'
import { everybody } from '../../../core/admission/admission.ts'
import type { Controller } from '../../../core/control/contract.ts'
import { edgeLedger, poolLedger } from '../../../core/observe/counters.ts'
import { createEventLog } from '../../../core/observe/event-log.ts'
import type { Pool } from '../../../core/pool/pool.ts'
import { createWorld } from '../../../core/runtime/create-world.ts'
import { createAdminSource } from '../../../core/runtime/edge-view.ts'
import { createLife } from '../../../core/runtime/life.ts'
import type { Listeners } from '../../../core/runtime/listeners.ts'
import type { Pools } from '../../../core/runtime/pools.ts'
import type { PreviewHost } from '../../../core/runtime/preview-host.ts'
import { Published } from '../../../core/runtime/published.ts'
import type { RunningPool } from '../../../core/runtime/running-pool.ts'
import { tcpListener, testConfig, unixListener } from '../../support/edge.ts'
import { tcpRoute } from '../../support/tcp-rig.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

/** A source over an edge with these pools, of which some can answer; none of it has a socket. */
async function viewing(usable: Readonly<Record<string, boolean>>) {
  const clock = virtualClock()
  const running = new Map(
    Object.entries(usable).map(([name, hasCandidates]) => {
      const pool = {
        name,
        config: { strategy: { use: 'p2c' } },
        backends: [],
        hasCandidates,
        inflight: 0,
        counters: poolLedger.create(),
      }
      return [name, { ...pool, snapshot: () => ({ name }) as Pool } as unknown as RunningPool]
    }),
  )
  const fast = { ...tcpListener('fast', 443, '::'), engine: 'serve' as const, http3: true as const }
  const listeners = [tcpListener('web', 80, '::'), unixListener('local', '/run/edge.sock'), fast].map((config) => ({
    config,
    address: config.address,
  }))
  const published = new Published()
  const everything = { host: undefined, path: undefined, methods: undefined, headers: [] }
  const routes = Object.keys(usable).map((pool) => ({ match: { ...everything, path: `/${pool}` }, pool, priority: 5 }))
  const part = published.part((config, previous) =>
    createWorld(config, { pools: running, geo: undefined, admission: () => everybody, previous }),
  )
  const tcpRoutes = [tcpRoute({ host: 'a.example' }), tcpRoute()].filter(() => 'web' in usable)
  ;(await part.prepare(testConfig({ routes, tcpRoutes }))).commit()
  const life = createLife(clock, () => false)
  const source = createAdminSource({
    published,
    previews: { served: published.config } as unknown as PreviewHost,
    pools: { running } as unknown as Pools,
    listeners: { running: listeners } as unknown as Listeners,
    discovery: { of: () => [] },
    overload: { view: undefined, loop: { lagMs: 0, lags: undefined } },
    clients: { store: undefined },
    gates: { limitFacts: [] },
    certificatesOf: () => undefined,
    missingAt: () => [],
    counters: edgeLedger.create(),
    clock,
    life,
    log: createEventLog(clock, () => undefined),
    maxWatchers: 1,
  })
  return { source, life, published }
}

describe('readiness', () => {
  test('is there while the edge serves, for as long as one pool can answer', async () => {
    const { source, life } = await viewing({ web: false, api: true })
    expect(source.ready()).toEqual({ kind: 'not-ready', reason: 'starting' })
    life.begin()
    expect(source.ready()).toEqual({ kind: 'ready' })
    void life.end({ delayMs: 1000, withinMs: 1000, shut: () => undefined })
    expect(source.ready()).toEqual({ kind: 'not-ready', reason: 'draining' })
  })

  test('is gone when no pool has anybody', async () => {
    for (const usable of [{ web: false, api: false }, {}]) {
      const { source, life } = await viewing(usable)
      life.begin()
      expect(source.ready()).toEqual({ kind: 'not-ready', reason: 'no pool has a usable backend' })
    }
  })
})

describe('the status', () => {
  test('tells listeners and pools, and the metrics beside them', async () => {
    const { source, life, published } = await viewing({ web: true, api: true })
    life.begin()
    const status = source.status()
    expect(status.listeners).toEqual([
      { name: 'web', address: '[::]:80', engine: 'own', http3: false, certificates: null, missing: [] },
      { name: 'local', address: 'unix:/run/edge.sock', engine: 'own', http3: false, certificates: null, missing: [] },
      { name: 'fast', address: '[::]:443', engine: 'serve', http3: true, certificates: null, missing: [] },
    ])
    expect(status.pools.map(({ name, strategy }) => [name, strategy])).toEqual([
      ['web', 'p2c'],
      ['api', 'p2c'],
    ])
    expect([source.backends('web'), source.backends('gone')]).toEqual([[], []])
    expect([...(await source.metrics('text'))].join('')).toContain('smartedge_requests_total 0\n')
    expect(source.config()).toBe(published.config)
  })

  test('tells the routes of TCP mode behind those of HTTP, each with what came to it', async () => {
    const { source, published } = await viewing({ web: true })
    published.world.tcp.get('db')!.routes[0]!.traffic.requests = 7
    expect(source.routes().map(({ whole }) => whole)).toEqual([
      '/web to web',
      'tcp db a.example to web',
      'tcp db * to web',
    ])
    const page = [...(await source.metrics('text'))].join('')
    expect(page).toContain('smartedge_route_refused_total{route="tcp db a.example to web",pool="web"} 0\n')
  })

  test('tells of reloads once there is somebody to do them', async () => {
    const { source } = await viewing({ web: true })
    expect([source.control, source.status().reload]).toEqual([undefined, null])
    const generation = { number: 4, at: '', origin: 'api', summary: '' }
    const state = () => ({ generation, lastReload: null, reloads: { applied: 3, kept: 0, refused: 0, unchanged: 0 } })
    const controller = { state } as unknown as Controller
    source.attach(controller, { deploys: undefined, fleet: undefined })
    expect(source.control).toBe(controller)
    expect(source.status().reload?.generation).toEqual(generation)
  })
})
