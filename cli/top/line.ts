/**
 * Lines of styled text and how they are put side by side and into frames: pure, the layout of every screen. A character
 * counts as one column; ids and names are ASCII in practice, and what is wider is cut by the terminal's edge alone.
 */
import { widthOf as columns } from '../text/fit.ts'
import { printableInPlace } from '../text/text.ts'
import type { Role, Theme } from './theme.ts'

export interface Span {
  readonly text: string
  readonly role?: Role
  /** Under the cursor. */
  readonly isSelected?: boolean
}

export type Line = readonly Span[]

export const span = (text: string, role: Role = 'plain'): Span => ({ text, role })

/** The line as it is under the cursor. */
export const select = (spans: Line): Line => spans.map((one) => ({ ...one, isSelected: true }))

/** With the theme's codes, and nothing else that a terminal obeys. */
export function paintLine(spans: Line, { codes }: Theme): string {
  return spans.map((one) => paintSpan(one, codes)).join('')
}

function paintSpan({ text, role = 'plain', isSelected }: Span, codes: Theme['codes']): string {
  if (text === '') return ''
  const painted = `${codes[role][0]}${printableInPlace(text)}${codes[role][1]}`
  return isSelected ? `${codes.selected[0]}${painted}${codes.selected[1]}` : painted
}

export const widthOf = (spans: Line): number => spans.reduce((sum, { text }) => sum + columns(text), 0)

/** Cut or filled up to exactly `width`; a cut shows. */
export function fit(spans: Line, width: number, ellipsis = '…'): Line {
  const surplus = widthOf(spans) - width
  if (surplus === 0) return spans
  const last = spans.at(-1)
  if (surplus < 0) return [...spans, { ...last, role: 'plain', text: ' '.repeat(-surplus) }]
  if (width <= 0) return []
  const kept: Span[] = []
  let left = width - 1
  for (const one of spans) {
    const size = columns(one.text)
    kept.push(size <= left ? one : { ...one, text: Array.from(one.text).slice(0, left).join('') })
    left -= size
    if (left <= 0) break
  }
  return [...kept, { ...last, text: ellipsis, role: 'dim' }]
}

/** `text` in exactly `width` columns. */
export function cell(text: string, width: number, align: 'left' | 'right' = 'left', ellipsis = '…'): string {
  const size = columns(text)
  if (size > width)
    return width <= 0
      ? ''
      : Array.from(text)
          .slice(0, width - 1)
          .join('') + ellipsis
  const space = ' '.repeat(width - size)
  return align === 'right' ? space + text : text + space
}

/** `left` and `right` at the two ends of `width`; the left one gives way. */
export function spread(left: Line, right: Line, width: number, ellipsis?: string): Line {
  const room = width - widthOf(right)
  return room <= 0 ? fit(left, width, ellipsis) : [...fit(left, room, ellipsis), ...right]
}

/** Blocks of lines in columns; each line of a block has its block's width. */
export function beside(...blocks: readonly (readonly Line[])[]): Line[] {
  const height = Math.max(0, ...blocks.map((block) => block.length))
  return Array.from({ length: height }, (_, index) =>
    blocks.flatMap((block) => block[index] ?? [{ text: ' '.repeat(widthOf(block[0] ?? [])) }]),
  )
}

export interface PanelOptions {
  readonly title: string
  /** At the right end of the upper edge. */
  readonly note?: string
  readonly width: number
  readonly height: number
  /** Of the title. */
  readonly role?: Role
}

/** A frame around `lines`, which are cut or filled up to fit. */
export function panel(lines: readonly Line[], options: PanelOptions, { glyphs }: Theme): Line[] {
  const { title, note = '', width, height, role = 'title' } = options
  const [topLeft, topRight, bottomLeft, bottomRight] = glyphs.corners
  const { horizontal, vertical } = glyphs
  const inner = Math.max(0, width - 2)
  const head = cell(title, Math.min(columns(title), Math.max(0, inner - 4)), 'left', glyphs.ellipsis)
  const hasNote = note !== '' && columns(head) + columns(note) + 7 <= inner
  const dashes = inner - 3 - columns(head) - (hasNote ? columns(note) + 3 : 0)
  const border = (text: string): Span => span(text, 'border')
  const top: Line = [
    border(`${topLeft}${horizontal} `),
    span(head, role),
    border(` ${horizontal.repeat(Math.max(0, dashes))}`),
    ...(hasNote ? [span(` ${note} `, 'dim'), border(horizontal)] : []),
    border(topRight),
  ]
  const body = Array.from({ length: Math.max(0, height - 2) }, (_, index): Line => [
    border(vertical),
    ...fit(lines[index] ?? [], inner, glyphs.ellipsis),
    border(vertical),
  ])
  return [top, ...body, [border(bottomLeft + horizontal.repeat(inner) + bottomRight)]]
}
