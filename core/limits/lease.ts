/**
 * What a node has leased of one key's shared bucket: tokens that the bucket's keeper has granted and that are taken here,
 * without a word. The keeper never grants more than there is, and each token is used once, so that all nodes together never
 * let through more than one bucket would, whatever sizes they ask for. How many a node asks for follows the demand that it
 * sees; it asks anew before it has run out, so that hardly anybody waits for the answer. Where the keeper has had nothing,
 * it is not asked again before there can be something. Times are monotonic ms.
 */

export interface Lease {
  /** Granted and not used; below 0: used and not granted, for want of an answer in time. */
  tokens: number
  /** Whether this node has let requests through by itself while the keeper was away. */
  hasUsedShare: boolean
  /** How many it asks for, whole, 1 and up. */
  size: number
  /** Requests since it was last asked for. */
  demand: number
  askedAt: number
  /** An answer is awaited. */
  isAsking: boolean
  /** Before this there is nothing to be had, but for `tokens`. */
  until: number
  /** Whether the keeper had less than was wanted, or has nothing left. */
  wasRefused: boolean
  /** From then on it may be asked for more, though nobody waits for it. */
  askAgainAt: number
  /** What the keeper had left, and when it said so. */
  level: number
  saidAt: number
}

/** A bucket's measures. `perMs`: tokens that come in a ms, > 0; `burst`: tokens that it holds, whole, 1 and up. */
export interface Measures {
  readonly perMs: number
  readonly burst: number
}

/** What the keeper is asked for. */
export interface Wish {
  readonly wanted: number
  /** Granted and given back; below 0: used without having been granted. */
  readonly returned: number
}

/** What the keeper says. `granted`: whole, up to what was wanted; `level`: what is left. */
export interface Grant {
  readonly granted: number
  readonly level: number
}

/** A lease is for the demand of so long. */
const AHEAD_MS = 200
/** Where the keeper has run out, it is asked again for what comes in so long, at least a token. */
const PATIENCE_MS = 250
/** Requests since the keeper was asked, and the ms between them, from which on they are a flood. */
const FLOOD = 2
const FLOOD_MS = 50
/** So long after it was last asked for a lease is over, and what is left of it goes back. */
export const KEPT_MS = 1000

export const createLease = (now: number): Lease => ({
  tokens: 0,
  hasUsedShare: false,
  size: 1,
  demand: 0,
  askedAt: now - KEPT_MS,
  isAsking: false,
  until: 0,
  wasRefused: false,
  askAgainAt: 0,
  level: 0,
  saidAt: now,
})

/** The most that a node may hold for nobody: all nodes together half of what there may be. */
export const largestLease = (burst: number, nodes: number): number => Math.max(1, Math.floor(burst / (2 * nodes)))

/** 'token': there is one here. 'none': nowhere. 'unknown': the keeper has to be asked. */
export function standingOf(lease: Lease, now: number): 'token' | 'none' | 'unknown' {
  if (lease.tokens >= 1) return 'token'
  return now < lease.until || isFlooded(lease, now) ? 'none' : 'unknown'
}

/** Whether to ask for more now, although a request that takes one more needs nobody's answer. */
export function isRunningLow(lease: Lease, now: number): boolean {
  const { isAsking, size, askAgainAt, tokens } = lease
  if (isAsking || now < askAgainAt) return false
  return size > 1 ? tokens - 1 < size / 2 : isFlooded(lease, now)
}

/** So many have been refused lately that another one may be, rather than wait until what comes in is known. */
const isFlooded = ({ tokens, wasRefused, demand, askedAt }: Lease, now: number): boolean =>
  tokens < 1 && wasRefused && demand > FLOOD && demand * FLOOD_MS > now - askedAt

/**
 * What to ask for now. `waiting`: requests that wait for a token; `largest`: what a node may hold for nobody. The size goes
 * with the demand since the last time, up by no more than double: of few requests nobody can tell.
 */
export function makeWish(lease: Lease, now: number, waiting: number, largest: number): Wish {
  const held = Math.max(0, lease.tokens)
  const returned = lease.tokens - held
  lease.tokens = held
  // More than that is on its way already.
  if (lease.isAsking) return { wanted: waiting, returned }
  const expected = Math.ceil((lease.demand * AHEAD_MS) / Math.max(1, now - lease.askedAt))
  lease.size = Math.max(1, Math.min(expected, 2 * lease.size, largest))
  lease.demand = 0
  lease.askedAt = now
  lease.isAsking = true
  return { wanted: Math.max(lease.size - held, waiting, 1), returned }
}

/** The keeper has answered the wish. `perMs`: the bucket's. */
export function receive(lease: Lease, { wanted, granted, level }: Wish & Grant, perMs: number, now: number): void {
  lease.tokens += granted
  lease.isAsking = false
  lease.level = level
  lease.saidAt = now
  forgetRefusal(lease)
  if (granted >= wanted && level >= 1) return
  lease.wasRefused = true
  const next = Math.max(1, Math.min(lease.size, Math.floor(perMs * PATIENCE_MS)))
  const waitMs = Math.max(0, next - level) / perMs
  lease.until = now + waitMs
  // Of several tokens half may be had in half the time: so nobody waits when that is over.
  lease.askAgainAt = next > 1 ? now + waitMs / 2 : lease.until
}

/** There may be something to be had at once. */
export function forgetRefusal(lease: Lease): void {
  lease.until = 0
  lease.askAgainAt = 0
  lease.wasRefused = false
}

/** It is over. undefined: nothing is to be said of it. */
export const giveBack = ({ tokens, hasUsedShare }: Lease): Wish | undefined =>
  tokens === 0 && !hasUsedShare ? undefined : { wanted: 0, returned: tokens }

/** Tokens that there are for the key, as far as is known here: 0 to `burst`, from 1 where there is one here, below 1 where there is none. */
export function levelOf(lease: Lease, { perMs, burst }: Measures, now: number): number {
  if (lease.tokens >= 1) return Math.min(burst, lease.tokens + lease.level + (now - lease.saidAt) * perMs)
  return Math.max(0, Math.min(1 - (lease.until - now) * perMs, BELOW_ONE))
}

/** No token, however little is missing. */
const BELOW_ONE = 0.99
