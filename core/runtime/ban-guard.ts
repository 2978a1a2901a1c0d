/** Who is kept out for what was refused before, as a part: the table outlives reloads, its policy follows the config. */
import type { Admission } from '../admission/admission.ts'
import type { AdminBans } from '../admin/source.ts'
import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import { type BanPolicy, BanTable } from '../limits/ban.ts'
import { banning } from '../limits/ban-admission.ts'
import type { EdgeCounters } from '../observe/counters.ts'
import type { Emit } from '../observe/events.ts'
import { type Move, NO_MOVE, type Part } from '../part.ts'

export interface BanGuardOptions {
  readonly clock: Pick<Clock, 'now' | 'wallTime'>
  readonly counters: Pick<EdgeCounters, 'bans' | 'connectionsBanned'>
  readonly emit: Emit
  /** Whether it is the address of a proxy in front: whoever comes through it is not to pay for others. */
  readonly isTrusted: (address: string) => boolean
}

export class BanGuard implements Part<Config>, AdminBans {
  private readonly options: BanGuardOptions
  private readonly table = new BanTable()
  private policy: BanPolicy | undefined = undefined

  constructor(options: BanGuardOptions) {
    this.options = options
  }

  async prepare({ ban }: Config): Promise<Move> {
    return { ...NO_MOVE, commit: () => this.take(ban) }
  }

  /** Whether whoever connects from that address is to be turned away. */
  keepsOut(address: string): boolean {
    const { clock, counters, isTrusted } = this.options
    if (this.table.isEmpty || !this.table.isBanned(address, clock.now()) || isTrusted(address)) return false
    counters.connectionsBanned += 1
    return true
  }

  /** The rules of a route, with what they refuse counted against the client; themselves without a policy. */
  around(rules: Admission): Admission {
    return this.policy === undefined ? rules : banning(this, rules)
  }

  get isEmpty(): boolean {
    return this.table.isEmpty
  }

  isBanned(address: string, now: number): boolean {
    return this.table.isBanned(address, now)
  }

  refused(address: string, now: number): void {
    const ban = this.table.refused(address, now)
    if (ban === undefined) return
    this.options.counters.bans += 1
    this.options.emit({ kind: 'client-banned', address: ban.address, forMs: Math.round(ban.until - now) })
  }

  /** For the API. */
  list(most: number): ReturnType<AdminBans['list']> {
    const { clock } = this.options
    const offset = clock.wallTime() - clock.now()
    const all = this.table.list(clock.now())
    const bans = all.slice(0, most).map(({ address, until }) => ({
      address,
      until: new Date(offset + until).toISOString(),
    }))
    return { total: all.length, bans }
  }

  lift(address: string, origin: string): string | undefined {
    const { clock, emit } = this.options
    const lifted = this.table.lift(address, clock.now())
    if (lifted !== undefined) emit({ kind: 'audit', what: `let ${lifted} back in`, from: origin, outcome: 'done' })
    return lifted
  }

  private take(policy: BanPolicy | undefined): void {
    this.policy = policy
    this.table.update(policy)
  }
}
