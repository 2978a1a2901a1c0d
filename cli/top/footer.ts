/** The bottom line of every screen: what is being typed or asked, what was said last, else the keys that work here. */
import { printable } from '../text/text.ts'
import { questionOf } from '../../core/view/commands.ts'
import { targetWords } from './choose-edge.ts'
import { fit, type Line, type Span, span, widthOf } from './line.ts'
import { shownOf, type UiState } from './state.ts'
import type { View } from './view.ts'

export const footerLine = ({ state, width, theme }: Omit<View, 'height'>): Line =>
  fit(footer(state, width, theme.glyphs.ellipsis), width, theme.glyphs.ellipsis)

function footer(state: UiState, width: number, ellipsis: string): Line {
  const { mode, notice } = state
  switch (mode.kind) {
    case 'confirm':
      return asking(state, mode, width, ellipsis)
    case 'weight':
      return [...prompt(`Weight of ${printable(mode.backend)}: `, mode.text), ...hints([['Enter', 'go on']])]
    case 'filter':
      return [
        ...prompt('/', state.filter),
        ...hints([
          ['Enter', 'keep'],
          ['Esc', 'undo'],
        ]),
      ]
    case 'palette':
      return [
        ...prompt(':', mode.text),
        ...hints([
          ['Tab', 'complete'],
          ['Enter', 'go'],
          ['Esc', 'leave'],
        ]),
      ]
    case 'help':
      return hints([['any key', 'close']])
    case 'browse':
      return notice ? [span(` ${printable(notice.text)}`, notice.tone)] : hints(fitting(keysHere(state), width))
  }
}

type Hint = readonly [key: string, what: string]

type Confirm = UiState['mode'] & { readonly kind: 'confirm' }

/** However long the question is, what it may be answered with stands behind it. */
function asking(state: UiState, { command, foresight }: Confirm, width: number, ellipsis: string): Line {
  const answers = hints([
    ['y', 'yes'],
    ['n', 'no'],
  ])
  const asked = targetWords(state, command) + questionOf(command, shownOf(state).frame)
  const question = ` ${printable(foresight === undefined ? asked : `${asked} ${foresight}`)} `
  const line: Line = [span(' '), { ...span(question, 'warn'), isSelected: true }]
  const room = width - widthOf(answers)
  return [...(widthOf(line) > room ? fit(line, room, ellipsis) : line), ...answers]
}

/** The most useful first: what does not fit is left out, and the help has it all. */
function keysHere(state: UiState): readonly Hint[] {
  const { screen, drill } = state
  const isLatency = screen === 'latency' && !drill
  const hasBackends = drill !== undefined || isLatency || screen === 'overview' || screen === 'backends'
  const open: Hint = drill || state.isReading ? ['Esc', 'back'] : ['Enter', 'open']
  const own: readonly Hint[] = isLatency
    ? [
        ['h l', 'choose'],
        ['o', 'overlay'],
      ]
    : [open]
  const acts = hasBackends ? backendActs : poolActs
  const edges: readonly Hint[] = state.edges.length > 1 ? [['e', 'edge']] : []
  return [
    ['?', 'help'],
    ...own,
    ...edges,
    ...(state.readOnly ? [] : acts),
    ['/', 'filter'],
    [':', 'go'],
    ['q', 'quit'],
    ...rarer,
  ]
}

const backendActs: readonly Hint[] = [
  ['d', 'drain'],
  ['u', 'resume'],
  ['w', 'weight'],
  ['c', 'check'],
]

const poolActs: readonly Hint[] = [
  ['t', 'strategy'],
  ['r', 'reload'],
  ['b', 'roll back'],
]

const rarer: readonly Hint[] = [
  ['s', 'sort'],
  ['!', 'faults'],
  ['+ -', 'window'],
  ['f', 'freeze'],
]

function fitting(list: readonly Hint[], width: number): readonly Hint[] {
  let left = width
  return list.filter(([key, what]) => {
    left -= key.length + what.length + 3
    return left >= 0
  })
}

const hints = (list: readonly Hint[]): Span[] =>
  list.flatMap(([key, what]) => [span('  '), span(key, 'key'), span(` ${what}`, 'dim')])

const prompt = (label: string, text: string): Span[] => [
  span(` ${label}`, 'key'),
  span(text),
  { ...span(' '), isSelected: true },
]
