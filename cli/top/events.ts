/** Screen 5: the published generation, the newest reload with its problems, and what happened, newest first. */
import type { Frame } from '../../core/report/frame.ts'
import { printable } from '../text/text.ts'
import type { WatchedEvent } from '../../core/view/feed-format.ts'
import { clockTime } from '../../core/view/format.ts'
import { firstVisible } from './grid.ts'
import { type Line, panel, select, span } from './line.ts'
import { cursorOf } from './rows.ts'
import { shownOf } from './state.ts'
import type { Theme } from './theme.ts'
import type { View } from './view.ts'
import { eventWords, levelRoles } from './words.ts'

const maxProblems = 5

export function eventsLines(view: View): Line[] {
  const { state, width, height, theme } = view
  const { events, frame } = shownOf(state)
  const upper = frame ? reloadLines(frame, theme) : []
  const upperHeight = upper.length > 0 ? upper.length + 2 : 0
  const rest = height - upperHeight
  const cursor = cursorOf(state)
  const from = firstVisible(events.length, cursor, rest - 2)
  const rows = events
    .slice(from, from + rest - 2)
    .map((event, index) => eventLine(event, from + index === cursor, theme, width - 2))
  const read = state.isReading ? events[cursor] : undefined
  if (read) return readingPanel(view, read, `${cursor + 1} of ${events.length}`)
  const empty: Line[] = [[span(' Nothing has happened yet.', 'dim')]]
  const note = events.length > 0 ? `${cursor + 1} of ${events.length}` : ''
  return [
    ...(upperHeight > 0 ? panel(upper, { title: 'configuration', width, height: upperHeight }, theme) : []),
    ...panel(rows.length > 0 ? rows : empty, { title: 'events', note, width, height: rest }, theme),
  ]
}

/** One event with all of its words. */
function readingPanel({ width, height, theme }: View, event: WatchedEvent, note: string): Line[] {
  const { level, message } = eventWords(event)
  const lines: Line[] = [
    [span(` ${new Date(event.at).toLocaleString('sv')}  ${printable(event.kind)}`, 'dim')],
    [],
    ...wrap(message, width - 4).map((text): Line => [span(` ${text}`, level === 'info' ? 'plain' : levelRoles[level])]),
  ]
  return panel(lines, { title: 'event', note, width, height }, theme)
}

/** In lines of `width` at most, cut between words where there are any. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let rest = text
  while (rest.length > width) {
    const at = rest.lastIndexOf(' ', width)
    const end = at > 0 ? at : width
    lines.push(rest.slice(0, end))
    rest = rest.slice(end).trimStart()
  }
  return [...lines, rest]
}

function reloadLines({ generation, reload }: Frame, { glyphs }: Theme): Line[] {
  const lines: Line[] = []
  if (generation)
    lines.push([
      span(` generation ${generation.number}`, 'title'),
      span(`  ${clockTime(generation.at)}  ${printable(generation.origin)}  `, 'dim'),
      span(printable(generation.summary)),
    ])
  if (reload && !reload.ok) {
    lines.push([
      span(` ${glyphs.states['bad'] ?? ''} reload refused ${clockTime(reload.at)}`, 'bad'),
      span(`  ${printable(reload.origin)}; what was in force serves on`, 'dim'),
    ])
    for (const problem of reload.problems.slice(0, maxProblems)) lines.push([span(`   ${printable(problem)}`, 'warn')])
    if (reload.problems.length > maxProblems)
      lines.push([span(`   and ${reload.problems.length - maxProblems} more`, 'dim')])
  }
  return lines
}

export function eventLine(event: WatchedEvent, isSelected: boolean, { glyphs }: Theme, width: number): Line {
  const { level, message } = eventWords(event)
  const glyph = level === 'error' ? glyphs.states['bad'] : level === 'warn' ? glyphs.states['warn'] : glyphs.separator
  const fixed = 13
  const one: Line = [
    span(isSelected ? glyphs.cursor : ' ', 'accent'),
    span(`${clockTime(event.at)} `, 'dim'),
    span(`${glyph ?? ' '} `, levelRoles[level]),
    span(message.padEnd(Math.max(0, width - fixed)), level === 'info' ? 'plain' : levelRoles[level]),
  ]
  return isSelected ? select(one) : one
}
