/** Rates as people write them: `100/s`, `10/m`, `1000/h`, `10000/d`. Pure. */
import type { Rate } from './contract.ts'

const periods = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

/** What `parseRate` takes, for schemas. */
export const ratePattern = '^(?:[1-9][0-9]{0,8}|1000000000)/[smhd]$'

const pattern = new RegExp(ratePattern)

/** undefined: it is none, or out of the range that a rate has. */
export function parseRate(text: string): Rate | undefined {
  if (!pattern.test(text)) return undefined
  const [count, unit = ''] = text.split('/')
  const perMs = periods.get(unit)
  return perMs === undefined ? undefined : { count: Number(count), perMs }
}

/** The inverse. */
export function formatRate({ count, perMs }: Rate): string {
  const [unit] = [...periods].find(([, length]) => length === perMs) ?? [`${perMs}ms`]
  return `${count}/${unit}`
}
