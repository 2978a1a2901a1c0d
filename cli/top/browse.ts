/** What each key does while nothing is being typed: a table, key -> next state. Pure. */
import { turnEdge } from './choose-edge.ts'
import type { Command } from '../../core/view/commands.ts'
import { subjectOf } from '../../core/view/history.ts'
import { partsOf } from './palette.ts'
import { cursorOf, rowIds, targetBackend, targetPool } from './rows.ts'
import { sortKeys } from '../../core/view/rows.ts'
import { type Screen, screens, spansSeconds, type UiState } from './state.ts'

type Change = (state: UiState) => UiState

export function browse(state: UiState, key: string): UiState {
  const tables = [moves, looks, state.readOnly ? refusals : actions]
  // What is pasted may be called like a method of every object.
  const table = tables.find((one) => Object.hasOwn(one, key))
  return table?.[key]?.(state) ?? state
}

const jump = 10

const moves: Readonly<Record<string, Change>> = {
  up: (state) => moveBy(state, -1),
  k: (state) => moveBy(state, -1),
  down: (state) => moveBy(state, 1),
  j: (state) => moveBy(state, 1),
  pageup: (state) => moveBy(state, -jump),
  pagedown: (state) => moveBy(state, jump),
  home: (state) => moveBy(state, -Infinity),
  g: (state) => moveBy(state, -Infinity),
  end: (state) => moveBy(state, Infinity),
  G: (state) => moveBy(state, Infinity),
  left: (state) => (state.screen === 'latency' ? moveBy(state, -1) : turn(state, -1)),
  h: (state) => (state.screen === 'latency' ? moveBy(state, -1) : turn(state, -1)),
  right: (state) => (state.screen === 'latency' ? moveBy(state, 1) : turn(state, 1)),
  l: (state) => (state.screen === 'latency' ? moveBy(state, 1) : turn(state, 1)),
  tab: (state) => turn(state, 1),
  'shift-tab': (state) => turn(state, -1),
  enter: open,
  escape: back,
  ...Object.fromEntries(screens.map((screen, index) => [String(index + 1), (state: UiState) => goTo(state, screen)])),
}

const looks: Readonly<Record<string, Change>> = {
  '?': (state) => ({ ...state, mode: { kind: 'help' } }),
  '/': (state) => ({ ...state, mode: { kind: 'filter', before: state.filter } }),
  ':': (state) => ({ ...state, mode: { kind: 'palette', text: '', choice: 0 } }),
  s: (state) => ({ ...state, descending: false, sort: nextOf(sortKeys, state.sort) }),
  S: (state) => ({ ...state, descending: !state.descending }),
  '!': (state) => ({ ...state, faultsOnly: !state.faultsOnly }),
  f: freeze,
  ' ': freeze,
  '+': (state) => ({ ...state, spanIndex: Math.min(spansSeconds.length - 1, state.spanIndex + 1) }),
  '=': (state) => ({ ...state, spanIndex: Math.min(spansSeconds.length - 1, state.spanIndex + 1) }),
  '-': (state) => ({ ...state, spanIndex: Math.max(0, state.spanIndex - 1) }),
  e: (state) => turnEdge(state, 1),
  E: (state) => turnEdge(state, -1),
  o: (state) =>
    state.screen === 'latency'
      ? { ...state, compared: state.compared === undefined ? state.subject : undefined }
      : state,
}

const actions: Readonly<Record<string, Change>> = {
  d: (state) => askBackend(state, (at) => ({ kind: 'drain', ...at })),
  u: (state) => askBackend(state, (at) => ({ kind: 'resume', ...at })),
  c: (state) => askBackend(state, (at) => ({ kind: 'check', ...at })),
  w: (state) => {
    const row = targetBackend(state)
    return row
      ? { ...pin(state, row.id), mode: { kind: 'weight', pool: row.pool.name, backend: row.backend.id, text: '' } }
      : hint(state, noBackend)
  },
  t: (state) => {
    const pool = targetPool(state)
    return pool === undefined
      ? hint(state, 'Choose a pool first: 4 lists them.')
      : { ...state, mode: { kind: 'palette', text: `strategy ${pool} `, choice: 0 } }
  },
  r: (state) => ask(state, { kind: 'reload' }),
  b: (state) => ask(state, { kind: 'rollback' }),
}

const refusals: Readonly<Record<string, Change>> = Object.fromEntries(
  Object.keys(actions).map((key) => [
    key,
    (state: UiState) => hint(state, 'Started with --read-only: nothing is changed here.'),
  ]),
)

const noBackend = 'Choose a backend first: 2 lists them.'

const hint = (state: UiState, text: string): UiState => ({
  ...state,
  notice: { tone: 'dim', text, until: state.now + 4000 },
})

const ask = (state: UiState, command: Command): UiState => ({ ...state, mode: { kind: 'confirm', command } })

function askBackend(state: UiState, make: (at: { pool: string; backend: string }) => Command): UiState {
  const row = targetBackend(state)
  return row ? ask(pin(state, row.id), make({ pool: row.pool.name, backend: row.backend.id })) : hint(state, noBackend)
}

/** The cursor stays with the row that is acted on, wherever sorting then puts it. */
const pin = (state: UiState, id: string): UiState =>
  state.drill === undefined && state.screen === 'latency'
    ? state
    : { ...state, selected: { ...state.selected, [state.screen]: id } }

function moveBy(state: UiState, rows: number): UiState {
  const ids = rowIds(state)
  const id = ids[Math.max(0, Math.min(ids.length - 1, cursorOf(state, ids) + rows))]
  if (id === undefined) return state
  if (state.screen === 'latency' && !state.drill) return { ...state, subject: id }
  return { ...state, selected: { ...state.selected, [state.screen]: id } }
}

function turn(state: UiState, by: number): UiState {
  const index = screens.indexOf(state.screen) + by + screens.length
  return goTo(state, screens[index % screens.length] ?? 'overview')
}

/** From a backend or pool that is looked into, the Latency screen goes on with it. */
export function goTo(state: UiState, screen: Screen): UiState {
  const { drill } = state
  const subject = screen === 'latency' && drill ? subjectOf(drill.pool, drill.backend) : state.subject
  return { ...state, screen, drill: undefined, isReading: false, subject }
}

function open(state: UiState): UiState {
  const id = rowIds(state)[cursorOf(state)]
  if (id === undefined || id === '') return state
  if (state.screen === 'events' || state.screen === 'explain') return { ...state, isReading: true }
  return { ...state, drill: partsOf(id) }
}

/** One step back: out of a backend, then the filter, then the overlay, then the overview. */
function back(state: UiState): UiState {
  const { drill } = state
  if (drill) {
    // A backend reached through its pool goes back to the pool.
    const isBelowPool = drill.backend !== undefined && (state.screen === 'pools' || state.screen === 'strategies')
    return { ...state, drill: isBelowPool ? { pool: drill.pool, backend: undefined } : undefined }
  }
  if (state.isReading) return { ...state, isReading: false }
  if (state.filter !== '' || state.faultsOnly) return { ...state, filter: '', faultsOnly: false }
  if (state.screen === 'latency' && state.compared !== undefined) return { ...state, compared: undefined }
  return { ...state, screen: 'overview' }
}

function freeze(state: UiState): UiState {
  return { ...state, frozen: state.frozen === undefined && state.live.frame ? state.live : undefined }
}

function nextOf<Item>(items: readonly Item[], item: Item): Item {
  return items[(items.indexOf(item) + 1) % items.length] ?? item
}
