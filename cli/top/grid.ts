/** Tables with a cursor: columns that come and go with the width, rows that scroll with the cursor. Pure. */
import { cell, type Line, select, type Span, span } from './line.ts'
import type { Role, Theme } from './theme.ts'

export interface Column<Row> {
  readonly title: string
  /** Columns of text; 0: what the others leave. */
  readonly width: number
  readonly align?: 'left' | 'right'
  /** Left out on screens narrower than this. */
  readonly from?: number
  readonly cells: (row: Row, width: number, theme: Theme) => string | Span | readonly Span[]
}

export interface GridOptions<Row> {
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  /** Index of the row under the cursor; -1: there is no cursor. */
  readonly cursor: number
  readonly width: number
  /** Of the whole, its header included. */
  readonly height: number
  /** Title of the column that rows are sorted by, with its direction. */
  readonly sorted?: { readonly title: string; readonly descending: boolean }
  /** Of the screen, which decides about columns; else `width`. */
  readonly screenWidth?: number
}

export function grid<Row>(options: GridOptions<Row>, theme: Theme): Line[] {
  const { rows, cursor, width, height, sorted, screenWidth = width } = options
  const columns = options.columns.filter(({ from = 0 }) => screenWidth >= from)
  const fixed = columns.reduce((sum, column) => sum + column.width + 1, 0)
  const rest = Math.max(4, width - fixed - 1)
  const sizes = columns.map((column) => column.width || rest)
  const { glyphs } = theme
  const header = columns.flatMap(({ title, align }, index): Line => {
    const isSorted = sorted?.title === title
    const size = sizes[index] ?? 0
    const arrow = sorted?.descending ? glyphs.up : glyphs.down
    const text = isSorted ? `${title.slice(0, Math.max(0, size - 1))}${arrow}` : title
    return [span(' '), span(cell(text, size, align, glyphs.ellipsis), isSorted ? 'accent' : 'dim')]
  })
  const from = firstVisible(rows.length, cursor, height - 1)
  const body = rows.slice(from, from + height - 1).map((row, index): Line => {
    const isSelected = from + index === cursor
    const cells = columns.flatMap((column, position): Line => {
      const size = sizes[position] ?? 0
      const lead = position === 0 && isSelected ? span(glyphs.cursor, 'accent') : span(' ')
      return [lead, ...fill(column.cells(row, size, theme), size, column.align, glyphs.ellipsis)]
    })
    return isSelected ? select(cells) : cells
  })
  return [header, ...body]
}

/** The cursor stays in the middle, but for the two ends of the list. */
export const firstVisible = (count: number, cursor: number, height: number): number =>
  Math.max(0, Math.min(count - height, cursor - Math.floor(height / 2)))

function fill(
  content: string | Span | readonly Span[],
  width: number,
  align: 'left' | 'right' = 'left',
  ellipsis: string,
): readonly Span[] {
  if (typeof content === 'string') return [span(cell(content, width, align, ellipsis))]
  if ('text' in content) return [{ ...content, text: cell(content.text, width, align, ellipsis) }]
  return content
}

/** `text` in a role that depends on a number. */
export const toned = (text: string, role: Role | false): Span => span(text, role || 'plain')
