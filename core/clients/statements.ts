/**
 * The statements of the client store, for SQLite and PostgreSQL alike. Many rows go as one JSON text, which both take
 * apart themselves: one round trip for 500 of them, and no value ever stands in a statement.
 */
import type { Client, Plan } from './contract.ts'
import type { KeptKey } from './keys.ts'
import type { Columns, Dialect, Query, Row } from './database.ts'

export type StoredClient = Client & KeptKey

/** `id` of `kind` has been changed, or is no more. */
export interface Change {
  readonly kind: 'client' | 'plan'
  readonly id: string
}

const limitColumns = { rate_count: 'number', rate_per_ms: 'number', burst: 'number' } as const
const historyColumns = { revision: 'number', created_at: 'number', updated_at: 'number' } as const
const planColumns: Columns = { name: 'text', ...limitColumns, ...historyColumns }
const clientColumns: Columns = {
  id: 'text',
  name: 'text',
  key_hash: 'text',
  key_prefix: 'text',
  plan: 'text',
  ...limitColumns,
  note: 'text',
  enabled: 'truth',
  valid_until: 'number',
  ...historyColumns,
}

const names = (columns: Columns): string => Object.keys(columns).join(', ')
const SELECT_CLIENTS = `SELECT ${names(clientColumns)} FROM smartedge_clients`
const SELECT_PLANS = `SELECT ${names(planColumns)} FROM smartedge_plans`

/** Changes that are kept for those who follow: whoever is further behind reads everything anew. */
const KEPT_CHANGES = 100_000

/** The next of them by id behind `after`, `limit` at most. */
export async function clientsAfter(query: Query, after: string, limit: number): Promise<StoredClient[]> {
  const rows = await query(`${SELECT_CLIENTS} WHERE id > $1 ORDER BY id LIMIT $2`, [after, limit])
  return rows.map(clientOf)
}

/** Those of `ids` that there are. */
export async function clientsOf(query: Query, dialect: Dialect, ids: readonly string[]): Promise<StoredClient[]> {
  const rows = await query(`${SELECT_CLIENTS} WHERE ${dialect.isIn('id', '$1')}`, [JSON.stringify(ids)])
  return rows.map(clientOf)
}

/** Whose these hashes are: id by hash. */
export async function ownersOf(
  query: Query,
  dialect: Dialect,
  hashes: readonly string[],
): Promise<Map<string, string>> {
  const text = `SELECT id, key_hash FROM smartedge_clients WHERE ${dialect.isIn('key_hash', '$1')}`
  const rows = await query(text, [JSON.stringify(hashes)])
  return new Map(rows.map((row) => [String(row['key_hash']), String(row['id'])]))
}

/** Adds them; each replaces the one with its id. */
export async function putClients(query: Query, dialect: Dialect, clients: readonly StoredClient[]): Promise<void> {
  await query(upsert(dialect, { table: 'smartedge_clients', key: 'id', columns: clientColumns }), [
    JSON.stringify(clients.map(clientRow)),
  ])
}

export async function deleteClients(query: Query, dialect: Dialect, ids: readonly string[]): Promise<void> {
  await query(`DELETE FROM smartedge_clients WHERE ${dialect.isIn('id', '$1')}`, [JSON.stringify(ids)])
}

/** How many clients have the plan. */
export async function countClientsOf(query: Query, plan: string): Promise<number> {
  const [row] = await query('SELECT count(*) AS clients FROM smartedge_clients WHERE plan = $1', [plan])
  return Number(row?.['clients'])
}

export async function allPlans(query: Query): Promise<Plan[]> {
  return (await query(SELECT_PLANS, [])).map(planOf)
}

export async function planNamed(query: Query, name: string): Promise<Plan | undefined> {
  const [row] = await query(`${SELECT_PLANS} WHERE name = $1`, [name])
  return row && planOf(row)
}

/** Adds them; each replaces the one of its name. */
export async function putPlans(query: Query, dialect: Dialect, plans: readonly Plan[]): Promise<void> {
  await query(upsert(dialect, { table: 'smartedge_plans', key: 'name', columns: planColumns }), [
    JSON.stringify(plans.map(planRow)),
  ])
}

