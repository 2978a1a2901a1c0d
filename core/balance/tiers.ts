/**
 * Tiers of a pool: how its traffic is shared among them, by the share of usable members. The first tier takes all while it
 * can be expected to bear it; what it can't goes to the next, and so on (Envoy's priority levels). Pure.
 */

/**
 * A tier is taken to bear its whole traffic while this many times its usable share is 1: so the next takes over from 71 %
 * downwards. Envoy's factor.
 */
export const OVER_PROVISIONING = 1.4

export interface Tier {
  /** Lower ones come first. */
  readonly tier: number
  readonly members: number
  readonly usable: number
}

/** The part of the traffic that each tier takes, 0..1; together 1 where anybody is usable. */
export function tierLoads(tiers: readonly Tier[]): ReadonlyMap<number, number> {
  let left = 1
  const loads = tiers
    .toSorted((one, other) => one.tier - other.tier)
    .map(({ tier, members, usable }) => {
      const load = Math.min(left, members === 0 ? 0 : (usable / members) * OVER_PROVISIONING)
      left -= load
      return [tier, load] as const
    })
  const sum = 1 - left
  return new Map(loads.map(([tier, load]) => [tier, sum === 0 ? 0 : load / sum]))
}

/**
 * What the weights of each tier are multiplied with, so that its part of all weights is its load: > 0, and 1 in the first
 * tier that has any. A tier without load, or without weight to share it by, is left out.
 */
export function tierScales(
  loads: ReadonlyMap<number, number>,
  weights: ReadonlyMap<number, number>,
): ReadonlyMap<number, number> {
  const perWeight = [...loads].flatMap(([tier, load]) => {
    const weight = weights.get(tier) ?? 0
    return load > 0 && weight > 0 ? [[tier, load / weight] as const] : []
  })
  const [, first = 1] = perWeight[0] ?? []
  return new Map(perWeight.map(([tier, one]) => [tier, one / first]))
}
