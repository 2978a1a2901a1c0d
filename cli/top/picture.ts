/** The whole picture as text from one state: header, the open screen, footer. Pure; Ink has it on the terminal by `app.tsx`. */
import { backendsLines } from './backends.ts'
import { detailLines } from './detail.ts'
import { eventsLines } from './events.ts'
import { explainLines } from './explain.ts'
import { footerLine } from './footer.ts'
import { headerHeight, headerLines } from './header.ts'
import { helpLines } from './help.ts'
import { latencyLines } from './latency.ts'
import { type Line, paintLine } from './line.ts'
import { overview } from './overview.ts'
import { paletteHeight, paletteLines } from './palette-box.ts'
import { poolsLines } from './pools.ts'
import { type Screen, silenceMs, type UiState } from './state.ts'
import { strategiesLines } from './strategies.ts'
import { greyTheme, type Theme } from './theme.ts'
import type { View } from './view.ts'

export interface Canvas {
  readonly columns: number
  readonly rows: number
  readonly theme: Theme
}

/** Below it not even the names of backends have room. */
const smallest = { columns: 60, rows: 20 } as const

const bodies: Readonly<Record<Screen, (view: View) => Line[]>> = {
  overview,
  backends: backendsLines,
  latency: latencyLines,
  pools: poolsLines,
  events: eventsLines,
  strategies: strategiesLines,
  explain: explainLines,
}

/** As many lines as there are rows, none wider than the columns. */
export function pictureOf(state: UiState, { columns, rows, theme }: Canvas): readonly string[] {
  if (columns < smallest.columns || rows < smallest.rows) return [tooSmall(columns, rows).slice(0, columns)]
  const { mode } = state
  const isOld = silenceMs(state) !== undefined || state.link.kind === 'lost'
  const view: View = { state, width: columns, height: rows - headerHeight - 1, theme: isOld ? greyTheme(theme) : theme }
  const paint = (lines: readonly Line[], painted: Theme): string[] => lines.map((line) => paintLine(line, painted))
  // The palette covers the lower part; what is above it stays where it was.
  const palette = mode.kind === 'palette' ? paletteLines({ ...view, theme, text: mode.text, choice: mode.choice }) : []
  const room = view.height - (palette.length > 0 ? paletteHeight : 0)
  const body = paint(bodyOf(view), view.theme).slice(0, room)
  const empty = Array<string>(room - body.length).fill('')
  const around = { state, width: columns, theme }
  return [
    ...paint(headerLines(around), theme),
    ...body,
    ...empty,
    ...paint(palette, theme),
    ...paint([footerLine(around)], theme),
  ]
}

const tooSmall = (columns: number, rows: number): string =>
  `smartedge top needs ${smallest.columns}x${smallest.rows}, this is ${columns}x${rows}`

function bodyOf(view: View): Line[] {
  const { mode, drill, screen } = view.state
  if (mode.kind === 'help') return helpLines(view)
  return drill ? detailLines(view, drill) : bodies[screen](view)
}
