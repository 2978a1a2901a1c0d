/** What a pool makes of its backends' standings taken together: who is used now, and why somebody is in spite of them. Pure. */
import type { Backend, Use } from '../backend/backend.ts'
import type { Hold, HoldOwner } from '../backend/standing.ts'
import { type Tier, tierLoads, tierScales } from './tiers.ts'

/** At least one backend. */
export type EligibleBackends = readonly [Backend, ...Backend[]]

/** How far what is found out in traffic may empty a pool. */
export interface Restraint {
  /** 0..1 of the members. Ejections and breakers hold nobody out beyond it, whoever else is out. */
  readonly maxEjected: number
  /** 0..1 of the members that nobody has told to drain: when fewer are usable, all of these are used. 0: never. */
  readonly panicThreshold: number
}

/**
 * Why backends are used though something holds them out. `restraint`: more than `maxEjected` would be out. `panic`: fewer
 * than `panicThreshold` are usable. `nobody-left`: connects fail everywhere.
 */
export type DegradedCause = 'restraint' | 'panic' | 'nobody-left'

export interface Degraded {
  readonly cause: DegradedCause
  /** Who is used in spite of it. */
  readonly backends: readonly Backend[]
  /** Held out by nothing. */
  readonly usable: number
  /** All but those told to drain. */
  readonly members: number
}

/** What becomes of one backend; `scale` multiplies its weight. */
export interface Placed {
  readonly backend: Backend
  readonly use: Use
  readonly scale: number
}

export interface Settled {
  /** Every backend, in order. */
  readonly placed: readonly Placed[]
  /** Those of them that take requests; undefined: nobody does. */
  readonly eligible: EligibleBackends | undefined
  /**
   * Who is to be tried when all of these have failed a request, the likelier ones first: tiers that are not needed, each by
   * itself, then those that nothing but failing connects holds out.
   */
  readonly resorts: readonly EligibleBackends[]
  /** undefined: whatever is held against a backend counts. */
  readonly degraded: Degraded | undefined
}

/**
 * The rules that need the whole pool, in this order:
 * 1. Ejections and breakers hold out up to `maxEjected` of all members, whoever else is out counted. Beyond that what they
 *    say does not count; who is out anyhow or has been for longest comes first. People, checks and failing connects hold out
 *    whomever they name.
 * 2. Where fewer than `panicThreshold` are usable, so many can't all be ill: everybody is used whom nobody has told to drain.
 * 3. Where connects fail everywhere they are tried nevertheless, since a request that may fail is better than one that must,
 *    and nothing else finds out so soon who is back. What people and checks say stands.
 * 4. Of those, tiers after the first take part in so far as the ones before lack usable members.
 */
export function settle(backends: readonly Backend[], restraint: Restraint): Settled {
  // All is well: nothing of the below would change anything.
  if (!backends.some(isHeld)) return allWell(backends)
  const well = backends.filter((backend) => !isHeld(backend))
  const held = backends.filter(isHeld)
  const beyond = beyondRestraint(held, backends.length, restraint)
  const those = (fit: (holds: Holds) => boolean): readonly Backend[] =>
    held.filter((backend) => fit(countingHolds(backend, beyond)))
  const sorted: Sorted = {
    well,
    employed: backends.filter(({ standing }) => !standing.holds.some(({ by }) => by === 'operator')),
    free: [...well, ...those((holds) => holds.length === 0)],
    trials: those(isTrial),
    lastResort: those(isByConnectsAlone),
  }
  const { cause, taking, trials } = choose(sorted, restraint)
  const degraded = { cause, usable: well.length, members: sorted.employed.length }
  return settledOf(placedIn(backends, taking, trials), degraded, sorted.lastResort)
}

/** Of ten thousand in one tier, the usual case, in as few steps as there can be: the next request waits for it. */
function allWell(backends: readonly Backend[]): Settled {
  const first = backends[0]?.tier ?? 0
  if (backends.some(({ tier }) => tier !== first)) return settledOf(placedIn(backends, backends, []), undefined, [])
  const placed = backends.map((backend): Placed => ({ backend, use: 'used', scale: 1 }))
  return { placed, eligible: orNobody(backends), resorts: [], degraded: undefined }
}

type Holds = readonly Hold[]

/** A pool's backends by what counts against them. */
interface Sorted {
  /** Nothing at all. */
  readonly well: readonly Backend[]
  /** Whatever it is, no word of people. */
  readonly employed: readonly Backend[]
  /** Nothing that counts. */
  readonly free: readonly Backend[]
  /** A breaker that is half-open. */
  readonly trials: readonly Backend[]
  /** Failing connects. */
  readonly lastResort: readonly Backend[]
}

interface Chosen {
  /** Of those in it that something holds out. */
  readonly cause: DegradedCause
  readonly taking: readonly Backend[]
  readonly trials: readonly Backend[]
}

function choose({ well, employed, free, trials, lastResort }: Sorted, { panicThreshold }: Restraint): Chosen {
  if (well.length < employed.length * panicThreshold) return { cause: 'panic', taking: employed, trials: [] }
  if (free.length + trials.length > 0) return { cause: 'restraint', taking: free, trials }
  return { cause: 'nobody-left', taking: lastResort, trials }
}

