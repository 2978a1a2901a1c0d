/** State + what happened -> the next state, and what is to be done about it. Pure: the only place where state changes. */
import type { AdminAnswer } from '../client/admin-client.ts'
import { browse, goTo } from './browse.ts'
import { type Command, outcomeOf, planPathOf, planWords, sumOutcomes } from '../../core/view/commands.ts'
import { counted } from '../../core/view/amounts.ts'
import type { FeedUpdate } from '../../core/view/follow.ts'
import { chooseEdge, showing, targetsOf } from './choose-edge.ts'
import { asking, pathFor, withAnswer } from './explained.ts'
import { seeEdge } from './edges.ts'
import { type Choice, choicesFor } from './palette.ts'
import type { UiState } from './state.ts'
import { addEvent, addFrame, type Together } from './together.ts'
import { parseWeight, weightRule } from './weight.ts'

/** What the stream of an edge told; `edge`: its place, else the first. */
export type Fed = FeedUpdate & { readonly edge?: number }

export type Message =
  | Fed
  | { readonly kind: 'key'; readonly name: string }
  | { readonly kind: 'answer'; readonly command: Command; readonly answer: AdminAnswer; readonly edge?: number }
  /** What an edge said of explained requests. */
  | { readonly kind: 'explained'; readonly answer: AdminAnswer; readonly edge: number }
  /** What the command would change, as the balancer sees it. */
  | { readonly kind: 'foreseen'; readonly command: Command; readonly answer: AdminAnswer }
  /** Time goes by: `now` in wall ms. */
  | { readonly kind: 'tick'; readonly now: number }

export type Effect =
  /** To the edge at that place. */
  | { readonly kind: 'send'; readonly command: Command; readonly edge: number }
  /** For explained requests, as above; the answer is to come as 'explained'. */
  | { readonly kind: 'fetch'; readonly path: string; readonly edge: number }
  /** For what the command would change; the answer is to come as 'foreseen'. */
  | { readonly kind: 'foresee'; readonly command: Command; readonly path: string; readonly edge: number }
  | { readonly kind: 'suspend' }
  /** With a reason when it was not wanted. */
  | { readonly kind: 'quit'; readonly reason?: string }

export interface Updated {
  readonly state: UiState
  readonly effects: readonly Effect[]
}

const noticeMs = 8000

export function update(state: UiState, message: Message): Updated {
  const taken = take(state, message)
  const next = wantsExplained(state, taken.state, message) ? askExplained(taken) : taken
  return { ...next, effects: [...next.effects, ...foresights(state, next.state)] }
}

/** Of one balancer is asked what its question comes to; several would say several things. */
function foresights(before: UiState, { mode, chosen }: UiState): readonly Effect[] {
  if (mode.kind !== 'confirm' || mode === before.mode || mode.foresight !== undefined || chosen === undefined) return []
  const path = planPathOf(mode.command)
  return path === undefined ? [] : [{ kind: 'foresee', command: mode.command, path, edge: chosen }]
}

function takeForeseen(state: UiState, { command, answer }: Message & { kind: 'foreseen' }): UiState {
  const { mode } = state
  if (mode.kind !== 'confirm' || mode.command !== command) return state
  const foresight = answer.kind === 'ok' ? planWords(answer.body) : answer.reason
  return { ...state, mode: { ...mode, foresight } }
}

function take(state: UiState, message: Message): Updated {
  switch (message.kind) {
    case 'key':
      return press(state, message.name)
    case 'answer':
      return stay(takeAnswer(state, message))
    case 'foreseen':
      return stay(takeForeseen(state, message))
    case 'explained':
      return stay(takeExplained(state, message))
    case 'refused':
      // Of several the others go on.
      if (state.edges.length > 1) return stay(observe(state, message))
      return { state, effects: [{ kind: 'quit', reason: message.reason }] }
    case 'hello':
    case 'frame':
    case 'event':
    case 'lost':
    case 'tick':
      return stay(observe(state, message))
  }
}

/** When the screen opens, or shows another edge, and then at each tick. */
function wantsExplained(before: UiState, { screen, chosen, frozen, explained }: UiState, { kind }: Message): boolean {
  if (screen !== 'explain' || chosen === undefined || frozen !== undefined) return false
  if (explained.edge !== chosen) return true
  return !explained.isAsking && (kind === 'tick' || before.screen !== 'explain')
}

/** A frozen picture stays: what is new is asked for again. */
function takeExplained(state: UiState, { answer, edge }: Message & { kind: 'explained' }): UiState {
  const { explained, frozen } = state
  if (edge !== explained.edge) return state
  return { ...state, explained: frozen ? { ...explained, isAsking: false } : withAnswer(explained, answer) }
}

function askExplained({ state, effects }: Updated): Updated {
  const { chosen, explained } = state
  if (chosen === undefined) return { state, effects }
  const asked = asking(explained, chosen)
  const fetch: Effect = { kind: 'fetch', path: pathFor(asked), edge: chosen }
  return { state: { ...state, explained: asked }, effects: [...effects, fetch] }
}

const stay = (state: UiState): Updated => ({ state, effects: [] })

const notify = (state: UiState, notice: { tone: 'good' | 'bad' | 'dim'; text: string }): UiState => ({
  ...state,
  notice: { ...notice, until: state.now + noticeMs },
})

function observe(state: UiState, message: Fed | (Message & { kind: 'tick' })): UiState {
  if (message.kind === 'tick') {
    const isOver = state.notice !== undefined && state.notice.until <= message.now
    return { ...state, now: message.now, notice: isOver ? undefined : state.notice }
  }
  const { edge: index = 0, ...update } = message
  const before = state.edges[index]
  const edge = before && seeEdge(before, update, state.now)
  if (edge === undefined || edge === before) return state
  const edges = state.edges.with(index, edge)
  const together = edges.length === 1 ? state.together : addToAll(state, edges, { kind: update.kind, index })
  return showing({ ...state, edges, together })
}

