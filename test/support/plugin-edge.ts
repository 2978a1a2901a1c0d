/** An edge on real sockets whose pool runs a strategy file of the test's own, before backends that say who they are. */
import type { Config, StrategyConfig } from '../../core/config/config.ts'
import type { Applied } from '../../core/control/edge-control.ts'
import { type Edge, startEdge } from '../../core/edge.ts'
import type { EdgeEvent } from '../../core/observe/events.ts'
import { seededRandom } from '../../core/random.ts'
import { testPool } from './edge.ts'
import { type StrategyFiles, strategyFiles } from './strategy-files.ts'
import { virtualClock, type VirtualClock } from './virtual-clock.ts'

export interface PluginEdge {
  readonly edge: Edge
  readonly files: StrategyFiles
  readonly clock: VirtualClock
  readonly events: readonly EdgeEvent[]
  /** The path of `main.ts`, which the pool runs. */
  readonly main: string
  /** One request; resolves to the number of the backend that answered. Rejects unless it is a 200. */
  ask(): Promise<number>
  /** What a watcher does when a file was saved. */
  reload(): Promise<Applied>
  /** The config in force with another strategy. */
  configWith(strategy: StrategyConfig): Config
  [Symbol.asyncDispose](): Promise<void>
}

const anyRequest = { host: undefined, path: undefined, methods: undefined, headers: [] }

/** `text`: of `main.ts`. Rejects as `startEdge` does, with nothing left behind. */
export async function startPluginEdge(text: string, backendCount = 3): Promise<PluginEdge> {
  await using stack = new AsyncDisposableStack()
  const files = stack.use(await strategyFiles())
  const main = await files.write('main.ts', text)
  const backends = Array.from({ length: backendCount }, (_, index) =>
    Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response(String(index)) }),
  )
  for (const backend of backends) stack.defer(() => backend.stop(true))
  const clock = virtualClock()
  const events: EdgeEvent[] = []
  const edge = await startEdge({
    config: configOf(
      backends.map(({ port }) => Number(port)),
      { use: main, options: undefined },
    ),
    emit: (event) => events.push(event),
    clock,
    random: seededRandom(1),
  })
  stack.defer(() => edge.kill())
  const address = edge.addresses[0]?.address
  if (address?.kind !== 'tcp') throw new Error('the edge does not listen on TCP')
  const { control } = edge
  const owned = stack.move()
  return {
    edge,
    files,
    clock,
    events,
    main,
    async ask() {
      const response = await fetch(`http://127.0.0.1:${address.port}/`)
      if (response.status !== 200) throw new Error(`answered ${response.status}`)
      return Number(await response.text())
    },
    reload: () => control.apply(control.config),
    configWith: (strategy) => ({
      ...control.config,
      pools: control.config.pools.map((pool) => ({ ...pool, strategy })),
    }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function configOf(ports: readonly number[], strategy: StrategyConfig): Config {
  return {
    listeners: [{ name: 'web', address: { kind: 'tcp', host: '127.0.0.1', port: 0 } }],
    admin: undefined,
    trustedProxies: [],
    limits: { maxHeadBytes: 64 * 1024, maxTargetBytes: 16 * 1024, maxFields: 256, maxConnections: 1000 },
    timeouts: { headMs: 10_000, bodyMs: 30_000, keepAliveMs: 75_000, tunnelMs: 3_600_000 },
    drainTimeoutMs: 5000,
    shutdownTimeoutMs: 25_000,
    geo: undefined,
    routes: [{ match: anyRequest, pool: 'web' }],
    pools: [testPool(ports, { strategy })],
  }
}
