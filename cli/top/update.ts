/** State + what happened -> the next state, and what is to be done about it. Pure: the only place where state changes. */
import type { AdminAnswer } from '../client/admin-client.ts'
import { browse, goTo } from './browse.ts'
import { type Command, outcomeOf } from '../../core/view/commands.ts'
import { parseWeight, weightRule } from './weight.ts'
import type { FeedUpdate } from '../../core/view/follow.ts'
import { linkAfter, see } from '../../core/view/seen.ts'
import { type Choice, choicesFor } from './palette.ts'
import type { UiState } from './state.ts'

export type Message =
  | FeedUpdate
  | { readonly kind: 'key'; readonly name: string }
  | { readonly kind: 'answer'; readonly command: Command; readonly answer: AdminAnswer }
  /** Time goes by: `now` in wall ms. */
  | { readonly kind: 'tick'; readonly now: number }

export type Effect =
  | { readonly kind: 'send'; readonly command: Command }
  | { readonly kind: 'suspend' }
  /** With a reason when it was not wanted. */
  | { readonly kind: 'quit'; readonly reason?: string }

export interface Updated {
  readonly state: UiState
  readonly effects: readonly Effect[]
}

const noticeMs = 8000

export function update(state: UiState, message: Message): Updated {
  switch (message.kind) {
    case 'key':
      return press(state, message.name)
    case 'answer':
      return stay(notify(state, outcomeOf(message.command, message.answer)))
    case 'refused':
      return { state, effects: [{ kind: 'quit', reason: message.reason }] }
    case 'hello':
    case 'frame':
    case 'event':
    case 'lost':
    case 'tick':
      return stay(observe(state, message))
  }
}

const stay = (state: UiState): Updated => ({ state, effects: [] })

const notify = (state: UiState, notice: { tone: 'good' | 'bad' | 'dim'; text: string }): UiState => ({
  ...state,
  notice: { ...notice, until: state.now + noticeMs },
})

function observe(state: UiState, message: Exclude<Message, { kind: 'key' | 'answer' | 'refused' }>): UiState {
  if (message.kind !== 'tick') {
    const { live, link, now } = state
    return { ...state, live: see(live, message, now), link: linkAfter(link, message, now) }
  }
  const isOver = state.notice !== undefined && state.notice.until <= message.now
  return { ...state, now: message.now, notice: isOver ? undefined : state.notice }
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
  return {
    state: notify(browsing(state), { tone: 'dim', text: 'Asked the balancer.' }),
    effects: [{ kind: 'send', command }],
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
