/** What the API may do with one client, each within a transaction: it looks at what there is, and changes it or refuses to. */
import type {
  AddedClient,
  ChangedClient,
  ChangeTerms,
  Client,
  ClientChange,
  ClientDraft,
  ClientFields,
  FieldProblem,
  ImportedClient,
  Removed,
} from './contract.ts'
import { checkClient } from './fields.ts'
import { keep, type KeptKey, makeId, makeKey } from './keys.ts'
import { clientsOf, deleteClients, forgetOldChanges, planNamed, putClients, type StoredClient } from './statements.ts'
import type { Dialect, Query } from './database.ts'

/** The transaction that something is done in. `now`: epoch ms. */
export interface Doing {
  readonly query: Query
  readonly dialect: Dialect
  readonly now: number
}

/** What came of it; and for the audit what was before and what is now, undefined where there is nothing. */
export interface Done<Result> {
  readonly result: Result
  readonly before?: Client
  readonly after?: Client
}

export async function addClient(doing: Doing, draft: ClientDraft): Promise<Done<AddedClient>> {
  const problems = checkClient(draft)
  if (problems.length > 0) return { result: { kind: 'invalid', problems } }
  const id = draft.id ?? makeId()
  const [present] = await clientsOf(doing.query, doing.dialect, [id])
  if (present !== undefined) return { result: { kind: 'duplicate', detail: `there is a client ${JSON.stringify(id)}` } }
  const missing = await missingPlan(doing, draft.plan)
  if (missing !== undefined) return { result: { kind: 'invalid', problems: [missing] } }
  const key = makeKey()
  const stored = newClient({ ...draft, id }, keep(key), doing.now)
  await store(doing, stored)
  const client = withoutHash(stored)
  return { result: { kind: 'done', client, key }, after: client }
}

export async function setClient(
  doing: Doing,
  id: string,
  { renewKey = false, ...change }: ClientChange,
  { ifRevision }: ChangeTerms,
): Promise<Done<ChangedClient>> {
  const [present] = await clientsOf(doing.query, doing.dialect, [id])
  if (present === undefined) return { result: { kind: 'unknown' } }
  if (isStale(present, ifRevision)) return { result: { kind: 'stale', revision: present.revision } }
  const fields = changed(present, change)
  const problems = checkClient({ id, ...fields })
  const missing = problems.length === 0 ? await missingPlan(doing, fields.plan) : undefined
  if (missing !== undefined) problems.push(missing)
  if (problems.length > 0) return { result: { kind: 'invalid', problems } }
  const before = withoutHash(present)
  if (!renewKey && Bun.deepEquals(fields, fieldsOf(present))) return { result: { kind: 'done', client: before } }
  const key = renewKey ? makeKey() : undefined
  const revision = present.revision + 1
  const stored = { ...present, ...fields, ...(key !== undefined && keep(key)), revision, updatedAt: doing.now }
  await store(doing, stored)
  const after = withoutHash(stored)
  return { result: { kind: 'done', client: after, ...(key !== undefined && { key }) }, before, after }
}

export async function removeClient(doing: Doing, id: string, { ifRevision }: ChangeTerms): Promise<Done<Removed>> {
  const [present] = await clientsOf(doing.query, doing.dialect, [id])
  if (present === undefined) return { result: { kind: 'unknown' } }
  if (isStale(present, ifRevision)) return { result: { kind: 'stale', revision: present.revision } }
  await deleteClients(doing.query, doing.dialect, [id])
  await forgetOldChanges(doing.query)
  return { result: { kind: 'done' }, before: withoutHash(present) }
}

/** A client at its first revision; what the draft leaves out is as `ClientDraft` says. */
export const newClient = (
  draft: ImportedClient & { readonly id: string },
  key: KeptKey,
  now: number,
): StoredClient => ({
  id: draft.id,
  ...fieldsOf(draft),
  keyHash: key.keyHash,
  keyPrefix: key.keyPrefix,
  revision: 1,
  createdAt: now,
  updatedAt: now,
})

/** What may be changed in a client, and nothing else that it may hold. */
export const fieldsOf = (client: ClientDraft): ClientFields => ({
  name: client.name,
  plan: client.plan,
  rate: client.rate && { count: client.rate.count, perMs: client.rate.perMs },
  burst: client.burst,
  note: client.note ?? '',
  isEnabled: client.isEnabled ?? true,
  validUntil: client.validUntil,
})

/** Whether it is at another revision than it has to be; undefined: it need not be at any. */
export const isStale = ({ revision }: { readonly revision: number }, ifRevision: number | undefined): boolean =>
  ifRevision !== undefined && ifRevision !== revision

/** A key that is there changes its field, also to undefined. */
const changed = (present: StoredClient, change: Partial<ClientFields>): ClientFields =>
  fieldsOf({ ...present, ...change })

export const withoutHash = ({ keyHash: _hash, ...client }: StoredClient): Client => client

async function missingPlan({ query }: Doing, plan: string | undefined): Promise<FieldProblem | undefined> {
  if (plan === undefined || (await planNamed(query, plan)) !== undefined) return undefined
  return { field: 'plan', message: `must be the name of a plan, got ${JSON.stringify(plan)}; add it first` }
}

async function store({ query, dialect }: Doing, client: StoredClient): Promise<void> {
  await putClients(query, dialect, [client])
  await forgetOldChanges(query)
}
