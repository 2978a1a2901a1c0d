/**
 * Many clients at once: all of them or none. Every one that is wrong is told by its place, as far as that can be known
 * before anything is written.
 */
import type { Clock } from '../clock.ts'
import { type Doing, newClient } from './change-clients.ts'
import type { FieldProblem, Imported, ImportedClient, ImportProblem } from './contract.ts'
import { checkClient, isFields } from './fields.ts'
import { keep, makeId, makeKey } from './keys.ts'
import {
  allPlans,
  clientsOf,
  deleteClients,
  forgetOldChanges,
  ownersOf,
  putClients,
  type StoredClient,
} from './statements.ts'

const MOST = 100_000
/** At a time: behind so many, another turn of the loop is let in. */
const CHUNK = 500

/** One of them, with the id that it will have. */
interface Entry {
  readonly index: number
  readonly id: string
  readonly given: ImportedClient
}

export interface ImportOptions {
  readonly replaces: boolean
  readonly clock: Pick<Clock, 'soon'>
}

/** What is wrong with them whatever there is already. */
export async function checkImport(
  clients: readonly ImportedClient[],
  clock: Pick<Clock, 'soon'>,
): Promise<ImportProblem[]> {
  if (clients.length > MOST)
    return [{ index: MOST, field: '', message: `must be up to ${MOST} clients at a time, got ${clients.length}` }]
  const seen: Seen = { ids: new Map(), hashes: new Map() }
  const problems: ImportProblem[] = []
  for (const chunk of chunksOf([...clients.entries()])) {
    for (const [index, client] of chunk) {
      const found = [...problemsOf(client), ...repeatsOf(client, seen, index)]
      problems.push(...found.map((problem) => ({ index, ...problem })))
    }
    await breathe(clock)
  }
  return problems
}

/** `clients`: checked. Nothing is written where there are problems. */
export async function importClients(
  doing: Doing,
  clients: readonly ImportedClient[],
  { replaces, clock }: ImportOptions,
): Promise<Imported> {
  const entries = clients.map((given, index): Entry => ({ index, id: given.id ?? makeId(), given }))
  const found = await findPresent(doing, entries, clock)
  const problems = entries.flatMap((entry) => conflictsOf(entry, found, replaces))
  if (problems.length > 0) return { kind: 'invalid', problems, omitted: 0 }
  const replaced = [...found.clients.keys()]
  // First all that are replaced: two of them may have exchanged their keys.
  for (const ids of chunksOf(replaced)) await deleteClients(doing.query, doing.dialect, ids)
  const keys: { readonly id: string; readonly key: string }[] = []
  for (const chunk of chunksOf(entries)) {
    const made = chunk.map(({ id, given }) => clientOf({ ...given, id }, found.clients.get(id), doing.now))
    await putClients(
      doing.query,
      doing.dialect,
      made.map(({ client }) => client),
    )
    for (const { client, key } of made) if (key !== undefined) keys.push({ id: client.id, key })
    await breathe(clock)
  }
  await forgetOldChanges(doing.query)
  return { kind: 'done', added: entries.length - replaced.length, replaced: replaced.length, keys }
}

/** What there is already of what the entries name. */
interface Present {
  readonly clients: ReadonlyMap<string, StoredClient>
  /** The client of each hash. */
  readonly owners: ReadonlyMap<string, string>
  readonly plans: ReadonlySet<string>
  /** The ids of all entries. */
  readonly ids: ReadonlySet<string>
}

async function findPresent(
  { query, dialect }: Doing,
  entries: readonly Entry[],
  clock: Pick<Clock, 'soon'>,
): Promise<Present> {
  const clients = new Map<string, StoredClient>()
  const owners = new Map<string, string>()
  for (const chunk of chunksOf(entries)) {
    const ids = chunk.map(({ id }) => id)
    const hashes = chunk.flatMap(({ given }) => given.keyHash ?? [])
    for (const client of await clientsOf(query, dialect, ids)) clients.set(client.id, client)
    for (const [hash, owner] of await ownersOf(query, dialect, hashes)) owners.set(hash, owner)
    await breathe(clock)
  }
  const plans = new Set((await allPlans(query)).map(({ name }) => name))
  return { clients, owners, plans, ids: new Set(entries.map(({ id }) => id)) }
}

function conflictsOf({ index, id, given }: Entry, present: Present, replaces: boolean): ImportProblem[] {
  const { clients, owners, plans, ids } = present
  const problems: ImportProblem[] = []
  if (!replaces && clients.has(id))
    problems.push({ index, field: 'id', message: `must be new, and there is a client ${JSON.stringify(id)}` })
  const owner = given.keyHash === undefined ? undefined : owners.get(given.keyHash)
  // Whoever has it may be replaced in the same import, by one with another key.
  if (owner !== undefined && !ids.has(owner))
    problems.push({ index, field: 'keyHash', message: `must be new, and client ${JSON.stringify(owner)} has it` })
  if (given.plan !== undefined && !plans.has(given.plan))
    problems.push({
      index,
      field: 'plan',
      message: `must be the name of a plan, got ${JSON.stringify(given.plan)}; add it first`,
    })
  return problems
}

/** `before`: the one that it replaces. One without a hash keeps the key that it has, or gets a new one. */
function clientOf(given: ImportedClient & { readonly id: string }, before: StoredClient | undefined, now: number) {
  const { keyHash, keyPrefix } = given
  const imported = keyHash !== undefined && keyPrefix !== undefined ? { keyHash, keyPrefix } : before
  const key = imported === undefined ? makeKey() : undefined
  const client = newClient(given, imported ?? keep(key ?? ''), now)
  if (before === undefined) return { client, key }
  return { client: { ...client, revision: before.revision + 1, createdAt: before.createdAt }, key }
}

/** An import can hold anything: it comes from a file. */
const problemsOf = (client: unknown): FieldProblem[] =>
  isFields(client) ? checkClient(client) : [{ field: '', message: 'must be an object with the fields of a client' }]

/** Where each id and each hash stands first. */
interface Seen {
  readonly ids: Map<string, number>
  readonly hashes: Map<string, number>
}

function repeatsOf(client: ImportedClient, { ids, hashes }: Seen, index: number): FieldProblem[] {
  const values = [
    { field: 'id', value: client?.id, seen: ids },
    { field: 'keyHash', value: client?.keyHash, seen: hashes },
  ]
  return values.flatMap(({ field, value, seen }) => {
    if (value === undefined) return []
    const first = seen.get(value)
    if (first === undefined) seen.set(value, index)
    return first === undefined ? [] : [{ field, message: `must be new, and the one at ${first} has it, too` }]
  })
}

function* chunksOf<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += CHUNK) yield items.slice(start, start + CHUNK)
}

const breathe = (clock: Pick<Clock, 'soon'>): Promise<void> => new Promise((resolve) => clock.soon(resolve))