function addToAll(
  { together, now }: UiState,
  edges: UiState['edges'],
  { kind, index }: { readonly kind: Fed['kind']; readonly index: number },
): Together {
  if (kind === 'frame') return addFrame(together, edges, index, now)
  return kind === 'event' ? addEvent(together, edges, index) : together
}

/** What came of what was asked for; of several, when the last has answered. */
function takeAnswer(state: UiState, { command, answer, edge: index = 0 }: Message & { kind: 'answer' }): UiState {
  const outcome = outcomeOf(command, answer)
  const { asked, edges } = state
  if (asked?.command !== command) return notify(state, outcome)
  const outcomes = [...asked.outcomes, { ...outcome, edge: edges[index]?.name ?? '' }]
  if (outcomes.length < asked.of) return { ...state, asked: { ...asked, outcomes } }
  return notify({ ...state, asked: undefined }, sumOutcomes(command, outcomes))
}

function press(state: UiState, key: string): Updated {
  if (key === 'ctrl-c') return { state, effects: [{ kind: 'quit' }] }
  if (key === 'ctrl-z') return { state, effects: [{ kind: 'suspend' }] }
  const { mode } = state
  switch (mode.kind) {
    case 'browse':
      if (key === 'q') return { state, effects: [{ kind: 'quit' }] }
      return stay(browse(state, key))
    case 'help':
      return stay({ ...state, mode: { kind: 'browse' } })
    case 'confirm':
      return confirm(state, mode.command, key)
    case 'filter':
      return stay(editFilter(state, mode.before, key))
    case 'weight':
      return stay(editWeight(state, mode, key))
    case 'palette':
      return editPalette(state, mode, key)
  }
}

const browsing = (state: UiState): UiState => ({ ...state, mode: { kind: 'browse' } })

function confirm(state: UiState, command: Command, key: string): Updated {
  if (key !== 'y' && key !== 'Y')
    return stay(key === '' ? state : notify(browsing(state), { tone: 'dim', text: 'Left as it is.' }))
  const targets = targetsOf(state, command)
  if (targets.length === 0) return stay(notify(browsing(state), { tone: 'bad', text: 'No edge is there that has it.' }))
  const isOne = state.edges.length === 1
  const asked = isOne ? undefined : { command, of: targets.length, outcomes: [] }
  const text = isOne ? 'Asked the balancer.' : `Asked ${counted(targets.length, 'edge')}.`
  return {
    state: { ...notify(browsing(state), { tone: 'dim', text }), asked },
    effects: targets.map((edge) => ({ kind: 'send', command, edge })),
  }
}

function editFilter(state: UiState, before: string, key: string): UiState {
  if (key === 'enter') return browsing(state)
  if (key === 'escape') return browsing({ ...state, filter: before })
  return { ...state, filter: typed(state.filter, key) }
}

function editWeight(state: UiState, mode: UiState['mode'] & { kind: 'weight' }, key: string): UiState {
  if (key === 'escape') return browsing(state)
  if (key !== 'enter') return { ...state, mode: { ...mode, text: typed(mode.text, key) } }
  const weight = parseWeight(mode.text)
  if (weight === undefined) return notify(browsing(state), { tone: 'bad', text: `A weight ${weightRule}` })
  const { pool, backend } = mode
  return { ...state, mode: { kind: 'confirm', command: { kind: 'weight', pool, backend, weight } } }
}

function editPalette(state: UiState, mode: UiState['mode'] & { kind: 'palette' }, key: string): Updated {
  const choices = choicesFor(state, mode.text)
  const choice = choices[Math.min(mode.choice, choices.length - 1)]
  const move = (by: number): Updated => {
    const index = Math.max(0, Math.min(choices.length - 1, mode.choice + by))
    return stay({ ...state, mode: { ...mode, choice: index } })
  }
  switch (key) {
    case 'escape':
      return stay(browsing(state))
    case 'up':
      return move(-1)
    case 'down':
      return move(1)
    case 'tab':
      return stay(choice ? { ...state, mode: { ...mode, text: choice.text, choice: 0 } } : state)
    case 'enter':
      return choice ? choose(browsing(state), choice) : stay(state)
    default:
      return stay({ ...state, mode: { ...mode, text: typed(mode.text, key), choice: 0 } })
  }
}

function choose(state: UiState, choice: Choice): Updated {
  switch (choice.kind) {
    case 'screen':
      return stay(goTo(state, choice.screen))
    case 'drill':
      return stay({ ...state, drill: { pool: choice.pool, backend: choice.backend } })
    case 'command':
      return stay({ ...state, mode: { kind: 'confirm', command: choice.command } })
    case 'edge':
      return stay(chooseEdge(state, choice.edge))
    case 'key':
      return press(state, choice.key)
  }
}

const maxTyped = 100
/** Names of keys are longer than a character and in this list; pasted text is not. */
const keyNames = /^(?:up|down|left|right|page(?:up|down)|home|end|enter|escape|(?:shift-)?tab|ctrl-.*)$/

/** Text with what was typed or pasted, control characters left out. */
function typed(text: string, key: string): string {
  if (key === 'backspace') return Array.from(text).slice(0, -1).join('')
  if (key === 'ctrl-u') return ''
  if (keyNames.test(key)) return text
  return (text + key.replaceAll(/\p{Cc}/gu, '')).slice(0, maxTyped)
}
