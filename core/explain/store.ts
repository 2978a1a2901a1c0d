/** Explained exchanges: the newest of them, and what is told of those that somebody asks for. */
import { hiding } from '../access-log/hide.ts'
import type { Clock } from '../clock.ts'
import type { ExchangeRecord } from '../exchange/record.ts'
import { type Entry, entryOf, tellEntry } from './entry.ts'
import { othersOf, type Rival } from './others.ts'
import type { ExplainPolicy } from './policy.ts'

/** Which to tell; what is undefined does not matter. */
export interface ExplainQuery {
  /** The newest so many of those that fit: 1..MOST_ASKED. */
  readonly last: number
  /** 100..599, or a class of them such as `5xx`; `none`: of clients that left. */
  readonly status?: string | undefined
  /** That took longer, ms. */
  readonly slowerMs?: number | undefined
  /** In words, as `describeMatch` or, with its pool, `describeRoute` has it. */
  readonly route?: string | undefined
  readonly pool?: string | undefined
  /** That were given to it. */
  readonly backend?: string | undefined
  /** That ended later than the one of this id; one that nobody knows is as none. */
  readonly after?: string | undefined
}

export interface StoreOptions {
  readonly clock: Pick<Clock, 'now' | 'wallTime'>
  readonly policy: ExplainPolicy
  /** Resolves to those that are to be asked what they would have done. */
  readonly rivals: () => Promise<readonly Rival[]>
}

/** What of the config a record is told by. */
export interface Surroundings {
  readonly policy: ExplainPolicy
  /** Lower-case names whose values are hidden. */
  readonly hidden: readonly string[]
  /** Rules in words, by their keys. */
  readonly routes: ReadonlyMap<string, string>
}

/** To write one as text takes some 30 µs, what others would have done 0.3 ms; then traffic has its turn. */
const TOLD_A_TURN = 4

/** So many too many are held, some 10 KB each: they are moved together now and then, rather than with each. */
const SLACK = 200

/** Kept as text once somebody has asked: nothing of it changes any more. */
interface Kept {
  readonly entry: Entry
  text: string | undefined
}

export class ExplainStore {
  private readonly clock: StoreOptions['clock']
  private readonly rivals: StoreOptions['rivals']
  private policy: ExplainPolicy
  private isHidden = hiding([])
  private routes: ReadonlyMap<string, string> = new Map()
  /** The oldest first; the last `policy.keep` count. */
  private kept: Kept[] = []
  private sequence = 0
  /** What ids begin with: two processes do not start in one ms at the same place. */
  private readonly origin: string
  seen = 0

  constructor({ clock, policy, rivals }: StoreOptions) {
    this.clock = clock
    this.policy = policy
    this.rivals = rivals
    this.origin = Math.floor(clock.wallTime()).toString(36)
  }

  /** As another config has it; of those kept the oldest go where there are too many now. */
  configure({ policy, hidden, routes }: Surroundings): void {
    this.policy = policy
    this.isHidden = hiding(hidden)
    this.routes = routes
    this.kept = this.kept.slice(-policy.keep)
  }

  add(record: ExchangeRecord): void {
    this.sequence += 1
    const { sequence, isHidden } = this
    const entry = entryOf(record, {
      id: `${this.origin}-${sequence}`,
      sequence,
      wallTime: this.clock.wallTime(),
      isHidden,
      routeWords: (key) => this.routes.get(key),
    })
    this.kept.push({ entry, text: undefined })
    if (this.kept.length >= this.policy.keep + SLACK) this.kept = this.kept.slice(-this.policy.keep)
  }

  /** Whether there is one to tell. */
  has(query: ExplainQuery): boolean {
    return this.find({ ...query, last: 1 }).length > 0
  }

  /** A `ToldExplanations` as JSON. `turn` resolves in a turn of the event loop of its own. */
  async tell(query: ExplainQuery, turn: () => Promise<void>): Promise<string> {
    const found = this.find(query)
    const untold = found.filter(({ text }) => text === undefined)
    const rivals = untold.length === 0 ? [] : await this.rivals()
    for (const [index, kept] of untold.entries()) {
      kept.text ??= this.write(kept.entry, rivals)
      if ((index + 1) % TOLD_A_TURN === 0) await turn()
    }
    const sampling = JSON.stringify({
      rate: this.policy.sample,
      kept: Math.min(this.kept.length, this.policy.keep),
      keep: this.policy.keep,
      seen: this.seen,
    })
    return `{"sampling":${sampling},"explanations":[${found.map(({ text = '' }) => text).join(',')}]}\n`
  }

  /** The newest first. */
  private find(query: ExplainQuery): Kept[] {
    const found: Kept[] = []
    const after = this.sequenceOf(query.after)
    const oldest = Math.max(0, this.kept.length - this.policy.keep)
    for (let index = this.kept.length - 1; index >= oldest && found.length < query.last; index -= 1) {
      const one = this.kept[index]
      if (one === undefined || one.entry.sequence <= after) break
      if (fits(one.entry, query)) found.push(one)
    }
    return found
  }

  private sequenceOf(id: string | undefined): number {
    const [, origin, sequence] = /^([0-9a-z]+)-(\d+)$/.exec(id ?? '') ?? []
    return origin === this.origin ? Number(sequence) : 0
  }

  private write(entry: Entry, rivals: readonly Rival[]): string {
    const { clock } = this
    return JSON.stringify(tellEntry(entry, (asked, strategy) => othersOf(asked, strategy, { rivals, clock })))
  }
}

function fits(entry: Entry, { status, slowerMs, route, pool, backend }: ExplainQuery): boolean {
  return (
    (status === undefined || isOfStatus(entry.status, status)) &&
    (slowerMs === undefined || entry.durationMs > slowerMs) &&
    (route === undefined || entry.route === route || `${entry.route} to ${entry.pool}` === route) &&
    (pool === undefined || entry.pool === pool) &&
    (backend === undefined || entry.backends.includes(backend))
  )
}

function isOfStatus(status: number | null, wanted: string): boolean {
  if (status === null) return wanted === 'none'
  return wanted.endsWith('xx') ? String(status)[0] === wanted[0] : String(status) === wanted
}
