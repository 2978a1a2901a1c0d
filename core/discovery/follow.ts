/**
 * One source, followed: what counts of what it lists. While it is away its last members stay; a list that has lost more
 * than half of its members at once is held back for a while, since it is more often a mistake than meant: who is new in it
 * comes, and nobody leaves, until it has lasted or is longer again.
 */
import type { Member } from '../backend/member.ts'
import type { Cancel, Clock } from '../clock.ts'
import { sourceLedger } from '../observe/counters.ts'
import type { Emit } from '../observe/events.ts'
import { isSameMember, type Listing, NOBODY, type Skipped } from './listing.ts'
import { Outage, type Presence, QUIET_MS } from './outage.ts'
import type { Source, SourceSink } from './source.ts'

/** A list that is held back. */
interface Held {
  readonly listing: Listing
  /** Those who counted before, and go on counting beside whoever is on the list. */
  readonly before: ReadonlyMap<string, Member>
  readonly until: number
  readonly cancel: Cancel
}

export interface FollowedOptions {
  /** What events call the pool and the source. */
  readonly pool: string
  readonly name: string
  readonly source: Source
  /** undefined: no list is held back. */
  readonly guardMs: number | undefined
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly emit: Emit
  /** `members` are others now, or are for the first time what it lists. */
  readonly onChange: () => void
}

export class Followed {
  readonly name: string
  /** Those that count, by id, in the order of the list. */
  members: ReadonlyMap<string, Member> = new Map()
  /** It has listed somebody, or nobody, for which faulty entries alone do not count: else `members` says nothing. */
  hasListed = false
  /** When what counts was last known to be what it lists; undefined: never. */
  knownAt: number | undefined = undefined
  skipped: Skipped = NOBODY.skipped
  readonly counters = sourceLedger.create()
  /** Resolves once it has said something, be it that it is away. */
  readonly heard: Promise<void>
  private readonly options: FollowedOptions
  private readonly tellHeard: () => void
  private held: Held | undefined = undefined
  /** It cannot be had: nobody knows whether what it listed last has lasted. */
  private isLost = false
  private readonly outage: Outage
  private readonly toldAt = { skipped: -Infinity, held: -Infinity }
  private cancelSource: Cancel = () => undefined

  constructor(options: FollowedOptions) {
    this.options = options
    this.name = options.name
    const { pool, name: source, clock, emit } = options
    this.outage = new Outage({
      clock,
      onAway: (reason) => emit({ kind: 'discovery-away', pool, source, reason, members: this.members.size }),
      onBack: (forMs) => emit({ kind: 'discovery-back', pool, source, forMs, members: this.members.size }),
    })
    const { promise, resolve } = Promise.withResolvers<void>()
    this.heard = promise
    this.tellHeard = resolve
  }

  get presence(): Presence {
    return this.outage.presence
  }

  start(): void {
    const sink: SourceSink = {
      publish: (listing) => this.hear(listing),
      confirm: () => this.confirm(),
      vanish: (reason) => this.vanish(reason),
      lose: (reason) => this.lose(reason),
    }
    this.cancelSource = this.options.source.start(sink)
  }

  /** For good. */
  stop(): void {
    this.cancelSource()
    this.held?.cancel()
    this.outage.stop()
    this.tellHeard()
  }

  /** A connect to that backend has failed: if it is one of its members, it may have moved. */
  doubt(id: string): void {
    const { source } = this.options
    if (source.doubt !== undefined && this.members.has(id)) source.doubt()
  }

  /** How many are on the list that is held back, and until when; undefined: none is. */
  get heldBack(): { readonly members: number; readonly until: number } | undefined {
    return this.held && { members: this.held.listing.members.length, until: this.held.until }
  }

  private hear(listing: Listing): void {
    this.answered()
    this.consider(listing)
    this.tellHeard()
  }

  private confirm(): void {
    const isVanished = this.presence.kind === 'away' && !this.isLost
    if (!isVanished) this.answered()
  }

  private vanish(reason: string): void {
    this.lose(reason)
    this.isLost = false
    this.consider(NOBODY)
  }

  private lose(reason: string): void {
    this.counters.failures += 1
    this.isLost = true
    this.outage.lose(reason)
    this.tellHeard()
  }

  private answered(): void {
    this.isLost = false
    this.knownAt = this.options.clock.now()
    this.outage.answered()
  }

  /** Takes `listing`, or holds it back. */
  private consider(listing: Listing): void {
    const { guardMs } = this.options
    this.skip(listing.skipped)
    if (!this.hasListed && listing.members.length === 0 && listing.skipped.count > 0) return
    const before = this.held?.before ?? this.members
    if (guardMs !== undefined && listing.members.length * 2 < before.size) return this.hold(listing, before, guardMs)
    this.held?.cancel()
    this.held = undefined
    this.take(listing.members)
  }

  private hold(listing: Listing, before: ReadonlyMap<string, Member>, guardMs: number): void {
    const { clock, emit, pool, name: source } = this.options
    const { until = clock.now() + guardMs, cancel = clock.after(guardMs, () => this.giveIn()) } = this.held ?? {}
    if (this.held === undefined && this.isTimeToTell('held'))
      emit({
        kind: 'discovery-held',
        pool,
        source,
        members: before.size,
        listed: listing.members.length,
        forMs: guardMs,
      })
    this.held = { listing, before, until, cancel }
    const listed = new Map(listing.members.map((member) => [member.id, member]))
    this.take([...[...before.values()].map((member) => listed.get(member.id) ?? member), ...listing.members])
  }

  /** The list has lasted; if the source is not there to say so, it is asked for as long once more. */
  private giveIn(): void {
    const { held } = this
    const { clock, guardMs = 0 } = this.options
    if (held === undefined) return
    this.held = undefined
    if (!this.isLost) return this.take(held.listing.members)
    this.held = { ...held, until: clock.now() + guardMs, cancel: clock.after(guardMs, () => this.giveIn()) }
  }

  /** `members`: an id may come twice, as the same. */
  private take(members: readonly Member[]): void {
    const next = new Map(members.map((member) => [member.id, member]))
    const isFirst = !this.hasListed
    const isSame = isSameList(this.members, next)
    this.hasListed = true
    if (!isSame) {
      this.members = next
      this.counters.updates += 1
    }
    if (isFirst || !isSame) this.options.onChange()
  }

  private skip(skipped: Skipped): void {
    const { emit, pool, name: source } = this.options
    const isNews = skipped.count > 0 && !Bun.deepEquals(skipped, this.skipped)
    this.skipped = skipped
    const [first] = skipped.first
    if (!isNews || first === undefined || !this.isTimeToTell('skipped')) return
    emit({ kind: 'discovery-skipped', pool, source, count: skipped.count, detail: `${first.entry} ${first.reason}` })
  }

  private isTimeToTell(what: keyof typeof this.toldAt): boolean {
    const now = this.options.clock.now()
    if (now - this.toldAt[what] < QUIET_MS) return false
    this.toldAt[what] = now
    return true
  }
}

function isSameList(some: ReadonlyMap<string, Member>, others: ReadonlyMap<string, Member>): boolean {
  if (some.size !== others.size) return false
  for (const [id, member] of some) {
    const other = others.get(id)
    if (other === undefined || !isSameMember(member, other)) return false
  }
  return true
}
