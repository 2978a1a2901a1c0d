/** What `?` shows: every key, and what the glyphs mean. */
/** @jsxImportSource #jsx */
import { keyHelp } from './keys.ts'
import { type Line, panel, span } from './line.ts'
import { Lines } from './lines.tsx'
import type { View } from './view.ts'

export function Help(view: View) {
  return <Lines lines={helpLines(view)} theme={view.theme} />
}

function helpLines({ state, width, height, theme }: View): Line[] {
  const rows = keyHelp.filter(([, , isAction]) => !(isAction && state.readOnly))
  const keys = rows.map(([names, what]): Line => [span(`  ${names.padEnd(16)}`, 'key'), span(what)])
  const { states, mark } = theme.glyphs
  const legend: Line = [
    span('  '),
    span(`${states['healthy'] ?? ''} healthy`, 'good'),
    span(`  ${states['warn'] ?? ''} slow`, 'warn'),
    span(`  ${states['unhealthy'] ?? ''} failing, down`, 'bad'),
    span(`  ${states['draining'] ?? ''} draining`, 'warn'),
    span(`  ${states['unchecked'] ?? ''} unchecked`, 'dim'),
    span(`  ${mark} overlay`, 'second'),
  ]
  return panel([...keys, legend], { title: 'keys', width, height }, theme)
}
