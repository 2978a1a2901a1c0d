/** A pool's sticky sessions over reloads: what another config does not change goes on as it was, counts and sessions too. */
import type { Backend } from '../backend/backend.ts'
import type { Clock } from '../clock.ts'
import { type StickyCounters, stickyLedger } from '../observe/counters.ts'
import type { Random } from '../random.ts'
import type { Secret } from '../secrets.ts'
import { CookieSticky } from './cookie.ts'
import { LearnedSticky } from './learned.ts'
import type { CookiePolicy, LearnPolicy, StickyPolicy } from './policy.ts'
import type { Sticky } from './sticky.ts'

export interface StickyServices {
  /** The pool's name. */
  readonly pool: string
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
  /** The key that the process keeps for itself; asked for when a policy names none. */
  readonly ownKey: () => Secret
}

export class LiveSticky {
  readonly counters: StickyCounters = stickyLedger.create()
  private readonly services: StickyServices
  private running: CookieSticky | LearnedSticky | undefined = undefined

  /** Off: `update` switches it on. */
  constructor(services: StickyServices) {
    this.services = services
  }

  /** What requests are to ask; undefined: no session is kept. */
  get sticky(): Sticky | undefined {
    return this.running
  }

  /** How many sessions are remembered; undefined: nothing is. */
  get sessions(): number | undefined {
    return this.running instanceof LearnedSticky ? this.running.sessions : undefined
  }

  /** Puts `policy` in force, for the pool's backends as they are now. */
  update(policy: StickyPolicy | undefined, backends: readonly Backend[]): void {
    switch (policy?.kind) {
      case undefined:
        this.running = undefined
        break
      case 'cookie':
        this.running = this.byCookie(policy, backends)
        break
      case 'learn':
        this.running = this.byLearning(policy, backends)
        break
    }
  }

  private byCookie(policy: CookiePolicy, backends: readonly Backend[]): CookieSticky {
    const { counters, running } = this
    const { pool, ownKey } = this.services
    const isSame = running instanceof CookieSticky && Bun.deepEquals(running.policy, policy)
    const sticky = isSame ? running : new CookieSticky({ pool, policy, key: policy.key ?? ownKey(), counters })
    sticky.update(backends)
    return sticky
  }

  private byLearning(policy: LearnPolicy, backends: readonly Backend[]): LearnedSticky {
    const { counters, running } = this
    const { clock, random } = this.services
    const isSame = running instanceof LearnedSticky && Bun.deepEquals(running.policy.from, policy.from)
    const sticky = isSame ? running : new LearnedSticky({ policy, clock, random, counters })
    sticky.update(policy, backends)
    return sticky
  }
}
