/** What `:` offers for the text typed so far. */
import { printable } from '../text/text.ts'
import { choicesFor, whyNothing } from './palette.ts'
import { fit, type Line, panel, select, span } from './line.ts'
import type { View } from './view.ts'

/** Its frame included. */
export const paletteHeight = 10

export function paletteLines({
  state,
  width,
  theme,
  text,
  choice,
}: Omit<View, 'height'> & { text: string; choice: number }): Line[] {
  const choices = choicesFor(state, text)
  const rows = choices.map((one, index): Line => {
    const isChosen = index === Math.min(choice, choices.length - 1)
    const role = one.kind === 'command' ? 'warn' : 'plain'
    const row = fit(
      [span(isChosen ? theme.glyphs.cursor : ' ', 'accent'), span(` ${printable(one.text)}`, role)],
      width - 2,
      theme.glyphs.ellipsis,
    )
    return isChosen ? select(row) : row
  })
  const empty: Line[] = [[span(` ${whyNothing(state, text)}`, 'dim')]]
  return panel(rows.length > 0 ? rows : empty, { title: 'go to or do', width, height: paletteHeight }, theme)
}
