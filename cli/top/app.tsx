/** The whole picture from one state: header, the open screen, footer. Props only; who feeds it stands in `run.tsx`. */
/** @jsxImportSource #jsx */
import { Box, Text } from 'ink'
import type { ComponentType } from 'react'
import { Backends } from './backends.tsx'
import { Detail } from './detail.tsx'
import { Events } from './events.tsx'
import { Footer } from './footer.tsx'
import { Header, headerHeight } from './header.tsx'
import { Help } from './help.tsx'
import { Latency } from './latency.tsx'
import { Overview } from './overview.tsx'
import { PaletteBox, paletteHeight } from './palette-box.tsx'
import { Pools } from './pools.tsx'
import { type Screen, silenceMs, type UiState } from './state.ts'
import { Strategies } from './strategies.tsx'
import { greyTheme, type Theme } from './theme.ts'
import type { View } from './view.ts'

export interface AppProps {
  readonly state: UiState
  readonly columns: number
  readonly rows: number
  readonly theme: Theme
}

const smallest = { columns: 80, rows: 24 } as const

const bodies: Readonly<Record<Screen, ComponentType<View>>> = {
  overview: Overview,
  backends: Backends,
  latency: Latency,
  pools: Pools,
  events: Events,
  strategies: Strategies,
}

export function App({ state, columns, rows, theme }: AppProps) {
  if (columns < smallest.columns || rows < smallest.rows)
    return (
      <Text wrap="truncate">
        {`smartedge top needs ${smallest.columns}x${smallest.rows}, this is ${columns}x${rows}`}
      </Text>
    )
  const { mode } = state
  const bodyTheme = silenceMs(state) !== undefined || state.link.kind === 'lost' ? greyTheme(theme) : theme
  const paletteRows = mode.kind === 'palette' ? paletteHeight : 0
  const view: View = { state, width: columns, height: rows - headerHeight - 1, theme: bodyTheme }
  return (
    <Box flexDirection="column" width={columns} height={rows} flexShrink={0}>
      <Header state={state} width={columns} theme={theme} />
      {/* The palette covers the lower part; what is above it stays where it was. */}
      <Box flexDirection="column" height={view.height - paletteRows} flexShrink={0} overflow="hidden">
        <Body view={view} />
      </Box>
      {mode.kind === 'palette' && (
        <PaletteBox state={state} width={columns} theme={theme} text={mode.text} choice={mode.choice} />
      )}
      <Footer state={state} width={columns} theme={theme} />
    </Box>
  )
}

function Body({ view }: { readonly view: View }) {
  const { state } = view
  if (state.mode.kind === 'help') return <Help {...view} />
  if (state.drill) return <Detail {...view} drill={state.drill} />
  const Open = bodies[state.screen]
  return <Open {...view} />
}
