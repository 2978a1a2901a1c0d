/**
 * Clients in PostgreSQL: what one node changes is told to all (LISTEN, NOTIFY), and asked for each few seconds besides,
 * which also shows a connection that has died without a word. There are three at most: two for statements, one for news.
 */
import type { Clock } from '../clock.ts'
import { createQueue } from '../control/queue.ts'
import { Refusal } from '../part.ts'
import type { Secret } from '../secrets.ts'
import { StoreAway } from './contract.ts'
import { transact } from './transact.ts'
import type { Columns, Connection, ConnectionEvents, Database, Dialect, Query, Row } from './database.ts'
import { POSTGRES_CHANNEL, POSTGRES_LOCK } from './migrations.ts'

/** Longer than any statement here takes; then the connection is given up. */
const ANSWER_MS = 10_000
const CONNECT_SECONDS = 5
/** How long a change waits for another node's, which takes milliseconds. */
const LOCK_MS = 5000

const TYPES = { text: 'text', number: 'bigint', truth: 'boolean' } as const

const dialect: Dialect = {
  kind: 'postgres',
  // As an array, by which the index is used whatever the planner guesses.
  isIn: (column, list) => `${column} = ANY (ARRAY(SELECT jsonb_array_elements_text(${list}::text::jsonb)))`,
  rows: (list, columns) => `jsonb_to_recordset(${list}::text::jsonb) AS given (${postgresColumns(columns)})`,
  // Not by to_regclass: whoever has waited for the lock is told by it what was so before.
  hasTable: 'SELECT count(*) AS tables FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1',
}

const postgresColumns = (columns: Columns): string =>
  Object.entries(columns)
    .map(([name, type]) => `${name} ${TYPES[type]}`)
    .join(', ')

/** `url`: `postgres://user:password@host:port/database`, with what else Bun.SQL reads in it. */
export function postgresDatabase(url: Secret, clock: Clock): Database {
  return { checkMs: 3000, connect: async (events) => begun(url, clock, events).open() }
}

/** What is wrong with the URL itself shows before anything is connected, and stays so. */
function begun(url: Secret, clock: Clock, events: ConnectionEvents): PostgresConnection {
  try {
    return new PostgresConnection(url, clock, events)
  } catch (error) {
    const message = `must be a URL that a connection can be made by: ${wordsOf(error)}`
    throw new Refusal([{ key: 'clients.store', message }], { cause: error })
  }
}

class PostgresConnection implements Connection {
  readonly dialect = dialect
  private readonly sql: Bun.SQL
  private readonly clock: Clock
  private readonly queue = createQueue()
  private readonly events: ConnectionEvents
  /** Without user and password. */
  private readonly place: string
  private isOver = false
  /** Rejects when it is over: whoever still waits for an answer gets none. */
  private readonly end = Promise.withResolvers<never>()

  constructor(url: Secret, clock: Clock, events: ConnectionEvents) {
    const { hostname, port, pathname } = new URL(url.reveal())
    this.place = `PostgreSQL at ${hostname}:${port === '' ? 5432 : port}${pathname}`
    this.clock = clock
    this.events = events
    this.sql = new Bun.SQL(url.reveal(), {
      max: 2,
      idleTimeout: 0,
      connectionTimeout: CONNECT_SECONDS,
      connection: { application_name: 'smartedge', lock_timeout: String(LOCK_MS) },
      onclose: (error) => this.lose(error ?? new Error('the connection was closed')),
    })
    this.end.promise.catch(() => undefined)
  }

  async open(): Promise<Connection> {
    try {
      const onNews = (): void => {
        if (!this.isOver) this.events.onNews()
      }
      await this.inTime(this.sql.listen(POSTGRES_CHANNEL, onNews))
      return this
    } catch (error) {
      this.close()
      throw error
    }
  }

  readonly query: Query = (text, values) => this.inTime(this.sql.unsafe<Row[]>(text, [...values]))

  /** One at a time, so that the other connection is free for whoever reads. */
  readonly write = <T>(work: (query: Query) => Promise<T>): Promise<T> => this.queue(() => this.transact(work))

  private async transact<T>(work: (query: Query) => Promise<T>): Promise<T> {
    const held = await this.inTime(this.sql.reserve())
    const query: Query = (text, values) => this.inTime(held.unsafe<Row[]>(text, [...values]))
    const begin = async (): Promise<void> => {
      await query('BEGIN', [])
      await query(`SELECT pg_advisory_xact_lock(${POSTGRES_LOCK})`, [])
    }
    try {
      return await transact(query, begin, work)
    } finally {
      void held.release()
    }
  }

  /** Notifications come by themselves; to ask is what shows that they still do. */
  hasNews(): boolean {
    return true
  }

  close(): void {
    this.finish(new Error('it was closed'))
  }

  private finish(reason: Error): void {
    if (this.isOver) return
    this.isOver = true
    this.end.reject(reason)
    void this.sql.close({ timeout: 0 }).catch(() => undefined)
  }

  /** At the first sign, also of an idle connection: else Bun would connect again by itself, and tell of it on standard error. */
  private lose(error: Error): void {
    if (this.isOver) return
    this.finish(error)
    this.events.onLost(this.away(error))
  }

  private async inTime<T>(answer: PromiseLike<T>): Promise<T> {
    const cancel = this.clock.after(ANSWER_MS, () => this.lose(new Error(`no answer within ${ANSWER_MS / 1000} s`)))
    try {
      return await Promise.race([answer, this.end.promise])
    } catch (error) {
      throw this.away(error)
    } finally {
      cancel()
    }
  }

  private away(error: unknown): Error {
    if (error instanceof StoreAway) return error
    return new StoreAway(`${this.place}: ${wordsOf(error)}`, { cause: error })
  }
}

/** With the server's code of it (SQLSTATE), else with Bun's. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code: unknown = ('errno' in error && error.errno) || ('code' in error && error.code)
  return typeof code === 'string' ? `${error.message} (${code})` : error.message
}
