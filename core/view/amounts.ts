/** Numbers as people read them: short, with a unit, never `NaN`. The inverse is nobody's business. */
import { digits } from './format.ts'

/** `12,345`. */
export const formatCount = (count: number): string => (Number.isFinite(count) ? count.toLocaleString('en-US') : '-')

/** `1 backend`, `12,345 backends`. */
export const counted = (count: number, noun: string, plural = `${noun}s`): string =>
  `${formatCount(count)} ${count === 1 ? noun : plural}`

/** Three significant digits: `0.41 ms`, `12.3 ms`, `1.20 s`. */
export function formatMs(ms: number): string {
  if (!Number.isFinite(ms)) return '-'
  const [value, unit] = ms >= 999.5 ? [ms / 1000, 's'] : [ms, 'ms']
  return `${digits(value)} ${unit}`
}

const spans = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

/** The two largest units: `3d 4h`, `2m 5s`, `7s`. */
export function formatSpan(ms: number): string {
  if (!Number.isFinite(ms)) return '-'
  const index = spans.findIndex(([, size]) => ms >= size)
  const [unit, size] = spans[index] ?? ['s', 1000]
  const [smaller, smallerSize] = spans[index + 1] ?? []
  const whole = Math.floor(Math.max(0, ms) / size)
  if (index < 0 || smaller === undefined || smallerSize === undefined) return `${whole}${unit}`
  return `${whole}${unit} ${Math.floor((ms % size) / smallerSize)}${smaller}`
}

/** Binary units: `47.7 MiB`. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return '-'
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)))
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}

/** Three significant digits, none of them for show: `1`, `0.429`. */
export const formatWeight = (weight: number): string => String(Number(weight.toPrecision(3)))

/** What a balancer tells of a backend or a pool; those of before there were bounds leave `maxInflight` out. */
export interface Inflight {
  readonly inflight: number
  readonly maxInflight?: number | null | undefined
}

/** `3`, or `3/20` under a bound. */
export const formatInflight = ({ inflight, maxInflight }: Inflight): string =>
  typeof maxInflight === 'number' ? `${formatCount(inflight)}/${formatCount(maxInflight)}` : formatCount(inflight)
