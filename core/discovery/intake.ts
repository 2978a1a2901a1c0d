/**
 * What the sources of one pool list together, brought into the pool: in few steps however often they change, and few
 * members a step however many they list, so that requests are served in between.
 */
import type { Member } from '../backend/member.ts'
import type { Cancel, Clock } from '../clock.ts'
import type { Emit } from '../observe/events.ts'
import { isSameMember } from './listing.ts'

/** One step. */
export interface MemberChanges {
  /** Who is new, or is otherwise than before. */
  readonly put: readonly Member[]
  /** Ids of those who leave. */
  readonly gone: readonly string[]
  /** Whether requests are to go by it; else more is to follow soon, and they go by what was. */
  readonly isLast: boolean
}

/** A pool, as it takes what was found. */
export interface Finder {
  /** Those that were found and are in it, by id. */
  readonly found: ReadonlyMap<string, Member>
  change(changes: MemberChanges): void
}

export interface IntakeOptions {
  /** What events call the pool. */
  readonly pool: string
  readonly clock: Pick<Clock, 'now' | 'after' | 'soon'>
  readonly emit: Emit
  /** The pool at work; undefined: there is none now. */
  readonly into: () => Finder | undefined
  /** Of each source, in the order of the config. */
  readonly lists: () => readonly ReadonlyMap<string, Member>[]
}

/** From one change to the next: a source that flaps is followed, and costs no more than ten changes a second. */
const MIN_PAUSE_MS = 100
/** Of members that come, go or change in one turn: some 0.5 ms, however many there are. */
const MOST_AT_ONCE = 200
/** What has changed is told no more often than this. */
const TELL_MS = 1000

export class Intake {
  private readonly options: IntakeOptions
  /** What is left of the newest comparison; empty: nothing. */
  private put: readonly Member[] = []
  private gone: readonly string[] = []
  private isWorking = false
  private cancelNext: Cancel | undefined = undefined
  private cancelTell: Cancel | undefined = undefined
  private begunAt = -Infinity
  private isStopped = false
  private added = 0
  private removed = 0

  constructor(options: IntakeOptions) {
    this.options = options
  }

  /** One of the lists has changed. */
  poke(): void {
    if (this.cancelNext !== undefined) return
    const { clock } = this.options
    const waitMs = Math.max(0, this.begunAt + MIN_PAUSE_MS - clock.now())
    // In a turn of its own: to compare 10,000 takes some 3 ms, and so did what has come before.
    this.cancelNext = clock.after(waitMs, () => this.begin())
  }

  /** Changes nothing more. */
  stop(): void {
    this.isStopped = true
    this.cancelNext?.()
    this.cancelTell?.()
  }

  /** Brings everything into the pool now, however much it is: nobody is served by it yet, or by nothing that would wait. */
  fill(): void {
    this.compare()
    this.step(Infinity)
  }

  /** Compares what is in the pool with what is to be, and takes the first step: in the next turn where there are more to come. */
  begin(): void {
    this.compare()
    if (this.isWorking) return
    if (this.put.length + this.gone.length > MOST_AT_ONCE) this.stepSoon()
    else this.step(MOST_AT_ONCE)
  }

  private compare(): void {
    this.cancelNext?.()
    this.cancelNext = undefined
    this.begunAt = this.options.clock.now()
    const found = this.options.into()?.found ?? new Map<string, Member>()
    const wanted = merge(this.options.lists())
    this.put = [...wanted.values()].filter((member) => {
      const known = found.get(member.id)
      return known === undefined || !isSameMember(known, member)
    })
    this.gone = [...found.keys()].filter((id) => !wanted.has(id))
  }

  private step(most: number): void {
    this.isWorking = false
    const pool = this.options.into()
    if (this.isStopped || pool === undefined || this.isDone) return
    // As many come as go, for as long as there are any: a pool whose members are all replaced is neither empty in between nor
    // twice as large, which would have each table of them grow, some milliseconds each.
    const put = this.put.slice(0, Math.max(most - this.gone.length, Math.ceil(most / 2)))
    const gone = this.gone.slice(0, most - put.length)
    this.put = this.put.slice(put.length)
    this.gone = this.gone.slice(gone.length)
    this.added += put.filter(({ id }) => !pool.found.has(id)).length
    this.removed += gone.length
    pool.change({ put, gone, isLast: this.isDone })
    this.tellLater()
    if (!this.isDone) this.stepSoon()
  }

  private stepSoon(): void {
    this.isWorking = true
    this.options.clock.soon(() => this.step(MOST_AT_ONCE))
  }

  private get isDone(): boolean {
    return this.put.length + this.gone.length === 0
  }

  private tellLater(): void {
    const { clock, emit, pool, into } = this.options
    this.cancelTell ??= clock.after(TELL_MS, () => {
      const { added, removed } = this
      this.cancelTell = undefined
      this.added = 0
      this.removed = 0
      if (added + removed > 0)
        emit({ kind: 'discovery-changed', pool, added, removed, members: into()?.found.size ?? 0 })
    })
  }
}

/** Of several that name one member the first counts. */
export function merge(lists: readonly ReadonlyMap<string, Member>[]): ReadonlyMap<string, Member> {
  const [only = new Map<string, Member>(), ...others] = lists
  if (others.length === 0) return only
  const merged = new Map(only)
  for (const list of others) for (const [id, member] of list) if (!merged.has(id)) merged.set(id, member)
  return merged
}
