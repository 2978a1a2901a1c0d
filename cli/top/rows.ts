/** The rows of the lists, filtered and sorted, and which of them the cursor is on. Pure. */
import type { BackendFrame, Frame, PoolFrame } from '../../core/report/frame.ts'
import { type Finding, toneOf } from '../../core/view/findings.ts'
import { subjectOf } from '../../core/view/history.ts'
import { shownOf, type Screen, type SortKey, type UiState } from './state.ts'

export interface BackendRow {
  /** `pool/backend`. */
  readonly id: string
  readonly pool: PoolFrame
  readonly backend: BackendFrame
  readonly finding: Finding | undefined
}

export function backendRows(state: UiState, pool?: string): readonly BackendRow[] {
  const { frame, findings } = shownOf(state)
  const faults = new Map(
    findings.flatMap((one) => (one.pool === undefined ? [] : [[subjectOf(one.pool, one.backend), one] as const])),
  )
  const rows = (frame?.pools ?? [])
    .filter((one) => pool === undefined || one.name === pool)
    .flatMap((one) =>
      one.backends.map((backend): BackendRow => {
        const id = subjectOf(one.name, backend.id)
        return { id, pool: one, backend, finding: faults.get(id) ?? faults.get(one.name) }
      }),
    )
  const shown = rows.filter((row) => (!state.faultsOnly || isTroubled(row)) && matches(row, state.filter))
  const order = orders[state.sort]
  const sign = state.descending ? -1 : 1
  return shown.toSorted((one, other) => sign * order(one, other) || compareText(one.id, other.id))
}

const isTroubled = ({ finding, backend }: BackendRow): boolean => finding !== undefined || !isWell(backend)

/** Where nobody checks, nothing speaks against one that is used. */
const isWell = ({ state, use, effectiveWeight }: BackendFrame): boolean =>
  state === 'healthy' || (state === 'unchecked' && (effectiveWeight > 0 || use === 'spare'))

const matches = ({ id, backend }: BackendRow, filter: string): boolean =>
  filter
    .toLowerCase()
    .split(' ')
    .every((word) =>
      `${id} ${backend.state} ${backend.use} ${backend.by ?? ''} ${backend.zone ?? ''}`.toLowerCase().includes(word),
    )

type Order = (one: BackendRow, other: BackendRow) => number

/** Ports and numbers in names count as numbers. */
const collator = new Intl.Collator('en', { numeric: true })
const compareText = (one: string, other: string): number => collator.compare(one, other)

/** Numbers begin with the highest: that is what one looks for. */
const by =
  (read: (backend: BackendFrame) => number): Order =>
  (one, other) =>
    read(other.backend) - read(one.backend)

const severity = ({ finding, backend }: BackendRow): number =>
  finding ? (toneOf(finding) === 'bad' ? 0 : 1) : isWell(backend) ? 3 : 2

const orders: Readonly<Record<SortKey, Order>> = {
  trouble: (one, other) => severity(one) - severity(other),
  name: () => 0,
  weight: by((backend) => backend.weight),
  'share %': by((backend) => backend.share),
  'in flight': by((backend) => backend.inflight),
  'req/s': by((backend) => backend.requestsPerSecond),
  p50: by((backend) => backend.latency?.p50Ms ?? -1),
  p99: by((backend) => backend.latency?.p99Ms ?? -1),
  errors: by((backend) => backend.errorRatio),
}

/** Pools that the filter leaves, by their own names or those of their backends, in the config's order. */
export function poolRows(state: UiState): readonly PoolFrame[] {
  const matching = new Set(backendRows({ ...state, faultsOnly: false }).map(({ pool }) => pool.name))
  return (shownOf(state).frame?.pools ?? []).filter(
    ({ name }) => matching.has(name) || name.toLowerCase().includes(state.filter.toLowerCase()),
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
