/** The rows of the lists, filtered and sorted, and which of them the cursor is on. Pure. */
import type { ToldExplanation } from '../../core/explain/told.ts'
import type { Frame, PoolFrame } from '../../core/report/frame.ts'
import { subjectOf } from '../../core/view/history.ts'
import { type BackendRow, rowsOf } from '../../core/view/rows.ts'
import { isBad } from '../text/explanation.ts'
import { shownOf, type Screen, type UiState } from './state.ts'

export function backendRows(state: UiState, pool?: string): readonly BackendRow[] {
  const { frame, findings } = shownOf(state)
  return rowsOf(frame, findings, { ...state, pool })
}

/** Pools that the filter leaves, by their own names or those of their backends, in the config's order. */
export function poolRows(state: UiState): readonly PoolFrame[] {
  const matching = new Set(backendRows({ ...state, faultsOnly: false }).map(({ pool }) => pool.name))
  return (shownOf(state).frame?.pools ?? []).filter(
    ({ name }) => matching.has(name) || name.toLowerCase().includes(state.filter.toLowerCase()),
  )
}

/** Explained requests of the edge that is shown, those that the filter leaves. */
export function explainedRows({ explained, chosen, filter, faultsOnly }: UiState): readonly ToldExplanation[] {
  if (explained.edge !== chosen) return []
  const wanted = filter.toLowerCase()
  return explained.list.filter(
    (told) =>
      (!faultsOnly || isBad(told)) &&
      [told.target, told.pool ?? '', String(told.status), ...told.attempts.map(({ backend }) => backend)].some((text) =>
        text.toLowerCase().includes(wanted),
      ),
  )
}

/** Subjects of the Latency screen: everything, each pool, each backend. */
export const subjectsOf = (frame: Frame | undefined): readonly string[] => [
  '',
  ...(frame?.pools ?? []).flatMap((pool) => [
    pool.name,
    ...pool.backends.map((backend) => subjectOf(pool.name, backend.id)),
  ]),
]

/** Ids of the rows that the cursor moves over. */
export function rowIds(state: UiState, screen: Screen = state.screen): readonly string[] {
  if (state.drill !== undefined)
    return state.drill.backend === undefined ? backendRows(state, state.drill.pool).map(({ id }) => id) : []
  switch (screen) {
    case 'overview':
    case 'backends':
      return backendRows(state).map(({ id }) => id)
    case 'pools':
    case 'strategies':
      return poolRows(state).map(({ name }) => name)
    case 'events':
      return shownOf(state).events.map(({ id }) => String(id))
    case 'explain':
      return explainedRows(state).map(({ id }) => id)
    case 'latency':
      return subjectsOf(shownOf(state).frame)
  }
}

/** Where the cursor is; a row that has gone leaves it at the first. */
export function cursorOf(state: UiState, ids: readonly string[] = rowIds(state)): number {
  const id = state.screen === 'latency' && !state.drill ? state.subject : state.selected[state.screen]
  return Math.max(0, id === undefined ? 0 : ids.indexOf(id))
}

/** The backend that an action would meet. */
export function targetBackend(state: UiState): BackendRow | undefined {
  const { drill } = state
  if (drill?.backend !== undefined) {
    const id = subjectOf(drill.pool, drill.backend)
    return backendRows({ ...state, filter: '', faultsOnly: false }).find((row) => row.id === id)
  }
  if (drill === undefined && state.screen === 'latency')
    return backendRows({ ...state, filter: '', faultsOnly: false }).find((row) => row.id === state.subject)
  const rows = drill ? backendRows(state, drill.pool) : backendRows(state)
  const isList = drill !== undefined || state.screen === 'overview' || state.screen === 'backends'
  return isList ? rows[cursorOf(state)] : undefined
}

/** The pool that an action would meet. */
export function targetPool(state: UiState): string | undefined {
  if (state.drill) return state.drill.pool
  if (state.screen === 'pools' || state.screen === 'strategies') return poolRows(state)[cursorOf(state)]?.name
  const backend = targetBackend(state)
  return backend?.pool.name ?? onlyPool(state)
}

function onlyPool(state: UiState): string | undefined {
  const pools = shownOf(state).frame?.pools ?? []
  return pools.length === 1 ? pools[0]?.name : undefined
}
