/**
 * Clients in a file: SQLite with a write-ahead log, by two connections, so that what is read is never half of a change.
 * Its calls hold up the thread, and with it the requests of that moment: a page of 500 clients about 1.5 ms, a change
 * 0.5 ms. So they are made for the API and after a change, a page at a time, and never for a request. What happens
 * anyway each second is one look whether another process has written (`PRAGMA data_version`, less than 0.1 ms).
 */
import { Database as Sqlite } from 'bun:sqlite'
import { closeSync, openSync, statSync } from 'node:fs'
import type { Clock } from '../clock.ts'
import { createQueue } from '../control/queue.ts'
import { StoreAway } from './contract.ts'
import { transact } from './transact.ts'
import type { Columns, Connection, Database, Dialect, Query, Row } from './database.ts'

/** How long a call waits on the thread for one of another process. */
const BUSY_MS = 5
/** How long a change waits in all, looking again and again, while another process imports thousands of clients. */
const PATIENCE_MS = 5000
const RETRY_MS = 20

const dialect: Dialect = {
  kind: 'sqlite',
  isIn: (column, list) => `${column} IN (SELECT value FROM json_each(${list}))`,
  rows: (list, columns) => `(SELECT ${sqliteColumns(columns)} FROM json_each(${list}))`,
  hasTable: "SELECT count(*) AS tables FROM sqlite_master WHERE type = 'table' AND name = $1",
}

const sqliteColumns = (columns: Columns): string =>
  Object.keys(columns)
    .map((name) => `value ->> '${name}' AS ${name}`)
    .join(', ')

/** `path`: absolute. A file is made when there is none, but for one that has been open before: nobody meant to lose it. */
export function sqliteDatabase(path: string, clock: Clock): Database {
  let hasBeenOpen = false
  return {
    checkMs: 1000,
    async connect() {
      const connection = await patiently(clock, () => connect({ path, clock, mayCreate: !hasBeenOpen }))
      hasBeenOpen = true
      return connection
    },
  }
}

/** Again while somebody else has the file locked. */
async function patiently<T>(clock: Clock, act: () => T): Promise<Awaited<T>> {
  const until = clock.now() + PATIENCE_MS
  for (;;) {
    try {
      return await act()
    } catch (error) {
      if (!isBusy(error) || clock.now() >= until) throw error
    }
    await new Promise<void>((resolve) => void clock.after(RETRY_MS, resolve))
  }
}

const isBusy = (error: unknown): boolean => error instanceof StoreAway && codeOf(error.cause).startsWith('SQLITE_BUSY')

interface Place {
  readonly path: string
  readonly clock: Clock
  readonly mayCreate: boolean
}

function connect({ path, clock, mayCreate }: Place): Connection {
  if (mayCreate) createOwn(path)
  const opened: Sqlite[] = []
  const open = (): Sqlite => {
    const database = new Sqlite(path, { create: mayCreate, readwrite: true })
    opened.push(database)
    database.run(`PRAGMA busy_timeout = ${BUSY_MS}`)
    return database
  }
  try {
    const writer = open()
    writer.run('PRAGMA journal_mode = WAL')
    writer.run('PRAGMA synchronous = NORMAL')
    writer.run('PRAGMA foreign_keys = ON')
    return connectionOf({ path, clock, reader: open(), writer })
  } catch (error) {
    for (const database of opened) database.close()
    throw awayAt(path, error)
  }
}

/** A new file is for our own user alone, and so is the log beside it. What is in the way SQLite tells better. */
function createOwn(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch {
    // Most often it is there.
  }
}

interface Opened {
  readonly path: string
  readonly clock: Clock
  readonly reader: Sqlite
  readonly writer: Sqlite
}

function connectionOf({ path, clock, reader, writer }: Opened): Connection {
  const queue = createQueue()
  const queryOf =
    (database: Sqlite): Query =>
    async (text, values) => {
      try {
        return database.query<Row, (string | number)[]>(text).all(...values)
      } catch (error) {
        throw awayAt(path, error)
      }
    }
  const inside = queryOf(writer)
  const begin = () => patiently(clock, () => inside('BEGIN IMMEDIATE', []))
  const file = identityOf(path)
  let seen = versionSeen(reader)
  return {
    dialect,
    query: queryOf(reader),
    write: (work) => queue(() => transact(inside, begin, work)),
    hasNews() {
      try {
        if (identityOf(path) !== file) throw new StoreAway(`${path} is another file than the one that was opened`)
        const before = seen
        seen = versionSeen(reader)
        return seen !== before
      } catch (error) {
        throw awayAt(path, error)
      }
    },
    close() {
      reader.close()
      writer.close()
    },
  }
}

/** Another number once another connection has changed something. */
function versionSeen(database: Sqlite): unknown {
  return database.query<{ readonly data_version: number }, []>('PRAGMA data_version').get()?.data_version
}

/** A file that took its place has another one. Throws when there is none. */
function identityOf(path: string): string {
  const { dev, ino } = statSync(path)
  return `${dev}:${ino}`
}

/** By the code of SQLite or of the system: what it means for whoever runs this. */
const MEANINGS: Readonly<Record<string, string>> = {
  SQLITE_NOTADB: 'it is no SQLite database: name another file, or take it away and a new one is made',
  SQLITE_CORRUPT: 'it is damaged: restore a copy, or take it away and a new one is made',
  SQLITE_READONLY: 'it can be read but not written: check its permissions and those of its folder',
  SQLITE_CANTOPEN: 'it cannot be opened: check that its folder is there and may be written',
  SQLITE_PERM: 'it cannot be opened: check its permissions',
  SQLITE_FULL: 'the disk is full',
  SQLITE_IOERR: 'the disk fails, or is full',
  SQLITE_BUSY: `another process has kept it locked for ${PATIENCE_MS / 1000} s`,
  ENOENT: 'it is no longer there',
}

function awayAt(path: string, error: unknown): Error {
  if (error instanceof StoreAway) return error
  if (!(error instanceof Error)) return new StoreAway(`${path}: ${String(error)}`)
  const code = codeOf(error)
  const meaning = Object.entries(MEANINGS).find(([known]) => code === known || code.startsWith(`${known}_`))?.[1]
  return new StoreAway(`${path}: ${meaning === undefined ? error.message : `${meaning} (${code})`}`, { cause: error })
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')
