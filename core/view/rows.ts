/** The rows of a list of backends, filtered and sorted. Pure. */
import type { BackendFrame, Frame, PoolFrame } from '../report/frame.ts'
import { holdsWords } from './filter.ts'
import { type Finding, toneOf } from './findings.ts'
import { subjectOf } from './history.ts'

export const sortKeys = ['trouble', 'name', 'weight', 'share %', 'in flight', 'req/s', 'p50', 'p99', 'errors'] as const
export type SortKey = (typeof sortKeys)[number]

export interface BackendRow {
  /** `pool/backend`. */
  readonly id: string
  readonly pool: PoolFrame
  readonly backend: BackendFrame
  readonly finding: Finding | undefined
}

export interface RowChoice {
  /** Of this pool alone; undefined: of all. */
  readonly pool: string | undefined
  /** Words, each of which must occur. */
  readonly filter: string
  /** Those alone that something is wrong with. */
  readonly faultsOnly: boolean
  readonly sort: SortKey
  readonly descending: boolean
}

export function rowsOf(
  frame: Frame | undefined,
  findings: readonly Finding[],
  { pool, filter, faultsOnly, sort, descending }: RowChoice,
): readonly BackendRow[] {
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
  const shown = rows.filter((row) => (!faultsOnly || isTroubled(row)) && matches(row, filter))
  const order = orders[sort]
  const sign = descending ? -1 : 1
  return shown.toSorted((one, other) => sign * order(one, other) || compareText(one.id, other.id))
}

const isTroubled = ({ finding, backend }: BackendRow): boolean => finding !== undefined || !isWell(backend)

/** Where nobody checks, nothing speaks against one that is used. */
const isWell = ({ state, use, effectiveWeight }: BackendFrame): boolean =>
  state === 'healthy' || (state === 'unchecked' && (effectiveWeight > 0 || use === 'spare'))

const matches = ({ id, backend: { state, use, by, zone } }: BackendRow, filter: string): boolean =>
  holdsWords([id, state, use, by ?? '', zone ?? ''], filter)

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
