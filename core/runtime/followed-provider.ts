/**
 * One provider, followed: what counts of what it tells. While it is away all stays as it was; routes and pools that nobody
 * names any more stay for a while, since a container that is replaced is missing for a moment; those of one that is faulty
 * now, for as long as it is.
 */
import type { Cancel, Clock } from '../clock.ts'
import { type DraftRead, mergeDrafts } from './merge-drafts.ts'
import { matchKey, NOTHING, type Provided } from '../config/provided.ts'
import { readDraft } from '../config/read-draft.ts'
import { shortEntry, type SkippedEntry } from '../discovery/listing.ts'
import { Outage, type Presence, QUIET_MS } from '../discovery/outage.ts'
import type { Draft, Provider } from '../discovery/provider.ts'
import type { Emit } from '../observe/events.ts'

export interface FollowedProviderOptions {
  /** What events call it, and what its routes and pools say of who makes them. */
  readonly name: string
  readonly provider: Provider
  /** undefined: whatever nobody names any more goes at once. */
  readonly keepMs: number | undefined
  readonly clock: Pick<Clock, 'now' | 'after' | 'soon'>
  readonly emit: Emit
  /** `provided` is another now. */
  readonly onChange: () => void
}

/** More help nobody: a provider may be hostile, and every route is compared with others. */
const MOST_DRAFTS = 5000
/** Of routes that nobody names any more: one who names others all the time must not have them pile up. */
const MOST_STAYING = 5000
/** Entries that are left out, each told by itself: so many in some seconds; all of them stand in the status. */
const MOST_TOLD = 8

/** New ones read in one turn: some 3 ms. */
const AT_ONCE = 50

interface Told {
  readonly drafts: readonly Draft[]
  readonly leftOut: readonly SkippedEntry[]
}

export class FollowedProvider {
  readonly name: string
  provided: Provided = NOTHING
  skipped: readonly SkippedEntry[] = []
  /** Entries that are left out, by their whole names. */
  private faulty: ReadonlySet<string> = new Set()
  /** Resolves once it has said something, be it that it is away. */
  readonly heard: Promise<void>
  private readonly options: FollowedProviderOptions
  private readonly tellHeard: () => void
  private readonly outage: Outage
  /** What it names now. */
  private named: Provided = NOTHING
  /** Until when routes stay that it does not name any more, by what they match. */
  private until: ReadonlyMap<string, number> = new Map()
  /** Who makes those routes, and those that stay: by name. What was there of one that is faulty now stays until that is mended. */
  private readonly makers = new Map<string, string>()
  /** Drafts that have been read, by their text: most of a list are those of the one before. */
  private known = new Map<string, DraftRead['read']>()
  /** The same of drafts that are told as the same objects. */
  private readonly readBefore = new WeakMap<Draft, { readonly text: string; readonly read: DraftRead['read'] }>()
  /** What was told last and is not yet taken. */
  private unread: Told | undefined = undefined
  private isStopped = false
  private tellingSince = -Infinity
  private toldSkipped = 0
  private cancelForget: Cancel = () => undefined
  private cancelProvider: Cancel = () => undefined

  constructor(options: FollowedProviderOptions) {
    this.options = options
    this.name = options.name
    const { promise, resolve } = Promise.withResolvers<void>()
    this.heard = promise
    this.tellHeard = resolve
    const { name: provider, clock, emit } = options
    this.outage = new Outage({
      clock,
      onAway: (reason) => emit({ kind: 'provider-away', provider, reason, routes: this.provided.routes.length }),
      onBack: (forMs) => emit({ kind: 'provider-back', provider, forMs, routes: this.provided.routes.length }),
    })
  }

  get presence(): Presence {
    return this.outage.presence
  }

  start(): void {
    this.cancelProvider = this.options.provider.start({
      publish: (drafts, skipped) => this.hear(drafts, skipped),
      lose: (reason) => {
        this.outage.lose(reason)
        this.tellHeard()
      },
    })
  }

  /** For good. */
  stop(): void {
    this.isStopped = true
    this.cancelProvider()
    this.cancelForget()
    this.outage.stop()
    this.tellHeard()
  }

  /** Reads them, few a turn: of thousands that takes hundreds of ms. What is told meanwhile is read next, the newest of it. */
  private hear(drafts: readonly Draft[], leftOut: readonly SkippedEntry[]): void {
    this.outage.answered()
    const isReading = this.unread !== undefined
    this.unread = { drafts, leftOut }
    if (!isReading) this.readNext()
  }

