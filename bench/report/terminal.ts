/** The results as text for a terminal: a table for each variant, or one for all strategies. Pure. */
import type { Results } from '../results.ts'
import { isInStrategyTable, toStrategyCells } from './strategies.ts'
import { groupFlaws, listLeftOut, toBlocks, toCells } from './columns.ts'

/** Ends with a newline; empty without rows. */
export function renderTerminal(results: Pick<Results, 'rows' | 'scenarios'>): string {
  const strategies = toStrategyCells(results.rows)
  const hasTable = strategies.length > 0
  const others = hasTable ? results.rows.filter((row) => !isInStrategyTable(row)) : results.rows
  const blocks = toBlocks(others).map((block) => `${block.scenario}: ${block.variant}\n${alignCells(toCells(block))}`)
  if (hasTable) blocks.push(`strategies\n${alignCells(strategies)}`)
  const flaws = groupFlaws(results.rows).map(
    ({ cause, places }) => `  ${cause}\n${places.map((place) => `    ${place}\n`).join('')}`,
  )
  const notes = flaws.length === 0 ? [] : [`! not to be trusted:\n${flaws.join('')}`]
  const leftOut = listLeftOut(results.rows).length
  if (leftOut > 0) notes.push(`Rows without some of their rounds: ${leftOut}; --html and --json tell why.\n`)
  return [...blocks, ...notes].map((part) => `${part}\n`).join('')
}

/** The first column to the left, the others to the right. */
function alignCells(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const pad = (text: string, column: number): string =>
    column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0)
  return lines.map((line) => `  ${line.map(pad).join('  ')}\n`).join('')
}
