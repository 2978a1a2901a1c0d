/** What new members have to prove while they are tried out, `errors<1%,p99<1.2x`: read, and judged. Pure. */
import { parseDurationMs } from '../config/read/units.ts'

export const figures = ['errors', 'p50', 'p90', 'p95', 'p99'] as const

export type Figure = (typeof figures)[number]

export interface Criterion {
  readonly figure: Figure
  /** `ratio`: 0..1 of the requests. `times`: of what the old members come to. `ms`: of a latency. */
  readonly bound: { readonly kind: 'ratio' | 'times' | 'ms'; readonly below: number }
  /** As it was written: `p99<1.2x`. */
  readonly text: string
}

/** What one side came to: its attempts that ended, the failed ones among them, and latencies in ms; NaN: of nothing. */
export interface SideFigures {
  readonly requests: number
  readonly errors: number
  readonly p50: number
  readonly p90: number
  readonly p95: number
  readonly p99: number
}

export type CriteriaRead =
  | { readonly kind: 'criteria'; readonly criteria: readonly Criterion[] }
  /** The rule that the text breaks, in words. */
  | { readonly kind: 'fault'; readonly rule: string }

const criteriaRule =
  'must list what is to hold, such as errors<1%,p99<1.2x: errors, p50, p90, p95 or p99, then < and a bound: 1% of the requests, 1.2x what the old members come to, or a time such as 200ms'

/** As many as there are figures, each in two ways. */
const MOST = 2 * figures.length

export function readCriteria(text: string): CriteriaRead {
  const parts = text.split(',').map((part) => part.trim())
  if (parts.length > MOST) return { kind: 'fault', rule: `must list ${MOST} at most` }
  const criteria = parts.flatMap((part) => readCriterion(part) ?? [])
  return criteria.length === parts.length ? { kind: 'criteria', criteria } : { kind: 'fault', rule: criteriaRule }
}

function readCriterion(text: string): Criterion | undefined {
  const [, name = '', given = ''] = /^([a-z0-9]{1,8})\s*<\s*(\d[\w.%]{0,20})$/.exec(text) ?? []
  const figure = figures.find((one) => one === name)
  const bound = readBound(given)
  if (figure === undefined || bound === undefined) return undefined
  const fits = bound.kind === 'times' || (bound.kind === 'ratio') === (figure === 'errors')
  return fits ? { figure, bound, text: `${name}<${given}` } : undefined
}

function readBound(text: string): Criterion['bound'] | undefined {
  const [, digits = '', unit = ''] = /^(\d{1,6}(?:\.\d{1,6})?)(%|x)$/.exec(text) ?? []
  const number = Number(digits)
  if (unit === 'x') return number > 0 ? { kind: 'times', below: number } : undefined
  if (unit === '%') return number > 0 && number <= 100 ? { kind: 'ratio', below: number / 100 } : undefined
  const ms = parseDurationMs(text)
  return ms === undefined || ms === 0 ? undefined : { kind: 'ms', below: ms }
}

export interface Judgement {
  readonly holds: boolean
  /** `p99 24 ms, not <1.2x of 12 ms`. */
  readonly words: string
}

/** Both sides have had requests. No errors are always few enough; what is to be less than nothing of the old is not. */
export function judge({ figure, bound, text }: Criterion, fresh: SideFigures, old: SideFigures): Judgement {
  const [value, before] = [valueOf(figure, fresh), valueOf(figure, old)]
  const limit = bound.kind === 'times' ? bound.below * before : bound.below
  const holds = value < limit || value === 0
  const than = bound.kind === 'times' ? ` (old: ${shown(figure, before)})` : ''
  return {
    holds,
    words: `${figure} ${shown(figure, value)}, ${holds ? '' : 'not '}${text.slice(figure.length)}${than}`,
  }
}

/** 0..1 of errors, ms of latencies. */
export const valueOf = (figure: Figure, side: SideFigures): number =>
  figure === 'errors' ? errorRatio(side) : side[figure]

export const errorRatio = ({ errors, requests }: SideFigures): number => (requests === 0 ? 0 : errors / requests)

const shown = (figure: Figure, value: number): string =>
  figure === 'errors' ? `${Number((value * 100).toPrecision(3))} %` : `${Number(value.toPrecision(3))} ms`

/** Fewer say nothing of what they will come to. */
const FEWEST_FOR_DOUBT = 20

/**
 * Whether so many errors cannot be chance any more: the ratio that they stand for is above the bound even at the lower end
 * of Wilson's interval (1927) with z = 3, which a sound side falls under once in 740 looks at independent requests.
 */
export function isBeyondDoubt({ figure, bound }: Criterion, fresh: SideFigures, old: SideFigures): boolean {
  const { requests, errors } = fresh
  if (figure !== 'errors' || requests < FEWEST_FOR_DOUBT) return false
  // Of few requests of the old ones nothing is known either: at least one in a hundred may fail.
  const limit = bound.kind === 'times' ? bound.below * Math.max(errorRatio(old), 0.01) : bound.below
  const [ratio, square] = [errors / requests, 9]
  const centre = ratio + square / (2 * requests)
  const spread = 3 * Math.sqrt((ratio * (1 - ratio)) / requests + square / (4 * requests * requests))
  return (centre - spread) / (1 + square / requests) > limit
}
