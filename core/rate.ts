/** Rates as people write them, `100/s`, and as limits count them. Pure. */

/** So many requests in so much time. `count`: 1 to 1e9, whole; `perMs`: 1000, 60,000, 3,600,000 or 86,400,000. */
export interface Rate {
  readonly count: number
  readonly perMs: number
}

const units: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

/** `"10/m"` -> 10 in 60,000 ms; undefined: it is none. The count may be 0, or more than is sensible. */
export function parseRate(text: string): Rate | undefined {
  const [, count, unit = ''] = /^(\d{1,15})\/([smhd])$/.exec(text) ?? []
  const perMs = units.get(unit)
  return count === undefined || perMs === undefined ? undefined : { count: Number(count), perMs }
}

/** As `parseRate` takes it. */
export function formatRate({ count, perMs }: Rate): string {
  const [unit] = [...units].find(([, ms]) => ms === perMs) ?? [`${perMs}ms`]
  return `${count}/${unit}`
}

/** How many at once, where nobody has said so: those of a second, at least one. */
export const defaultBurst = ({ count, perMs }: Rate): number => Math.max(1, Math.floor((count * 1000) / perMs))
