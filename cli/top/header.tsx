/** The top of every screen: who is watched, the tabs, and the verdict in one line. */
/** @jsxImportSource #jsx */
import { formatSpan } from '../text/format.ts'
import { printable } from '../text/text.ts'
import { verdictOf } from './findings.ts'
import { clockTime, span as spanText } from './format.ts'
import { fit, type Line, type Span, span, spread, widthOf } from './line.ts'
import { Lines } from './lines.tsx'
import { screens, type Screen, shownOf, spanSeconds, type UiState } from './state.ts'
import type { Theme } from './theme.ts'
import type { View } from './view.ts'
import { ageWords } from './words.ts'

export const headerHeight = 3

const titles: Readonly<Record<Screen, string>> = {
  overview: 'Overview',
  backends: 'Backends',
  latency: 'Latency',
  pools: 'Pools',
  events: 'Events',
  strategies: 'Strategies',
}

export function Header({ state, width, theme }: Omit<View, 'height'>) {
  const lines = [identity(state, width, theme), tabs(state, width, theme), verdict(state, width, theme)]
  return <Lines lines={lines} theme={theme} />
}

function identity(state: UiState, width: number, theme: Theme): Line {
  const { hello, frame } = shownOf(state)
  const { separator, states } = theme.glyphs
  const apart = span(` ${separator} `, 'border')
  const parts: Span[] = [span(' SmartEdge', 'title'), span(hello ? ` ${printable(hello.version)}` : '', 'dim')]
  if (frame) {
    const isServing = frame.phase === 'serving'
    parts.push(
      span('  '),
      span(`${isServing ? states['good'] : states['warn']} ${printable(frame.phase)}`, isServing ? 'good' : 'warn'),
      span(` ${formatSpan(frame.uptimeMs)}`),
      ...generationParts(state, apart),
    )
  }
  const where = printable(state.url.replace(/^http:\/\//, ''))
  const hasRoom = widthOf(parts) + where.length + 2 <= width
  return spread(parts, hasRoom ? [span(`${where} `, 'dim')] : [], width, theme.glyphs.ellipsis)
}

function generationParts(state: UiState, apart: Span): Span[] {
  const { frame } = shownOf(state)
  const { generation, reload } = frame ?? {}
  const parts: Span[] = []
  if (generation) parts.push(apart, span(`generation ${generation.number}`))
  if (reload)
    parts.push(
      apart,
      reload.ok ? span(`reload ok ${clockTime(reload.at)}`) : span(`reload refused ${clockTime(reload.at)}`, 'bad'),
    )
  return parts
}

function tabs(state: UiState, width: number, theme: Theme): Line {
  const names = screens.flatMap((screen, index): Line => {
    const isOpen = screen === state.screen
    return [
      span(index === 0 ? ' ' : ''),
      { ...span(` ${index + 1} `, 'key'), isSelected: isOpen },
      { ...span(`${titles[screen]} `, isOpen ? 'title' : 'dim'), isSelected: isOpen },
    ]
  })
  const marks = [
    ...(state.frozen ? ['frozen'] : []),
    ...(state.faultsOnly ? ['faults only'] : []),
    ...(state.filter ? [`/${state.filter}`] : []),
    spanText(spanSeconds(state)),
  ]
  const right = span(` ${marks.join(` ${theme.glyphs.separator} `)} `, state.frozen ? 'accent' : 'dim')
  return spread(names, [right], width, theme.glyphs.ellipsis)
}

function verdict(state: UiState, width: number, theme: Theme): Line {
  const banner = bannerOf(state, theme)
  if (banner) return fit(banner, width, theme.glyphs.ellipsis)
  const { frame, findings } = shownOf(state)
  if (!frame) return [span(' Waiting for the first frame.', 'dim')]
  const { tone, wordings } = verdictOf(findings, frame, clockTime)
  const glyph = `${theme.glyphs.states[tone] ?? ''} `
  const words = wordings.find((one) => widthOf([span(one)]) <= width - 4) ?? wordings.at(-1) ?? ''
  return fit([span(' '), span(glyph + printable(words), tone)], width, theme.glyphs.ellipsis)
}

/** Instead of the verdict while the connection is lost: what is shown below is old. */
function bannerOf({ link, now, live }: UiState, { glyphs }: Theme): Line | undefined {
  if (link.kind !== 'lost') return undefined
  const retry = Math.max(0, Math.ceil((link.retryAt - now) / 1000))
  const age = live.frame ? `; this is ${ageWords((now - link.since) / 1000)} old` : ''
  const text = `${glyphs.states['warn'] ?? ''} Lost: ${link.reason}${age}, next try in ${retry} s`
  return [span(' '), { ...span(text, 'warn'), isSelected: true }]
}
