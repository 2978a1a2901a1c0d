/** Columns that line up: pure, by characters as a terminal counts them. */
import { widthOf } from './fit.ts'
import { paint, type Style } from './text.ts'

export interface Cell {
  readonly text: string
  readonly style?: Style
  /** Numbers stand to the right. */
  readonly right?: boolean
}

/** One line a row, two spaces in front and between; the first row decides how many columns there are. */
export function alignTable(rows: readonly (readonly Cell[])[], color: boolean): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => widthOf(row[column]?.text ?? ''))))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => pad(cell, widths[column] ?? 0, color))
      .join('  ')
      .trimEnd(),
  )
  return lines.map((line) => `  ${line}\n`).join('')
}

function pad({ text, style, right }: Cell, columns: number, color: boolean): string {
  const space = ' '.repeat(Math.max(0, columns - widthOf(text)))
  const painted = style ? paint(text, style, color) : text
  return right ? space + painted : painted + space
}
