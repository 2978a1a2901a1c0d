/**
 * What every request has to get past before a backend is picked for it, as a part: it owns what the rules of routes must
 * not forget with a snapshot, and puts the rules of each route in their order.
 */
import type { AccessRules } from '../admission/access.ts'
import type { Admission } from '../admission/admission.ts'
import { inOrder } from '../admission/in-order.ts'
import type { Config, RouteConfig } from '../config/config.ts'
import { type Move, NO_MOVE, type Part } from '../part.ts'

export interface GatesOptions {
  /** Who sheds the requests of routes of that priority while there is too much to do. */
  readonly shedder: (priority: number) => Admission
  /** What the route asks of those who come. */
  readonly access: (rule: RouteConfig) => AccessRules
  /** Who counts what the rules of a route refuse, and keeps some out. */
  readonly bans: { around(rules: Admission): Admission }
}

export class Gates implements Part<Config> {
  private readonly options: GatesOptions

  constructor(options: GatesOptions) {
    this.options = options
  }

  async prepare(_config: Config): Promise<Move> {
    return NO_MOVE
  }

  /**
   * All that decides over the requests of a route, in this order: what costs least comes first, who a request comes from
   * is found out before what goes by it, and what is to be given back is taken last. `key`: the route's over reloads.
   */
  admission(rule: RouteConfig, _key: string): Admission {
    const { shedder, access, bans } = this.options
    const { open, authentication } = access(rule)
    return inOrder([shedder(rule.priority), bans.around(inOrder([...open, ...authentication]))])
  }
}
