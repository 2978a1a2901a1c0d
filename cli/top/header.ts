/** The top of every screen: who is watched, the tabs, and the verdict in one line. */
import { formatSpan } from '../../core/view/amounts.ts'
import { printable } from '../text/text.ts'
import { verdictOf } from '../../core/view/findings.ts'
import { clockTime, span as spanText } from '../../core/view/format.ts'
import { presentCount } from './choose-edge.ts'
import { fit, type Line, type Span, span, spread, widthOf } from './line.ts'
import { screens, type Screen, shownOf, silenceMs, spanSeconds, type UiState } from './state.ts'
import type { Theme } from './theme.ts'
import type { View } from './view.ts'
import { ageWords } from '../../core/view/words.ts'

export const headerHeight = 3

const titles: Readonly<Record<Screen, string>> = {
  overview: 'Overview',
  backends: 'Backends',
  latency: 'Latency',
  pools: 'Pools',
  events: 'Events',
  strategies: 'Strategies',
  explain: 'Explain',
}

export const headerLines = ({ state, width, theme }: Omit<View, 'height'>): Line[] => [
  identity(state, width, theme),
  tabs(state, width, theme),
  verdict(state, width, theme),
]

function identity(state: UiState, width: number, theme: Theme): Line {
  const where = span(`${printable(whereOf(state))} `, 'dim')
  const [full, ...shorter] = whoWithout.map((left) => identityParts(state, theme, left))
  if (full === undefined) return []
  const hasRoom = widthOf(full) + widthOf([where]) + 1 <= width
  // What is told last, a refused reload say, is more than what stands before it.
  const fitting = [full, ...shorter].find((parts) => widthOf(parts) <= width) ?? shorter.at(-1) ?? full
  return spread(hasRoom ? full : fitting, hasRoom ? [where] : [], width, theme.glyphs.ellipsis)
}

type Part = 'version' | 'generation'

/** What is left out, one after the other, where there is no room. */
const whoWithout: readonly (readonly Part[])[] = [[], ['version'], ['version', 'generation']]

function identityParts(state: UiState, theme: Theme, left: readonly Part[]): Line {
  const { hello, frame } = shownOf(state)
  const { separator, states } = theme.glyphs
  const version = hello && !left.includes('version') ? ` ${printable(hello.version)}` : ''
  const who = [span(' SmartEdge', 'title'), span(version, 'dim')]
  if (!frame) return who
  const uptime = [span('  '), phase(state, frame.phase, states), span(` ${formatSpan(frame.uptimeMs)}`)]
  return [...who, ...uptime, ...generationParts(state, span(` ${separator} `, 'border'), left)]
}

/** Whose picture it is: of several, which one, or of how many. */
function whereOf(state: UiState): string {
  const { edges, chosen } = state
  if (chosen === undefined) return `${presentCount(state)} of ${edges.length} edges`
  const name = edges[chosen]?.name ?? ''
  return edges.length === 1 ? name : `${chosen + 1}/${edges.length} ${name}`
}

/** What it said last; green only while it goes on saying so. */
function phase(state: UiState, said: string, states: Theme['glyphs']['states']): Span {
  if (silenceMs(state) !== undefined) return span(`${states['warn'] ?? ''} last seen ${printable(said)}`, 'warn')
  const isServing = said === 'serving'
  return span(`${isServing ? states['good'] : states['warn']} ${printable(said)}`, isServing ? 'good' : 'warn')
}

/** The generation in force says how it came about, edits and rollbacks included; a reload is told of when it was refused. */
function generationParts(state: UiState, apart: Span, left: readonly Part[]): Span[] {
  const { frame } = shownOf(state)
  const { generation, reload } = frame ?? {}
  const parts: Span[] = []
  const refused = reload && !reload.ok ? reload : undefined
  // One of the two times has room.
  const when = refused || !generation ? '' : `, ${clockTime(generation.at)}`
  if (generation && !left.includes('generation')) parts.push(apart, span(`generation ${generation.number}${when}`))
  if (refused) parts.push(apart, span(`reload refused ${clockTime(refused.at)}`, 'bad'))
  return parts
}

function tabs(state: UiState, width: number, theme: Theme): Line {
  const marks = [
    ...(state.frozen ? ['frozen'] : []),
    ...(state.faultsOnly ? ['faults only'] : []),
    ...(state.filter ? [`/${state.filter}`] : []),
    spanText(spanSeconds(state)),
  ]
  const right = span(` ${marks.join(` ${theme.glyphs.separator} `)} `, state.frozen ? 'accent' : 'dim')
  const lines = shortenings.map((writing) => tabNames(state, writing))
  const fitting = lines.find((line) => widthOf(line) + widthOf([right]) <= width) ?? lines.at(-1) ?? []
  return spread(fitting, [right], width, theme.glyphs.ellipsis)
}

/** How tabs are written. */
interface Writing {
  /** In front of each. */
  readonly gap: string
  /** Of the titles of those that are not open. */
  readonly most: number
}

/** The longest first. */
const shortenings: readonly Writing[] = [
  { gap: ' ', most: Infinity },
  { gap: '', most: Infinity },
  { gap: ' ', most: 5 },
  { gap: ' ', most: 0 },
]

function tabNames(state: UiState, { gap, most }: Writing): Line {
  const names = screens.flatMap((screen, index): Line => {
    const isOpen = screen === state.screen
    const title = isOpen ? titles[screen] : titles[screen].slice(0, most)
    return [
      span(index === 0 ? ' ' : ''),
      { ...span(`${gap}${index + 1} `, 'key'), isSelected: isOpen },
      { ...span(title && `${title} `, isOpen ? 'title' : 'dim'), isSelected: isOpen },
    ]
  })
  // What fills the line is not part of the open tab.
  return [...names, span('')]
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

/** Instead of the verdict while nothing new comes: what is shown below is old. */
function bannerOf(state: UiState, { glyphs }: Theme): Line | undefined {
  const { link, now } = state
  const silence = silenceMs(state)
  if (silence === undefined && link.kind !== 'lost') return undefined
  const age = silence === undefined ? '' : `this is ${ageWords(silence / 1000)} old`
  const text = link.kind === 'lost' ? lostWords(link, now, age) : `Silent: no word from the balancer; ${age}`
  return [span(' '), { ...span(`${glyphs.states['warn'] ?? ''} ${text}`, 'warn'), isSelected: true }]
}

function lostWords({ reason, retryAt }: UiState['link'] & { kind: 'lost' }, now: number, age: string): string {
  const seconds = Math.ceil((retryAt - now) / 1000)
  // Whoever refuses is not asked again.
  const next = seconds === Infinity ? 'not tried again' : seconds > 0 ? `next try in ${seconds} s` : 'trying again now'
  return `Lost: ${reason}${age === '' ? '' : `; ${age}`}, ${next}`
}