export async function deletePlan(query: Query, name: string): Promise<void> {
  await query('DELETE FROM smartedge_plans WHERE name = $1', [name])
}

/** The numbers of the oldest and the newest change that is kept; 0: there is none. Triggers write them. */
export async function changesKept(query: Query): Promise<{ readonly first: number; readonly last: number }> {
  // SQLite looks one end up in the index, but not two in one SELECT.
  const end = (which: string): string => `(SELECT ${which}(seq) FROM smartedge_changes)`
  const [row] = await query(`SELECT ${end('min')} AS oldest, ${end('max')} AS newest`, [])
  return { first: Number(row?.['oldest'] ?? 0), last: Number(row?.['newest'] ?? 0) }
}

/** Those behind `after` up to `until`. */
export async function changesBetween(query: Query, after: number, until: number): Promise<Change[]> {
  const text = 'SELECT DISTINCT kind, id FROM smartedge_changes WHERE seq > $1 AND seq <= $2'
  return (await query(text, [after, until])).map(({ kind, id }) => ({
    kind: kind === 'plan' ? 'plan' : 'client',
    id: String(id),
  }))
}

/** Those that nobody needs any more, once there are so many that it is worth it. */
export async function forgetOldChanges(query: Query): Promise<void> {
  const { first, last } = await changesKept(query)
  if (last - first < 2 * KEPT_CHANGES) return
  await query('DELETE FROM smartedge_changes WHERE seq <= $1', [last - KEPT_CHANGES])
}

interface Table {
  readonly table: string
  readonly key: string
  readonly columns: Columns
}

function upsert(dialect: Dialect, { table, key, columns }: Table): string {
  const set = Object.keys(columns).filter((name) => name !== key && name !== 'created_at')
  return `INSERT INTO ${table} (${names(columns)}) SELECT ${names(columns)} FROM ${dialect.rows('$1', columns)} WHERE true
    ON CONFLICT (${key}) DO UPDATE SET ${set.map((name) => `${name} = excluded.${name}`).join(', ')}`
}

const limitRow = (rate: Client['rate'], burst: number | undefined) => ({
  rate_count: rate?.count,
  rate_per_ms: rate?.perMs,
  burst,
})

const historyRow = ({ revision, createdAt, updatedAt }: Plan | Client) => ({
  revision,
  created_at: createdAt,
  updated_at: updatedAt,
})

const planRow = (plan: Plan) => ({ name: plan.name, ...limitRow(plan.rate, plan.burst), ...historyRow(plan) })

const clientRow = (client: StoredClient) => ({
  id: client.id,
  name: client.name,
  key_hash: client.keyHash,
  key_prefix: client.keyPrefix,
  plan: client.plan,
  ...limitRow(client.rate, client.burst),
  note: client.note,
  enabled: client.isEnabled,
  valid_until: client.validUntil,
  ...historyRow(client),
})

function clientOf(row: Row): StoredClient {
  return {
    id: String(row['id']),
    name: String(row['name']),
    keyHash: String(row['key_hash']),
    keyPrefix: String(row['key_prefix']),
    plan: textOf(row['plan']),
    ...limitOf(row),
    note: String(row['note']),
    isEnabled: row['enabled'] === true || row['enabled'] === 1,
    validUntil: numberOf(row['valid_until']),
    ...historyOf(row),
  }
}

const planOf = (row: Row): Plan => ({ name: String(row['name']), ...limitOf(row), ...historyOf(row) })

function limitOf(row: Row): Pick<Plan, 'rate' | 'burst'> {
  const [count, perMs] = [numberOf(row['rate_count']), numberOf(row['rate_per_ms'])]
  return {
    rate: count === undefined || perMs === undefined ? undefined : { count, perMs },
    burst: numberOf(row['burst']),
  }
}

const historyOf = (row: Row): Pick<Plan, 'revision' | 'createdAt' | 'updatedAt'> => ({
  revision: Number(row['revision']),
  createdAt: Number(row['created_at']),
  updatedAt: Number(row['updated_at']),
})

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** PostgreSQL tells large whole numbers as texts. */
const numberOf = (value: unknown): number | undefined =>
  value === null || value === undefined ? undefined : Number(value)
