/** What the admin API reads of a running edge. */
import { formatAddress } from '../address.ts'
import { createEventStream } from '../admin/events.ts'
import type { AdminSource, Readiness } from '../admin/source.ts'
import type { Clock } from '../clock.ts'
import type { Controller } from '../control/contract.ts'
import type { EdgeCounters } from '../observe/counters.ts'
import type { EventLog } from '../observe/event-log.ts'
import { createFeed } from '../report/feed.ts'
import { renderMetrics } from '../report/metrics.ts'
import { buildSnapshot } from '../report/snapshot.ts'
import type { EdgeView, Phase, PoolView, ProcessView } from '../report/view.ts'
import type { RunningListener } from './running-listener.ts'
import type { RunningPool } from './running-pool.ts'
import type { Runtime } from './runtime.ts'
import { describeMatch } from '../route/describe.ts'
import { VERSION } from '../version.ts'

export interface EdgeViewOptions {
  readonly runtime: Runtime
  readonly counters: EdgeCounters
  readonly clock: Clock
  readonly phase: () => Phase
  readonly log: EventLog
  /** undefined: nothing can be reloaded. */
  readonly controller: () => Controller | undefined
}

export function createAdminSource(options: EdgeViewOptions): AdminSource {
  const { runtime, counters, clock, phase, log, controller } = options
  const startedAt = clock.wallTime()
  const view = (): EdgeView => ({
    ...reloadView(controller()),
    phase: phase(),
    listeners: runtime.runningListeners.map(listenerView),
    counters,
    pools: runtime.runningPools.map(poolView),
    routes: runtime.config.routes.map(({ match, pool }, index) => ({
      match: describeMatch(match),
      pool,
      requests: runtime.world.requestsOfRule[index] ?? 0,
    })),
  })
  const feed = createFeed({ view, process: () => processView(startedAt), clock })
  return {
    status: () => buildSnapshot(view(), processView(startedAt), clock),
    metrics: () => renderMetrics(view(), processView(startedAt)),
    ready: () => readiness(phase(), runtime.runningPools),
    config: () => runtime.config,
    events: createEventStream({ feed, log }),
    get control() {
      return controller()
    },
  }
}

const reloadView = (controller: Controller | undefined) => (controller ? { reload: controller.state() } : {})

function readiness(phase: Phase, pools: readonly RunningPool[]): Readiness {
  if (phase !== 'serving') return { kind: 'not-ready', reason: phase }
  if (pools.some((pool) => pool.hasCandidates)) return { kind: 'ready' }
  return { kind: 'not-ready', reason: 'no pool has a usable backend' }
}

const listenerView = ({ config, listener }: RunningListener) => ({
  name: config.name,
  address: formatAddress(listener.address),
})

const poolView = ({ name, config, backends, strategyFacts }: RunningPool): PoolView => ({
  name,
  strategy: config.strategy.use,
  strategyFacts,
  backends,
})

function processView(startedAt: number): ProcessView {
  const { user, system } = process.cpuUsage()
  return {
    version: VERSION,
    runtime: `bun ${Bun.version}`,
    pid: process.pid,
    startedAt,
    residentBytes: process.memoryUsage.rss(),
    cpuSeconds: (user + system) / 1e6,
  }
}
