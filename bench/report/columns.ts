/** What every report shows in the same way: blocks of rows, their columns, the text of each cell. Pure. */
import { isTotal, type MetricName, metrics } from '../metric.ts'
import { counted } from '../../core/view/amounts.ts'
import type { Results } from '../results.ts'
import type { Row } from '../summary.ts'

/** The rows of one variant of a scenario, and which metrics they have. */
export interface Block {
  readonly scenario: string
  readonly variant: string
  readonly rows: readonly Row[]
  readonly columns: readonly MetricName[]
}

export function toBlocks(rows: readonly Row[]): readonly Block[] {
  const groups = Object.groupBy(rows, (row) => JSON.stringify([row.scenario, row.variant]))
  return Object.values(groups).flatMap((group) => {
    const first = group?.[0]
    if (group === undefined || first === undefined) return []
    const columns = (Object.keys(metrics) as MetricName[]).filter((name) => group.some((row) => row.values[name]))
    return [{ scenario: first.scenario, variant: first.variant, rows: group, columns }]
  })
}

/** `13.1 ±2%`, or a dash; the spread only where there were several rounds. */
export function cellText(row: Row, name: MetricName): string {
  const summary = row.values[name]
  if (summary === undefined) return '–'
  const value = metrics[name].format(summary.median)
  const isSum = isTotal(name) || name === 'ratePerSecond'
  return isSum || summary.min === summary.max ? value : `${value} ±${(summary.spreadRatio * 100).toFixed(0)}%`
}

/** `1.03×`, with enough rounds `1.03× [0.99–1.08]`; nothing for metrics that do not compare and without the yardstick. */
export function ratioText(row: Row, name: MetricName): string {
  const ratio = row.ratios[name]
  if (ratio === undefined) return ''
  const interval = row.intervals[name]
  return `${ratio.toFixed(2)}×${interval ? ` [${interval.low.toFixed(2)}–${interval.high.toFixed(2)}]` : ''}`
}

/** What a metric means, and which way is better. */
export function explainMetric(name: MetricName): string {
  const { meaning, better } = metrics[name]
  return better === 'none' ? meaning : `${meaning} (${better} is better)`
}

/** The metrics of a block that have a ratio column. */
export const comparedColumns = (block: Block): readonly MetricName[] =>
  block.columns.filter((name) => block.rows.some((row) => row.ratios[name] !== undefined))

/** A block as lines of cells, the header first: contestant, then each metric, its ratio beside it where there is one. */
export function toCells(block: Block): readonly (readonly string[])[] {
  const compared = comparedColumns(block)
  const header = block.columns.flatMap((name) => [metrics[name].label, ...(compared.includes(name) ? ['×nginx'] : [])])
  const lines = block.rows.map((row) => [
    row.flaws.length > 0 ? `${row.contestant} !` : row.contestant,
    ...block.columns.flatMap((name) => [
      cellText(row, name),
      ...(compared.includes(name) ? [ratioText(row, name)] : []),
    ]),
  ])
  return [['', ...header], ...lines]
}

/** How much load for how long, in words. */
export function describeLoad({ connections, rounds, secondsPerRound }: Results['settings']): string {
  const each = `of ${secondsPerRound} s for each contestant`
  const turns = rounds === 1 ? `one round ${each}` : `${rounds} alternating rounds ${each}; medians`
  return `${counted(connections, 'connection')}, ${turns}`
}

/** One cause for which rows are not to be trusted. */
export interface FlawGroup {
  /** Numbers that differ are ranges: `other processes took 4–9 % of its core’s time`. */
  readonly cause: string
  /** Scenario by scenario: `steady: full speed (nginx, caddy), fixed rate (nginx)`. */
  readonly places: readonly string[]
}

/** Few causes spoil many rows on a busy machine: each is told once. */
export function groupFlaws(rows: readonly Row[]): readonly FlawGroup[] {
  const all = rows.flatMap((row) => row.flaws.map((flaw) => ({ row, flaw })))
  return [...Map.groupBy(all, ({ flaw }) => flaw.replace(number, '0'))].map(([, group]) => ({
    cause: mergeNumbers(group.map(({ flaw }) => flaw)),
    places: placesOf(group.map(({ row }) => row)),
  }))
}

const number = /\d+(?:\.\d+)?/g

/** Of texts that differ in numbers alone. */
function mergeNumbers(texts: readonly string[]): string {
  const values = texts.map((text) => text.match(number)?.map(Number) ?? [])
  let at = 0
  return (texts[0] ?? '').replace(number, () => {
    const here = values.map((numbers) => numbers[at] ?? 0)
    at += 1
    const [min, max] = [Math.min(...here), Math.max(...here)]
    return min === max ? String(min) : `${min}–${max}`
  })
}

function placesOf(rows: readonly Row[]): readonly string[] {
  return [...Map.groupBy(rows, (row) => row.scenario)].map(([scenario, own]) => {
    const variants = [...Map.groupBy(own, (row) => row.variant)]
    const named = variants.map(([variant, some]) => `${variant} (${some.map((row) => row.contestant).join(', ')})`)
    return `${scenario}: ${named.join(', ')}`
  })
}

/** Rows not to be trusted, and why, a line each. */
export const listFlaws = (rows: readonly Row[]): readonly string[] => listReasons(rows, (row) => row.flaws)

/** Rows of which other rounds were left out, and why, a line each. */
export const listLeftOut = (rows: readonly Row[]): readonly string[] => listReasons(rows, (row) => row.leftOut)

const listReasons = (rows: readonly Row[], reasonsOf: (row: Row) => readonly string[]): readonly string[] =>
  rows.flatMap((row) => {
    const reasons = reasonsOf(row)
    return reasons.length === 0 ? [] : [`${row.scenario}, ${row.variant}, ${row.contestant}: ${reasons.join('; ')}`]
  })
