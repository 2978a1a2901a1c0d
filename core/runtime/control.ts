/** What the controller may do to the edge: its parts as one, in the order in which they get ready and commit. */
import type { Config } from '../config/config.ts'
import type { EdgeControl } from '../control/edge-control.ts'
import { type Part, prepareInOrder, Refusal, together } from '../part.ts'
import type { Life } from './life.ts'
import type { Listeners } from './listeners.ts'
import type { Pools } from './pools.ts'
import type { Providers } from './providers.ts'
import type { Published } from './published.ts'

export interface EdgeControlOptions {
  readonly parts: readonly Part<Config>[]
  /** Who adds to a config before the parts see it. */
  readonly providers: Pick<Providers, 'prepare' | 'whole'>
  readonly published: Published
  readonly pools: Pools
  readonly listeners: Listeners
  /** An edge that ends takes no other config. */
  readonly life: Life
}

export function createEdgeControl(options: EdgeControlOptions): EdgeControl {
  const { parts, providers, published, pools, listeners, life } = options
  return {
    get config() {
      return published.config
    },
    async prepare(config) {
      if (life.phase === 'draining') throw new Refusal([{ key: '', message: 'the process is ending' }])
      const provided = await providers.prepare(config)
      try {
        return together([provided, await prepareInOrder(parts, providers.whole(config))])
      } catch (error) {
        provided.abandon()
        throw error
      }
    },
    whole: (config) => providers.whole(config),
    files: () => [...new Set(pools.files())],
    load: () => ({ listeners: listeners.load(), pools: pools.load() }),
    recheck: (pool, backend) => pools.running.get(pool)?.recheck(backend) ?? 'unknown',
  }
}
