/** Counts per step of latency, cut to what charts draw. Pure. */
import { type Sparse, sumSparse, totalOf } from './steps.ts'

/** Steps, both ends included. */
export interface StepRange {
  readonly from: number
  readonly to: number
}

/** Steps that hold anything, at least a few, so that a single value is a bar and not a wall. */
export function rangeOf(counts: Sparse): StepRange {
  const first = counts[0] ?? 0
  const last = counts.at(-2) ?? first
  const missing = Math.max(0, 12 - (last - first + 1))
  const from = Math.max(0, first - Math.floor(missing / 2))
  return { from, to: Math.max(last, from + 11) }
}

/** Counts in `columns` equal parts of the range. */
export function binsOf(counts: Sparse, { from, to }: StepRange, columns: number): number[] {
  const bins = Array.from({ length: columns }, () => 0)
  for (let index = 0; index + 1 < counts.length; index += 2) {
    const bin = Math.floor((((counts[index] ?? 0) - from) * columns) / (to - from + 1))
    bins[bin] = (bins[bin] ?? 0) + (counts[index + 1] ?? 0)
  }
  return bins
}

/** Each bin's part of all. */
export const sharesOf = (bins: readonly number[]): number[] => {
  const total = bins.reduce((sum, count) => sum + count, 0)
  return bins.map((count) => (total > 0 ? count / total : 0))
}

/** As many as fit, neighbours added up. */
export function mergeColumns(columns: readonly Sparse[], room: number): readonly Sparse[] {
  if (columns.length <= room) return columns
  return Array.from({ length: room }, (_, index) =>
    sumSparse(
      columns.slice(Math.floor((index * columns.length) / room), Math.floor(((index + 1) * columns.length) / room)),
    ),
  )
}

/** Whether there is anything to draw. */
export const isEmpty = (counts: Sparse): boolean => totalOf(counts) === 0
