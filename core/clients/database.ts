/**
 * What the store asks of a database of either kind: statements, transactions that exclude each other, and word of what
 * others have changed. The statements stand in `statements.ts`, once for both kinds.
 */
export type Row = Readonly<Record<string, unknown>>

/** A statement with `$1`, `$2`… in the order of `values`. Rejects with `StoreAway`. */
export type Query = (text: string, values: readonly (string | number)[]) => Promise<readonly Row[]>

/** In what the two differ. `list` is one JSON parameter. */
export interface Dialect {
  readonly kind: 'sqlite' | 'postgres'
  /** Whether `column` is one of the texts of a JSON list. */
  isIn(column: string, list: string): string
  /** The objects of a JSON list, as a table with these columns in their order. */
  rows(list: string, columns: Columns): string
  /** A value 1 or more when there is a table `$1`. */
  readonly hasTable: string
}

/** Of a table: each with whether it holds text, a whole number or a truth value. */
export type Columns = Readonly<Record<string, 'text' | 'number' | 'truth'>>

export interface Connection {
  readonly dialect: Dialect
  /** Outside of transactions. */
  readonly query: Query
  /** In a transaction that no other writer of this database runs beside; undone when `work` rejects, and so does this. */
  readonly write: <T>(work: (query: Query) => Promise<T>) => Promise<T>
  /** Whether somebody may have changed something since the last time. Throws `StoreAway`. */
  hasNews(): boolean
  /** Ends it; nothing is told any more. What is under way is cut. */
  close(): void
}

/** What a connection tells while it is open, in events of their own. */
export interface ConnectionEvents {
  /** Somebody has changed something. */
  onNews(): void
  /** It has broken. */
  onLost(error: Error): void
}

/** One kind of database at one place. */
export interface Database {
  /** How often `hasNews` is to be asked. */
  readonly checkMs: number
  /** Rejects with `StoreAway`, or with `Refusal` when trying again can't help. */
  connect(events: ConnectionEvents): Promise<Connection>
}
