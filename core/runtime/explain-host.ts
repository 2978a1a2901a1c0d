/** Explained requests, as a part: kept over reloads for as long as somebody wants them, and gone with the key. */
import type { AdminExplain } from '../admin/source.ts'
import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import type { Explainer } from '../exchange/world.ts'
import { createExplainer } from '../explain/explainer.ts'
import { type Rival, rivalNames } from '../explain/others.ts'
import { ExplainStore } from '../explain/store.ts'
import { type Move, NO_MOVE, type Part } from '../part.ts'
import type { Random } from '../random.ts'
import { describeMatch } from '../route/describe.ts'
import type { Secret } from '../secrets.ts'
import type { PluginHost } from '../strategy/host.ts'
import { hiddenIn } from './hidden-names.ts'
import { routeKey } from './route-key.ts'

export interface ExplainHostOptions {
  readonly clock: Clock
  readonly random: Random
  readonly plugins: Pick<PluginHost, 'loadShipped' | 'create'>
  /** Of the admin API; undefined: it has none. */
  readonly token: () => Secret | undefined
}

export class ExplainHost implements Part<Config> {
  private readonly options: ExplainHostOptions
  private store: ExplainStore | undefined = undefined
  private explainer: Explainer | undefined = undefined
  /** Those that were asked last: what nobody holds would be loaded anew for each answer. */
  private rivals: readonly Rival[] = []

  constructor(options: ExplainHostOptions) {
    this.options = options
  }

  /** undefined: nobody wants to know anything. */
  get current(): Explainer | undefined {
    return this.explainer
  }

  /** The same for the admin API. */
  get explained(): AdminExplain | undefined {
    return this.store
  }

  prepare(config: Config): Promise<Move> {
    return Promise.resolve({ ...NO_MOVE, commit: () => this.take(config) })
  }

  private take(config: Config): void {
    const { explain: policy, routes, tcpRoutes } = config
    const { clock } = this.options
    if (policy === undefined) {
      this.store = undefined
      this.explainer = undefined
      this.rivals = []
      return
    }
    const store = (this.store ??= new ExplainStore({
      clock,
      policy,
      rivals: async () => (this.rivals = await this.loadRivals()),
    }))
    const words = new Map([...routes, ...tcpRoutes].map((rule) => [routeKey(rule), describeMatch(rule.match)]))
    store.configure({ policy, hidden: hiddenIn(config), routes: words })
    this.explainer = createExplainer({ ...this.options, policy, store })
  }

  /** As their files are now: one that has been edited is left out, since nobody has seen how long it takes. */
  private async loadRivals(): Promise<readonly Rival[]> {
    const { plugins } = this.options
    const found: Rival[] = []
    for (const name of rivalNames) {
      const loaded = await plugins.loadShipped(name).catch(() => undefined)
      if (loaded !== undefined) found.push({ name, create: () => plugins.create(loaded, undefined) })
    }
    return found
  }
}