function settledOf(
  placed: readonly Placed[],
  degraded: Omit<Degraded, 'backends'> | undefined,
  lastResort: readonly Backend[],
): Settled {
  const eligible = placed.filter(({ use }) => use !== 'out' && use !== 'spare').map(backendOf)
  // None is, too, where another tier bears all.
  const overruled = placed.filter(({ use }) => use === 'overruled').map(backendOf)
  return {
    placed,
    eligible: orNobody(eligible),
    resorts: [...spareTiers(placed), lastResort].filter(isSomebody),
    degraded: degraded && overruled.length > 0 ? { ...degraded, backends: overruled } : undefined,
  }
}

function spareTiers(placed: readonly Placed[]): readonly (readonly Backend[])[] {
  const spare = placed.filter(({ use }) => use === 'spare').map(backendOf)
  const tiers = [...new Set(spare.map(({ tier }) => tier))].toSorted((one, other) => one - other)
  return tiers.map((tier) => spare.filter((backend) => backend.tier === tier))
}

const backendOf = ({ backend }: Placed): Backend => backend

/** Those facts against it that count. */
const countingHolds = (backend: Backend, beyond: ReadonlySet<Backend>): Holds =>
  beyond.has(backend) ? backend.standing.holds.filter(({ by }) => !isFromAnswers(by)) : backend.standing.holds

/** Those of `held` of whom what ejections or breakers say does not count, as enough are out of all `members`. */
function beyondRestraint(held: readonly Backend[], members: number, { maxEjected }: Restraint): ReadonlySet<Backend> {
  const fromAnswers = held.filter(({ standing }) => standing.holds.some(({ by }) => isFromAnswers(by)))
  // 0.29 * 100 is 28.999999999999996.
  const room = Math.floor(members * maxEjected + 1e-9) - (held.length - fromAnswers.length)
  const isOutAnyhow = ({ standing }: Backend): boolean => standing.holds.some(({ by }) => !isFromAnswers(by))
  const ordered = fromAnswers.toSorted(
    (one, other) => Number(isOutAnyhow(other)) - Number(isOutAnyhow(one)) || heldSince(one) - heldSince(other),
  )
  return new Set(ordered.slice(Math.max(0, room)))
}

const isFromAnswers = (by: HoldOwner): boolean => by === 'ejection' || by === 'breaker'

const isHeld = ({ standing }: Backend): boolean => standing.holds.length > 0

const heldSince = ({ standing }: Backend): number => Math.min(...standing.holds.map(({ since }) => since))

const isByConnectsAlone = (holds: Holds): boolean => holds.length > 0 && holds.every(({ by }) => by === 'traffic')

const isTrial = (holds: Holds): boolean => holds.length > 0 && holds.every(({ admits }) => admits === 'trials')

/** `taking`: those that take requests like any other; `trials`: those that are to be tried by a few. */
function placedIn(all: readonly Backend[], taking: readonly Backend[], trials: readonly Backend[]): Placed[] {
  const scales = scalesOf(all, taking)
  const [isTaking, isTrial] = [new Set(taking), new Set(trials)]
  return all.map((backend) => {
    const scale = scales.get(backend.tier)
    if (isTrial.has(backend)) return { backend, use: 'trial', scale: scale ?? 1 }
    if (!isTaking.has(backend)) return { backend, use: 'out', scale: 1 }
    if (scale === undefined) return { backend, use: isHeld(backend) ? 'out' : 'spare', scale: 1 }
    return { backend, use: isHeld(backend) ? 'overruled' : 'used', scale }
  })
}

/** By tier; those without traffic are not in it. Members that something is held against bear none, unless all are such. */
function scalesOf(all: readonly Backend[], taking: readonly Backend[]): ReadonlyMap<number, number> {
  const first = all[0]?.tier ?? 0
  if (all.every(({ tier }) => tier === first)) return new Map([[first, 1]])
  const isAnyWell = taking.some((backend) => !isHeld(backend))
  const bearing = isAnyWell ? taking.filter((backend) => !isHeld(backend)) : taking
  const tiers = [...new Set(all.map(({ tier }) => tier))].map((tier): Tier => ({
    tier,
    members: countOf(all, tier),
    usable: countOf(bearing, tier),
  }))
  const weights = tiers.map(({ tier }) => {
    const members = taking.filter((backend) => backend.tier === tier)
    return [tier, members.reduce((sum, { standing }) => sum + standing.weight, 0)] as const
  })
  return tierScales(tierLoads(tiers), new Map(weights))
}

const countOf = (backends: readonly Backend[], tier: number): number =>
  backends.filter((backend) => backend.tier === tier).length

/** Those of `backends` that take one more request, and are not in `tried`: for a list that nobody has looked through yet. */
export function withRoom(backends: EligibleBackends, tried: readonly Backend[]): EligibleBackends | undefined {
  const isTried = new Set(tried)
  return orNobody(backends.filter((backend) => backend.hasRoom && !isTried.has(backend)))
}

export const orNobody = (backends: readonly Backend[]): EligibleBackends | undefined =>
  isSomebody(backends) ? backends : undefined

const isSomebody = (backends: readonly Backend[]): backends is EligibleBackends => backends.length > 0