  private readNext(): void {
    const { unread } = this
    if (unread === undefined) return
    const taken = unread.drafts.slice(0, MOST_DRAFTS)
    const reads = new Map<string, DraftRead['read']>()
    const done: DraftRead[] = []
    const readSome = (): void => {
      let left = AT_ONCE
      while (done.length < taken.length && left > 0) {
        const draft = taken[done.length]!
        const before = this.readBefore.get(draft)
        const text = before?.text ?? JSON.stringify([draft.pools, draft.routes])
        const known = before?.read ?? this.known.get(text) ?? reads.get(text)
        if (known === undefined) left -= 1
        const read = known ?? readDraft(draft, this.name)
        reads.set(text, read)
        this.readBefore.set(draft, { text, read })
        done.push({ draft, read })
      }
      if (done.length < taken.length) return this.soon(readSome)
      this.known = reads
      this.take(done, unread)
      if (this.unread === unread) this.unread = undefined
      else this.soon(() => this.readNext())
    }
    readSome()
  }

  private soon(task: () => void): void {
    this.options.clock.soon(() => {
      if (!this.isStopped) task()
    })
  }

  private take(drafts: readonly DraftRead[], told: Told): void {
    const merged = mergeDrafts(drafts)
    const more = told.drafts.length - drafts.length
    const tooMany = more > 0 ? [{ entry: `${more} more`, reason: `are beyond ${MOST_DRAFTS}` }] : []
    this.skip([...told.leftOut, ...merged.skipped, ...tooMany])
    this.named = merged.provided
    for (const [key, name] of merged.makers) this.makers.set(key, name)
    this.settle()
    this.tellHeard()
  }

  /** Those that are named, and behind them those that stay for a while. */
  private settle(): void {
    const { clock, keepMs = 0, onChange } = this.options
    const now = clock.now()
    const before = this.provided
    const named = new Set(this.named.routes.map(matchKey))
    // The newest first: those that are named come before those that stay.
    const staying = before.routes
      .flatMap((route) => {
        const key = matchKey(route)
        const until = this.faulty.has(this.makers.get(key) ?? '') ? Infinity : this.untilOf(key, now + keepMs)
        return named.has(key) || until <= now ? [] : [{ route, key, until }]
      })
      .slice(0, MOST_STAYING)
    const stays = staying.map(({ route }) => route)
    this.until = new Map(staying.map(({ key, until }) => [key, until]))
    for (const key of this.makers.keys()) if (!named.has(key) && !this.until.has(key)) this.makers.delete(key)
    const pools = new Map(before.pools.map((pool) => [pool.name, pool]))
    const led = new Set(stays.map(({ pool }) => pool))
    for (const { name } of this.named.pools) led.delete(name)
    this.provided = {
      routes: [...this.named.routes, ...stays],
      pools: [...this.named.pools, ...[...led].flatMap((name) => pools.get(name) ?? [])],
    }
    this.forgetLater(now)
    if (!isSame(before, this.provided)) onChange()
  }

  /** One that was faulty, and is named no more, stays for a while from now on. */
  private untilOf(key: string, fromNow: number): number {
    const until = this.until.get(key)
    return until === undefined || until === Infinity ? fromNow : until
  }

  private forgetLater(now: number): void {
    this.cancelForget()
    const next = Math.min(...this.until.values())
    if (next < Infinity) this.cancelForget = this.options.clock.after(next - now, () => this.settle())
  }

  private skip(leftOut: readonly SkippedEntry[]): void {
    const { clock, emit, name: provider } = this.options
    const textOf = ({ entry, reason }: SkippedEntry): string => `${entry} ${reason}`
    const skipped = leftOut.map(shortEntry)
    const before = new Set(this.skipped.map(textOf))
    this.skipped = skipped
    this.faulty = new Set(leftOut.map(({ entry }) => entry))
    const news = skipped.map(textOf).filter((text) => !before.has(text))
    const now = clock.now()
    if (now - this.tellingSince >= QUIET_MS) {
      this.tellingSince = now
      this.toldSkipped = 0
    }
    for (const detail of news.slice(0, MOST_TOLD - this.toldSkipped)) {
      this.toldSkipped += 1
      emit({ kind: 'provider-skipped', provider, count: skipped.length, detail })
    }
  }
}

/** What was read once stays the same object. */
function isSame(one: Provided, other: Provided): boolean {
  const isEqual = <T>(some: readonly T[], others: readonly T[]): boolean =>
    some.length === others.length && some.every((value, index) => value === others[index])
  return isEqual(one.routes, other.routes) && isEqual(one.pools, other.pools)
}
