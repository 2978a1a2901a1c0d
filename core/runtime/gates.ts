/**
 * What every request has to get past before a backend is picked for it, as a part: it owns what the rules of routes must
 * not forget with a snapshot, and puts the rules of each route in their order.
 */
import type { AccessRules } from '../admission/access.ts'
import type { Admission } from '../admission/admission.ts'
import { inOrder } from '../admission/in-order.ts'
import type { Clock } from '../clock.ts'
import type { Config, PoolConfig, RouteConfig } from '../config/config.ts'
import { type LimitFacts, type LimitOwner, Limits } from '../limits/live.ts'
import type { OwnLimitOf } from '../limits/rate-limit.ts'
import type { Sharing } from '../limits/shared-limit.ts'
import { type Move, NO_MOVE, type Part } from '../part.ts'
import { describeRoute } from '../route/describe.ts'
import { routeKey } from './route-key.ts'

export interface GatesOptions {
  readonly clock: Pick<Clock, 'now'>
  /** 8 bytes that nobody can foresee. */
  readonly seed: Uint8Array
  /** Who sheds the requests of routes of that priority while there is too much to do. */
  readonly shedder: (priority: number) => Admission
  /** What subjects have instead of what a limit by client grants everybody; absent: nothing. */
  readonly ownLimitOf?: OwnLimitOf
  /** Whom limits may be shared with; absent: nobody. */
  readonly sharing?: Sharing
  /** What the route asks of those who come. */
  readonly access: (rule: RouteConfig) => AccessRules
  /** Who counts what the rules of a route refuse, and keeps some out. */
  readonly bans: { around(rules: Admission): Admission }
}

export class Gates implements Part<Config> {
  private readonly options: GatesOptions
  private readonly limits: Limits
  private pools: ReadonlyMap<string, PoolConfig> = new Map()

  constructor(options: GatesOptions) {
    this.options = options
    this.limits = new Limits(options.seed, options.ownLimitOf, options.sharing)
  }

  async prepare(config: Config): Promise<Move> {
    return { ...NO_MOVE, commit: () => this.take(config) }
  }

  /**
   * All that decides over the requests of a route, in this order: what costs least comes first, who a request comes from
   * is found out before what goes by it, and what is to be given back is taken last. `key`: the route's over reloads.
   */
  admission(rule: RouteConfig, key: string): Admission {
    const { shedder, access, bans } = this.options
    const { open, authentication } = access(rule)
    const { first, bySubject, atOnce } = this.limits.of(routeOwner(rule, key), this.poolOwner(rule.pool))
    const rules = [...open, ...first, ...authentication, ...bySubject, ...atOnce]
    return inOrder([shedder(rule.priority), bans.around(inOrder(rules))])
  }

  /** Of all limits there are, as they stand now. */
  get limitFacts(): readonly LimitFacts[] {
    return this.limits.facts
  }

  /** Ends what it has begun, for good. */
  stop(): void {
    this.limits.update([], this.options.clock.now())
    this.options.sharing?.fleet.update(undefined)
  }

  private take({ routes, tcpRoutes, pools, redis }: Config): void {
    this.pools = new Map(pools.map((pool) => [pool.name, pool]))
    const owners = [
      ...[...routes, ...tcpRoutes].map((rule) => routeOwner(rule, routeKey(rule))),
      ...pools.map(({ name }) => this.poolOwner(name)),
    ]
    // Redis is asked for what somebody shares, and else left alone.
    const isShared = owners.some(({ limits }) => limits.some((limit) => limit.kind === 'rate' && limit.shared))
    this.options.sharing?.fleet.update(isShared ? redis : undefined)
    this.limits.update(owners, this.options.clock.now())
  }

  private poolOwner(name: string): LimitOwner {
    return { kind: 'pool', key: name, name, limits: this.pools.get(name)?.limits ?? [] }
  }
}

const routeOwner = (rule: RouteConfig, key: string): LimitOwner => ({
  kind: 'route',
  key,
  // Asked of those that have limits; thousands of others need none.
  get name() {
    return describeRoute(rule)
  },
  limits: rule.limits ?? [],
})
