/** A pool's live strategy without a pool: versions by name, a balancer that tells whom it asks, a clock that stands still. */
import {
  LiveStrategy,
  type ReadyStrategy,
  readyStrategy,
  type StartingStrategy,
  type StrategyEvent,
} from '../../core/strategy/live.ts'
import type { LoadedPlugin, PluginHost } from '../../core/strategy/host.ts'
import type { Strategy } from '../../core/strategy/strategy.ts'
import { StrategyWatch } from '../../core/strategy/watch.ts'
import { virtualClock } from './virtual-clock.ts'

/** Always the first candidate. */
export const first: Strategy = { pick: (candidates) => candidates[0] }

/** A version of a user's file. */
export function loadedOf(version: string, create: () => Strategy = () => ({ ...first }), name = 'mine'): LoadedPlugin {
  const plugin = { apiVersion: 2 as const, name, parse: (raw: unknown) => raw, create }
  return { plugin, isShipped: false, file: '/mine.ts', version, files: ['/mine.ts', `/${version}.ts`] }
}

/** The shipped default. */
export const shippedDefault: LoadedPlugin = {
  ...loadedOf('as shipped', undefined, 'expected-delay'),
  file: '/expected-delay.ts',
  isShipped: true,
}

/** Loads what `file` says, and the shipped ones by `shipped`. */
export const hostOf = (
  file: () => LoadedPlugin,
  shipped: (name: string) => LoadedPlugin = () => shippedDefault,
): PluginHost => ({
  load: async (use) => (use.startsWith('/') ? file() : shipped(use)),
  loadShipped: async (name) => shipped(name),
  create: ({ plugin }, options) => plugin.create(plugin.parse(options)),
  watch: new StrategyWatch(),
  failedFiles: () => [],
})

/** That version, ready to be taken. */
export const readyOf = (version: string, create?: () => Strategy, name?: string): Promise<ReadyStrategy> =>
  readyStrategy(
    hostOf(() => loadedOf(version, create, name)),
    '/mine.ts',
    undefined,
  )

/** The shipped default, ready to serve. */
export const shippedReady = (): Promise<ReadyStrategy> =>
  readyStrategy(
    hostOf(() => shippedDefault),
    'expected-delay',
    undefined,
  )

/** A pool that begins with `starting`; `asked` is whom the balancer asks. */
export function running(starting: StartingStrategy) {
  const { ready } = starting
  const clock = virtualClock()
  const events: StrategyEvent[] = []
  let asked = ready.strategy
  let file = ready.loaded
  const host = hostOf(() => file)
  const balancer = { swap: (strategy: Strategy) => void (asked = strategy), nsPerPick: 120 }
  const live = new LiveStrategy({
    ...starting,
    balancer,
    host,
    watch: host.watch.ofPool('web', () => '/mine.ts'),
    clock,
    onEvent: (event) => events.push(event),
  })
  return {
    live,
    host,
    clock,
    events,
    ready,
    asked: () => asked,
    save: (loaded: LoadedPlugin) => void (file = loaded),
    fail: (times: number, what = 'pick threw', error?: unknown) => {
      for (let index = 0; index < times; index += 1) live.onFault(what, error)
    },
    kinds: () => events.map(({ kind }) => kind),
  }
}

/** A pool that runs version `one` of a user's file. */
export const living = async (create?: () => Strategy) => running({ ready: await readyOf('one', create) })
