/**
 * One node that follows a source: of what it holds, what is for this node is put in force, or is refused and stays away. What
 * is in force goes on whatever becomes of the source.
 */
import type { Cancel, Clock } from '../clock.ts'
import { Outage } from '../discovery/outage.ts'
import type { Emit } from '../observe/events.ts'
import type { Kept } from '../own-files.ts'
import type { FleetStatus } from '../report/fleet-status.ts'
import { isoTime } from '../report/iso-time.ts'
import { generationName, type Offer, readOffer, type Release, releaseFor } from './release.ts'
import type { ConfigStore, ValueSink } from './store.ts'

/** What becomes of a text; `problems` in words. */
export type Taken = { readonly kind: 'taken' } | { readonly kind: 'refused'; readonly problems: readonly string[] }

export interface FollowerOptions {
  readonly store: Pick<ConfigStore, 'name' | 'follow'>
  readonly node: string
  /** As the process starts. */
  readonly inForce: Release
  readonly clock: Pick<Clock, 'after' | 'now' | 'wallTime'>
  /** Puts a text in force, as a whole or not at all. */
  readonly take: (text: string, origin: string) => Promise<Taken>
  /** On the disk, for the next start. */
  readonly keep: (release: Release) => Kept
  readonly emit: Emit
  /** Something of `status` may be another. */
  readonly onChange: () => void
}

/** What was refused may be taken later: a file that it names has come, a port is free. */
const RETRY_MS = 30_000
const MOST_REASON = 300

interface Refused {
  /** undefined: the value is no release at all. */
  readonly release: Release | undefined
  readonly reason: string
}

export class Follower {
  private readonly options: FollowerOptions
  private inForce: Release
  private since: string
  private offer: Offer | undefined = undefined
  private refused: Refused | undefined = undefined
  private readonly outage: Outage
  private isTaking = false
  private toldHeldBack: number | undefined = undefined
  private cancelRetry: Cancel = () => undefined
  private cancelFollowing: Cancel = () => undefined

  constructor(options: FollowerOptions) {
    const { clock, emit, store, inForce } = options
    const source = store.name
    this.options = options
    this.inForce = inForce
    this.since = isoTime(clock.wallTime())
    this.outage = new Outage({
      clock,
      onAway: (reason) => emit({ kind: 'config-source-away', source, reason }),
      onBack: (forMs) => emit({ kind: 'config-source-back', source, forMs }),
    })
  }

  start(): void {
    const sink: ValueSink = {
      value: (text) => this.hear(text),
      confirm: () => this.outage.answered(),
      lose: (reason) => this.outage.lose(reason),
    }
    this.cancelFollowing = this.options.store.follow(sink)
  }

  stop(): void {
    this.cancelFollowing()
    this.cancelRetry()
    this.outage.stop()
    // What is being taken is taken; nothing is behind it.
    this.offer = undefined
  }

  status(): FleetStatus {
    const { offer, refused } = this
    const { store, node, clock } = this.options
    const { presence } = this.outage
    const offsetMs = clock.wallTime() - clock.now()
    return {
      source: store.name,
      node,
      presence: presence.kind,
      away: presence.kind === 'away' ? { since: isoTime(presence.since + offsetMs), reason: presence.reason } : null,
      generation: this.inForce.generation ?? null,
      since: this.since,
      offered: offer === undefined ? null : { generation: offer.generation ?? null, percent: offer.percent },
      state: refused !== undefined ? 'refused' : this.isHeldBack ? 'waiting' : 'current',
      reason: refused?.reason ?? null,
    }
  }

  private get isHeldBack(): boolean {
    return this.offer !== undefined && this.offer.percent < 100 && !isSame(this.offer, this.wanted)
  }

  /** What this node is to run. */
  private get wanted(): Release {
    return (this.offer && releaseFor(this.offer, this.options.node)) ?? this.inForce
  }

  private hear(value: string): void {
    this.outage.answered()
    const read = readOffer(value)
    if (read.kind === 'fault') return this.refuseValue(read.rule)
    this.offer = read.offer
    this.tellHeldBack(read.offer)
    void this.go(false)
  }

  private refuseValue(rule: string): void {
    const { store, emit, onChange } = this.options
    const problem = `${store.name}: ${rule}`
    const isNews = this.refused?.reason !== problem
    this.offer = undefined
    this.refuse(undefined, [problem])
    if (isNews) emit({ kind: 'reload-failed', origin: store.name, problems: [problem], kept: [] })
    onChange()
  }

  private tellHeldBack(offer: Offer): void {
    const { store, emit } = this.options
    const isNews = this.isHeldBack && this.toldHeldBack !== offer.generation
    this.toldHeldBack = this.isHeldBack ? offer.generation : undefined
    if (!isNews) return
    const { percent } = offer
    emit({ kind: 'config-held-back', source: store.name, release: generationName(offer.generation), percent })
  }

  /** Until what is wanted is in force, or refused. `isRetry`: what was refused is tried once more. */
  private async go(isRetry: boolean): Promise<void> {
    if (this.isTaking) return
    this.isTaking = true
    let mayRetry = isRetry
    while (this.offer !== undefined) {
      const { wanted } = this
      if (isSame(wanted, this.inForce) && this.refused?.release === undefined) {
        this.settle()
        break
      }
      if (!mayRetry && this.refused?.release !== undefined && isSame(wanted, this.refused.release)) break
      mayRetry = false
      await this.takeOne(wanted)
    }
    this.isTaking = false
    this.options.onChange()
  }

  private async takeOne(release: Release): Promise<void> {
    const { store, take } = this.options
    // What was refused is still what a reload would try.
    const isOver = release.text === this.inForce.text && this.refused?.release === undefined
    const origin = `${store.name}, ${generationName(release.generation)}`
    const taken: Taken = isOver ? { kind: 'taken' } : await take(release.text, origin)
    if (taken.kind === 'refused') return this.refuse(release, taken.problems)
    this.settle()
    if (isSame(release, this.inForce)) return
    this.inForce = release
    this.since = isoTime(this.options.clock.wallTime())
    this.keep()
  }

  /** Nothing is refused any more. */
  private settle(): void {
    this.refused = undefined
    this.cancelRetry()
  }

  private refuse(release: Release | undefined, problems: readonly string[]): void {
    const [first = 'it is faulty'] = problems
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
    this.refused = { release, reason: `${first.slice(0, MOST_REASON)}${more}` }
    this.cancelRetry()
    this.cancelRetry = this.options.clock.after(RETRY_MS, () => void this.go(true))
  }

  /** Also what the process has started with: it may have come from the source. */
  keep(): void {
    const kept = this.options.keep(this.inForce)
    if (kept.kind === 'fault') this.options.emit({ kind: 'config-copy-unkept', reason: kept.reason })
  }
}

const isSame = (one: Release, other: Release): boolean => one.generation === other.generation && one.text === other.text
