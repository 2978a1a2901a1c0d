/**
 * The descriptors that traffic may use, out of all that the process may open: for connections to clients and to backends,
 * in use or idle, and for checks. When they are used up, the connection that has been idle longest gives way, to a backend
 * first, then to a client. What else is open (files, the admin API, threads) is counted by looking.
 */
import type { Clock } from '../clock.ts'
import { LinkedList, type Place } from './linked-list.ts'

/** An idle connection. */
export interface Idle {
  /** false: not now, since it is hardly idle; absent: at any time. */
  readonly mayGo?: boolean
  /** Closes it now: what it takes is wanted elsewhere. */
  discard(): void
}

export interface BudgetOptions {
  /** Descriptors that the process may have open; undefined: nobody knows. */
  readonly limit: number | undefined
  /** How many more it could open now; undefined: nobody knows. */
  readonly free: () => number | undefined
  readonly clock: Clock
  /** There was none to give, in words. */
  readonly onShortage: (detail: string) => void
}

/** Where the system does not tell its limit. */
const ASSUMED_LIMIT = 4096
/** For files, threads and what is opened between two looks: of each limit an eighth, within these. To try a strategy takes 32. */
const MIN_SPARE = 40
const MAX_SPARE = 128
/** What traffic may use in any case: with less there is nothing to serve with. */
const MIN_CAPACITY = 32
/** How often we look, and only while more than half of the capacity is used. */
const LOOK_MS = 1000

export class DescriptorBudget {
  /** Connections to backends that only wait for the other side to close, and idle ones; longest first. */
  readonly leaving = new LinkedList<Idle>()
  /** Pipes that nobody uses: each is two. */
  readonly idlePipes = new LinkedList<Idle>()
  readonly idleBackends = new LinkedList<Idle>()
  readonly idleClients = new LinkedList<Idle>()
  /** In this order. */
  private readonly givingWay = [this.leaving, this.idlePipes, this.idleBackends, this.idleClients]
  private readonly options: BudgetOptions
  private readonly limit: number
  private used = 0
  private capacity: number
  private lookedAt = -Infinity

  constructor(options: BudgetOptions) {
    this.options = options
    this.limit = options.limit ?? ASSUMED_LIMIT
    this.capacity = this.look()
  }

  /** Half of the capacity as it is now: as many clients as can each have a connection to a backend. */
  get clientsWithBackends(): number {
    return Math.floor(this.capacity / 2)
  }

  /** Whether there is one to take, or somebody idle who may give way. */
  get hasRoom(): boolean {
    if (this.used * 2 > this.capacity) this.lookAgain()
    return this.used < this.capacity || this.givingWay.some((list) => idleIn(list) !== undefined)
  }

  /** Uses one more, for which an idle connection may have to give way; false: there is none, and nothing is idle. */
  take(): boolean {
    if (this.used * 2 > this.capacity) this.lookAgain()
    if (this.used >= this.capacity && !this.makeRoom()) {
      this.options.onShortage(`no descriptor is free: ${this.used} are in use, and no connection is idle`)
      return false
    }
    this.used += 1
    return true
  }

  /** Uses `count` more where they are free: nobody gives way, and nobody is told when they are not. */
  takeQuietly(count: number): boolean {
    if (this.used * 2 > this.capacity) this.lookAgain()
    if (this.used + count > this.capacity) return false
    this.used += count
    return true
  }

  /** One that was taken is free again. */
  give(): void {
    this.used -= 1
  }

  /** Whether a client is idle, and may go. */
  get hasIdleClient(): boolean {
    return idleIn(this.idleClients) !== undefined
  }

  /** Has the client that has been idle longest give way; false: none may go. */
  dropIdleClient(): boolean {
    return drop(this.idleClients)
  }

  /** The system is short of something: all that only wait for the other side close, else one that is idle; false: there is none. */
  relieve(): boolean {
    if (this.leaving.size === 0) return this.makeRoom()
    while (drop(this.leaving));
    return true
  }

  private makeRoom(): boolean {
    return this.givingWay.some(drop)
  }

  private lookAgain(): void {
    const now = this.options.clock.now()
    if (now - this.lookedAt < LOOK_MS) return
    this.lookedAt = now
    this.capacity = this.look()
  }

  private look(): number {
    const spare = Math.min(MAX_SPARE, Math.max(MIN_SPARE, Math.floor(this.limit / 8)))
    const free = this.options.free()
    const others = free === undefined ? 0 : this.limit - free - this.used
    return Math.max(MIN_CAPACITY, this.limit - Math.max(0, others) - spare)
  }
}

/** Of a list, from the longest idle on. */
const MAX_LOOKS = 8

/** Who is to give way; undefined: nobody may. */
function idleIn(list: LinkedList<Idle>): Place<Idle> | undefined {
  let place = list.first
  for (let looks = 0; place !== undefined && looks < MAX_LOOKS; looks += 1, place = place.next)
    if (place.owner.mayGo !== false) return place
  return undefined
}

function drop(list: LinkedList<Idle>): boolean {
  const place = idleIn(list)
  if (place === undefined) return false
  list.remove(place)
  place.owner.discard()
  return true
}
