/** What `?` shows: every key, and what the glyphs mean. */
import { keyHelp } from './keys.ts'
import { type Line, panel, span } from './line.ts'
import type { Theme } from './theme.ts'
import type { View } from './view.ts'

export function helpLines({ state, width, height, theme }: View): Line[] {
  const known = keyHelp.filter(
    ([, , only]) => !(only === 'action' && state.readOnly) && !(only === 'several' && state.edges.length === 1),
  )
  // The legend and the frame take three lines.
  const rows = known.length <= height - 3 ? known : known.filter(([, , only]) => only !== 'room')
  const keys = rows.map(([names, what]): Line => [span(`  ${names.padEnd(16)}`, 'key'), span(what)])
  return panel([...keys, legend(width, theme)], { title: 'keys', width, height }, theme)
}

function legend(width: number, { glyphs: { states, mark } }: Theme): Line {
  const signs = [
    span(`${states['healthy'] ?? ''} healthy`, 'good'),
    span(`${states['warn'] ?? ''} slow`, 'warn'),
    span(`${states['unhealthy'] ?? ''} failing, down`, 'bad'),
    span(`${states['draining'] ?? ''} draining`, 'warn'),
    span(`${states['unchecked'] ?? ''} unchecked`, 'dim'),
    ...(width < 80 ? [] : [span(`${mark} overlay`, 'second')]),
  ]
  const apart = span(width < 80 ? ' ' : '  ')
  return [span('  '), ...signs.flatMap((sign, index) => (index === 0 ? [sign] : [apart, sign]))]
}
