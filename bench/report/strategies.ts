/** Strategies beside each other in one table: what each scenario of theirs is about, and nothing else. Pure. */
import { type MetricName, metrics } from '../metric.ts'
import type { Row } from '../summary.ts'
import { cellText } from './columns.ts'

const columns: readonly { readonly scenario: string; readonly names: readonly MetricName[] }[] = [
  { scenario: 'slow-one', names: ['p99Us', 'slowShare'] },
  { scenario: 'flapping', names: ['p99Us', 'failed'] },
  { scenario: 'weights', names: ['skew'] },
]

/** SmartEdge with each of its strategies, then the rivals; a cell with `!` is not to be trusted. Empty unless there are several strategies and scenarios. */
export function toStrategyCells(rows: readonly Row[]): readonly (readonly string[])[] {
  const used = columns.filter(({ scenario }) => rows.some((row) => row.scenario === scenario))
  if (used.length < 2) return []
  const own = used.map(({ scenario, names }) => ({ names, rows: rows.filter((row) => row.scenario === scenario) }))
  const contestants = [...new Set(own.flatMap((each) => each.rows.map((row) => row.contestant)))]
  if (contestants.filter((name) => name.startsWith('smartedge:')).length < 2) return []
  const header = used.flatMap(({ scenario, names }) => names.map((name) => `${scenario} ${metrics[name].label}`))
  const lines = contestants.map((contestant) => [
    contestant,
    ...own.flatMap(({ names, rows }) => {
      const row = rows.find((row) => row.contestant === contestant)
      return names.map((name) =>
        row === undefined ? '–' : `${cellText(row, name)}${row.flaws.length > 0 ? ' !' : ''}`,
      )
    }),
  ])
  return [['', ...header], ...lines]
}

/** Whether the table above says what is worth saying of a row. */
export const isInStrategyTable = ({ scenario }: Row): boolean => columns.some((column) => column.scenario === scenario)
