/** Clients and plans for people: a table of many, the facts of one. Pure. */
import type { ClientView, LimitsView, PlanView, StoreView } from '../../core/admin/client-view.ts'
import { cutMiddle } from './fit.ts'
import { formatCount, formatSpan } from '../../core/view/amounts.ts'
import { alignTable, type Cell } from './table.ts'
import { paint, printable } from './text.ts'

interface Column<T> {
  readonly title: string
  readonly isNumber?: true
  readonly text: (row: T, now: number) => string
}

/** Longer names would leave no room for anything else. */
const nameWidth = 32

const clientColumns: readonly Column<ClientView>[] = [
  { title: 'client', text: ({ id }) => id },
  { title: 'name', text: ({ name }) => cutMiddle(printable(name), nameWidth, '…') },
  { title: 'state', text: stateOf },
  { title: 'plan', text: ({ plan }) => plan ?? '-' },
  { title: 'rate', isNumber: true, text: ({ limit }) => limit.rate ?? '-' },
  { title: 'burst', isNumber: true, text: ({ limit }) => burstText(limit) },
  { title: 'valid until', text: ({ validUntil }) => (validUntil === null ? '-' : shownTime(validUntil)) },
  { title: 'key', text: ({ keyPrefix }) => `${keyPrefix}…` },
]

const planColumns: readonly Column<PlanView>[] = [
  { title: 'plan', text: ({ name }) => name },
  { title: 'rate', isNumber: true, text: ({ rate }) => rate ?? '-' },
  { title: 'burst', isNumber: true, text: burstText },
]

/** `now`: epoch ms. */
export const clientTable = (clients: readonly ClientView[], now: number, color: boolean): string =>
  tableOf(clientColumns, clients, { now, color })

export const planTable = (plans: readonly PlanView[], color: boolean): string =>
  tableOf(planColumns, plans, { now: 0, color })

/** Everything that is known of one. */
export function clientFacts(client: ClientView, now: number, color: boolean): string {
  const { id, name, plan, note, validUntil, keyPrefix, revision, createdAt, updatedAt } = client
  const facts: readonly (readonly [title: string, text: string])[] = [
    ['state', stateOf(client, now)],
    ['plan', plan ?? '-'],
    ['rate', withSource(client.limit.rate, client.rate)],
    ['burst', withSource(client.limit.burst, client.burst)],
    ['valid until', validUntil === null ? 'for good' : shownTime(validUntil)],
    ['key', `${keyPrefix}…`],
    ['note', note === '' ? '-' : note],
    ['added', shownTime(createdAt)],
    ['changed', `${shownTime(updatedAt)}, revision ${revision}`],
  ]
  const rows = facts.map(([title, text]): Cell[] => [{ text: title, style: 'dim' }, { text: printable(text) }])
  return `${paint(printable(id), 'bold', color)} · ${printable(name)}\n${alignTable(rows, color)}`
}

/** A warning where what is shown may be old; empty where it is not. */
export function staleness({ state, ageMs, reason }: StoreView): string {
  if (state === 'up') return ''
  const why = reason === null ? '' : `: ${printable(reason)}`
  return `smartedge: the database of clients is away${why}; this is what was known ${formatSpan(ageMs)} ago\n`
}

function tableOf<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  { now, color }: { readonly now: number; readonly color: boolean },
): string {
  const header = columns.map(({ title, isNumber }): Cell => ({ text: title, style: 'dim', right: isNumber === true }))
  const body = rows.map((row) =>
    columns.map(({ isNumber, text }): Cell => ({ text: printable(text(row, now)), right: isNumber === true })),
  )
  return alignTable([header, ...body], color)
}

function stateOf({ enabled, validUntil }: ClientView, now: number): string {
  if (!enabled) return 'disabled'
  return validUntil !== null && Date.parse(validUntil) <= now ? 'expired' : 'active'
}

function burstText({ burst }: LimitsView): string {
  return burst === null ? '-' : formatCount(burst)
}

/** What holds, and whose word that is. */
function withSource(held: string | number | null, own: string | number | null): string {
  if (held === null) return '-'
  return own === null ? `${held}, by its plan` : String(held)
}

/** `2030-01-01 00:00:00 UTC`. */
const shownTime = (text: string): string => text.replace(/^(\S+)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/, '$1 $2 UTC')
