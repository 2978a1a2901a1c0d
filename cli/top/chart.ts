/** Numbers -> characters: sparklines, areas, bars and heat. Pure; the theme says which characters. */
import { type Line, type Span, span } from './line.ts'
import type { Role, Theme } from './theme.ts'

/** One row of bars, the newest value at the right; `top` is the value of a full bar. */
export function sparkline(values: readonly number[], width: number, { glyphs }: Theme, top?: number): string {
  const shown = values.slice(-width)
  const full = top ?? Math.max(0, ...shown)
  const bars = shown.map((value) => barOf(full > 0 ? (value / full) * 8 : 0, glyphs.bars))
  return ' '.repeat(Math.max(0, width - shown.length)) + bars.join('')
}

export interface AreaOptions {
  readonly width: number
  readonly height: number
  readonly top?: number
  readonly role: Role
}

/** A filled curve over several rows, the newest value at the right. */
export function area(values: readonly number[], { width, height, top, role }: AreaOptions, { glyphs }: Theme): Line[] {
  const shown = values.slice(-width)
  const full = top ?? Math.max(0, ...shown)
  return Array.from({ length: height }, (_, row): Line => {
    const below = (height - 1 - row) * 8
    const cells = shown.map((value) => {
      const eighths = full > 0 ? (value / full) * 8 * height : 0
      // What is not nothing shows in the lowest row.
      return barOf(below === 0 && value > 0 ? Math.max(1, eighths) : eighths - below, glyphs.bars)
    })
    return [span(' '.repeat(Math.max(0, width - shown.length)) + cells.join(''), role)]
  })
}

/** The mean of each column when there are more values than columns; otherwise the values. */
export function squeeze(values: readonly number[], width: number): number[] {
  if (values.length <= width) return [...values]
  return Array.from({ length: width }, (_, column) => {
    const part = values.slice(
      Math.floor((column * values.length) / width),
      Math.floor(((column + 1) * values.length) / width),
    )
    return part.reduce((sum, value) => sum + value, 0) / Math.max(1, part.length)
  })
}

/** A bar from the left, `ratio` of `width`. */
export function gauge(ratio: number, width: number, { glyphs }: Theme, role: Role = 'bar'): Span[] {
  const filled = ratio > 0 ? Math.round(Math.min(1, ratio) * width) : 0
  const full = glyphs.bars[7] ?? '#'
  return [span(full.repeat(filled), role), span(glyphs.horizontal.repeat(width - filled), 'border')]
}

const heatRoles: readonly Role[] = ['heat1', 'heat2', 'heat3', 'heat4', 'heat5']

/** `ratio` 0..1 as a cell of the heatmap. */
export function heat(ratio: number, { glyphs }: Theme): Span {
  if (ratio <= 0) return span(' ')
  // Steps by the square root: a heatmap is looked at for its rare cells.
  const level = Math.min(4, Math.floor(Math.sqrt(ratio) * 5))
  return span(glyphs.shades[level] ?? '#', heatRoles[level] ?? 'plain')
}

function barOf(eighths: number, bars: readonly string[]): string {
  const level = Math.min(8, Math.round(eighths))
  return level <= 0 ? ' ' : (bars[level - 1] ?? ' ')
}
