/**
 * Reads a database into the directory: all of it, or what has changed since. In pages, with a turn of the loop between
 * them, so that no request waits for more than one. What changes meanwhile stands among the changes, and is read behind.
 */
import type { Clock } from '../clock.ts'
import type { Connection } from './database.ts'
import type { Directory } from './directory.ts'
import {
  allPlans,
  type Change,
  changesBetween,
  changesKept,
  clientsAfter,
  clientsOf,
  type StoredClient,
} from './statements.ts'

const PAGE = 500
/** To read so many anew one by one costs more than to read everything. */
const MANY_CHANGES = 10_000

export interface Reading {
  readonly connection: Connection
  readonly directory: Directory
  readonly clock: Pick<Clock, 'soon'>
}

/** Everything anew. Resolves to the number of the last change that is in it. */
export async function readAll({ connection, directory, clock }: Reading): Promise<number> {
  const { query } = connection
  const { last } = await changesKept(query)
  const plans = await allPlans(query)
  const replacement = directory.replace()
  for (let after: string | undefined = ''; after !== undefined;) {
    const page: StoredClient[] = await clientsAfter(query, after, PAGE)
    replacement.put(page)
    after = page.length < PAGE ? undefined : page.at(-1)?.id
    await breathe(clock)
  }
  replacement.commit(plans)
  return last
}

/** What has changed behind `known`, as `readAll` and this resolve to it. */
export async function readChanges(reading: Reading, known: number): Promise<number> {
  const { query } = reading.connection
  const { first, last } = await changesKept(query)
  if (last === known) return known
  // Some are forgotten already; or it is not the database that it was, but a copy of before.
  if (last < known || first > known + 1 || last - known > MANY_CHANGES) return readAll(reading)
  const ids = idsOf(await changesBetween(query, known, last))
  const clients: StoredClient[] = []
  for (let start = 0; start < ids.length; start += PAGE) {
    clients.push(...(await clientsOf(query, reading.connection.dialect, ids.slice(start, start + PAGE))))
    await breathe(reading.clock)
  }
  reading.directory.update({ clients, plans: await allPlans(query) }, ids)
  return last
}

const idsOf = (changes: readonly Change[]): string[] =>
  changes.filter(({ kind }) => kind === 'client').map(({ id }) => id)

const breathe = (clock: Pick<Clock, 'soon'>): Promise<void> => new Promise((resolve) => clock.soon(resolve))
