/** An edge on real sockets whose pool runs a strategy file of the test's own, before backends that say who they are. */
import type { Config, StrategyConfig } from '../../core/config/config.ts'
import { type Applied, apply } from '../../core/control/edge-control.ts'
import { type Edge, startEdge } from '../../core/edge.ts'
import type { EdgeEvent } from '../../core/observe/events.ts'
import { seededRandom } from '../../core/random.ts'
import { testConfig, testPool } from './edge.ts'
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

/** `text`: of `main.ts`. Rejects as `startEdge` does, with nothing left behind. */
export async function startPluginEdge(text: string, backendCount = 3): Promise<PluginEdge> {
  await using stack = new AsyncDisposableStack()
  const files = stack.use(await strategyFiles())
  const main = await files.write('main.ts', text)
  const backends = Array.from({ length: backendCount }, (_, index) =>
    Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response(String(index)) }),
  )
  for (const backend of backends) stack.defer(() => backend.stop(true))
  const ports = backends.map(({ port }) => Number(port))
  const clock = virtualClock()
  const events: EdgeEvent[] = []
  const edge = await startEdge({
    config: testConfig({ pools: [testPool(ports, { strategy: { use: main, options: undefined } })] }),
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
    reload: () => apply(control, control.config),
    configWith: (strategy) => ({
      ...control.config,
      pools: control.config.pools.map((pool) => ({ ...pool, strategy })),
    }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
