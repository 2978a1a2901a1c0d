/**
 * What is known of one name, kept for as long as its records say: asked again when they have run out, when an address
 * refused a connection, or when somebody with open connections watches. One look-up at a time; the last good answer serves
 * while a look-up runs or name servers fail (RFC 8767). A failure is kept as well, briefly.
 */
import { isIP } from 'node:net'
import type { Cancel, Clock } from '../clock.ts'
import { type Found, isMissing, type LookUp } from './look-up.ts'

export type Knowledge =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  | { readonly kind: 'failure'; readonly code: string }

/** A TTL of 0 asks for no cache at all, which a balancer cannot afford. */
const MIN_TTL_MS = 1000
/** No name is asked for more often than this, however often its addresses fail. */
const MIN_INTERVAL_MS = 200
/** Docker's own name server says 600 s of containers that live for five. */
const MAX_TTL_MS = 30_000
/** How long a failure is kept. */
const FAILURE_TTL_MS = 1000
/** How long the addresses of a name that has gone are still used: a service that restarts may be without for a while. */
const HOLD_MS = 30_000
/** A look-up that has not answered by then counts as failed. */
const LOOK_UP_MS = 5000
/** How long an address that failed comes behind the others. */
const SHUN_MS = 10_000

export class Name {
  readonly host: string
  private readonly clock: Clock
  private readonly lookUp: LookUp
  private knowledge: Knowledge = { kind: 'nothing' }
  private freshUntil = -Infinity
  private askedAt = -Infinity
  /** The look-up under way; late answers of others count no more. */
  private asking: { readonly stopTimer: Cancel } | undefined = undefined
  /** Since when the name servers have said that there is no such name, while its last addresses are still used. */
  private missingSince: number | undefined = undefined
  private readonly waiting = new Set<() => void>()
  private readonly watchers = new Set<() => void>()
  private stopRefresh: Cancel | undefined = undefined
  /** When each address failed last. */
  private readonly failedAt = new Map<string, number>()
  private turn = 0

  constructor(host: string, clock: Clock, lookUp: LookUp) {
    this.host = host
    this.clock = clock
    this.lookUp = lookUp
  }

  /** What is known now; asks anew behind the scenes when that is due. */
  read(): Knowledge {
    if (this.clock.now() >= this.freshUntil) this.ask()
    return this.knowledge
  }

  /** Whether a look-up is under way. */
  get isAsking(): boolean {
    return this.asking !== undefined
  }

  /** Calls `done` once, when the look-up under way is over; then `read` tells more. */
  wait(done: () => void): Cancel {
    // A function of its own, since the same one may wait twice.
    const told = (): void => done()
    this.waiting.add(told)
    return () => this.waiting.delete(told)
  }

  /** Calls `onChange` after the addresses have changed, and keeps them current until it is cancelled. */
  watch(onChange: () => void): Cancel {
    const told = (): void => onChange()
    this.watchers.add(told)
    this.scheduleRefresh()
    return () => {
      this.watchers.delete(told)
      if (this.watchers.size > 0) return
      this.stopRefresh?.()
      this.stopRefresh = undefined
    }
  }

  /** Whether the name leads elsewhere now; not while nothing better than `address` is known. */
  hasLeft(address: string): boolean {
    return this.knowledge.kind === 'addresses' && !this.knowledge.addresses.includes(address)
  }

  /**
   * The addresses in the order in which to try them: each begins in turn, IPv6 comes behind IPv4 (both lead to the same
   * service, and IPv6 routes are missing more often), those that failed lately behind all. Empty: none is known.
   */
  inOrder(): readonly string[] {
    if (this.knowledge.kind !== 'addresses') return []
    const { addresses } = this.knowledge
    if (addresses.length === 1) return addresses
    const first = addresses.filter((address) => isIP(address) === 4)
    const last = addresses.slice(first.length)
    const ordered = [...rotate(first, this.turn), ...rotate(last, this.turn)]
    this.turn += 1
    if (this.failedAt.size === 0) return ordered
    const now = this.clock.now()
    const isShunned = (address: string): boolean => now - (this.failedAt.get(address) ?? -Infinity) < SHUN_MS
    return [...ordered.filter((address) => !isShunned(address)), ...ordered.filter(isShunned)]
  }

  /** A connect to `address` failed, through its own fault: it may have moved, so the name is asked for anew, now or soon. */
  onFailure(address: string): void {
    this.failedAt.set(address, this.clock.now())
    this.freshUntil = Math.min(this.freshUntil, this.askedAt + MIN_INTERVAL_MS)
    this.read()
  }

  onSuccess(address: string): void {
    if (this.failedAt.size > 0) this.failedAt.delete(address)
  }

  private ask(): void {
    if (this.asking !== undefined) return
    this.stopRefresh?.()
    this.stopRefresh = undefined
    this.askedAt = this.clock.now()
    const stopTimer = this.clock.after(LOOK_UP_MS, () => this.take({ kind: 'failure', code: 'ETIMEOUT' }))
    const asking = { stopTimer }
    this.asking = asking
    this.lookUp(this.host, (found) => {
      if (this.asking === asking) this.take(found)
    })
  }

  private take(found: Found): void {
    this.asking?.stopTimer()
    this.asking = undefined
    const hasChanged = found.kind === 'addresses' ? this.takeAddresses(found) : this.takeFailure(found.code)
    this.scheduleRefresh()
    // Of those who wait or watch now, whoever has not left meanwhile.
    for (const told of Array.from(this.waiting)) if (this.waiting.delete(told)) told()
    if (!hasChanged) return
    for (const told of Array.from(this.watchers)) if (this.watchers.has(told)) told()
  }

  private takeAddresses({ addresses, ttlMs }: Extract<Found, { kind: 'addresses' }>): boolean {
    const old = this.knowledge
    const isSame = old.kind === 'addresses' && isSameSet(old.addresses, addresses)
    if (!isSame) this.knowledge = { kind: 'addresses', addresses: inFamilies(addresses) }
    for (const address of this.failedAt.keys()) if (!addresses.includes(address)) this.failedAt.delete(address)
    this.missingSince = undefined
    this.freshUntil = this.clock.now() + Math.min(MAX_TTL_MS, Math.max(MIN_TTL_MS, ttlMs))
    return !isSame
  }

  private takeFailure(code: string): boolean {
    const now = this.clock.now()
    this.freshUntil = now + FAILURE_TTL_MS
    const hadAddresses = this.knowledge.kind === 'addresses'
    if (hadAddresses && !isMissing(code)) return false
    if (hadAddresses) {
      this.missingSince ??= now
      if (now - this.missingSince < HOLD_MS) return false
    }
    this.missingSince = undefined
    this.knowledge = { kind: 'failure', code }
    return hadAddresses
  }

  private scheduleRefresh(): void {
    if (this.watchers.size === 0 || this.asking !== undefined || this.stopRefresh !== undefined) return
    const delayMs = Math.max(0, this.freshUntil - this.clock.now())
    this.stopRefresh = this.clock.after(delayMs, () => {
      this.stopRefresh = undefined
      this.ask()
    })
  }
}

const isSameSet = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && others.every((address) => some.includes(address))

const inFamilies = (addresses: readonly string[]): readonly string[] => [
  ...addresses.filter((address) => isIP(address) === 4),
  ...addresses.filter((address) => isIP(address) !== 4),
]

const rotate = (addresses: readonly string[], turn: number): readonly string[] =>
  addresses.map((_, index) => addresses[(index + turn) % addresses.length] as string)
