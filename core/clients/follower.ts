/**
 * Keeps the directory in step with the database: connects, reads everything, and then whatever changes. A database that is
 * away is tried again, each time later; until it is back the directory stays as it is, and nobody waits.
 */
import type { Cancel, Clock } from '../clock.ts'
import { createQueue, joinWaiting } from '../control/queue.ts'
import type { Emit } from '../observe/events.ts'
import { Refusal } from '../part.ts'
import type { Random } from '../random.ts'
import { type Freshness, StoreAway } from './contract.ts'
import type { Connection, Database, Query } from './database.ts'
import { Directory } from './directory.ts'
import { migrate } from './migrations.ts'
import { readAll, readChanges } from './reading.ts'

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 15_000

/** 'trying': a connection is made, and everything read. 'waiting': for the next try. */
type State =
  | { readonly kind: 'trying' }
  | { readonly kind: 'following'; readonly connection: Connection }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'over' }

/** Since when it is away, why, and how often it has been tried. */
interface Outage {
  readonly since: number
  readonly reason: string
  readonly tries: number
}

export interface FollowerOptions {
  readonly database: Database
  readonly clock: Clock
  readonly random: Random
  readonly emit: Emit
}

export class Follower {
  readonly directory = new Directory(() => this.freshness)
  private readonly options: FollowerOptions
  private state: State = { kind: 'waiting' }
  /** Of the next check, or of the next try. */
  private cancel: Cancel = () => undefined
  /** The number of the last change that the directory knows. */
  private known = 0
  /** When the directory was last known to be what the database holds; undefined: never. */
  private knownAt: number | undefined = undefined
  private outage: Outage | undefined = undefined
  /** Resolves when what had been committed before is in the directory, or the database is away. */
  private readonly catchUp = joinWaiting<undefined, void>(createQueue(), () => this.follow())

  constructor(options: FollowerOptions) {
    this.options = options
  }

  get freshness(): Freshness {
    const { knownAt, outage } = this
    if (knownAt === undefined)
      return { kind: 'unknown', reason: outage?.reason ?? 'the database has not been read yet' }
    const ageMs = this.options.clock.now() - knownAt
    return outage === undefined ? { kind: 'up', ageMs } : { kind: 'away', ageMs, reason: outage.reason }
  }

  /** Resolves when it has been tried for the first time. Rejects with a Refusal when to try again can't help. */
  async start(): Promise<void> {
    const error = await this.try()
    if (!(error instanceof Refusal)) return
    this.stop()
    throw error
  }

  /** `work` in a transaction; what it has done is in the directory then. Rejects with `StoreAway`, or as `work` does. */
  async write<T>(work: (query: Query, connection: Connection) => Promise<T>): Promise<T> {
    const { state } = this
    if (state.kind !== 'following') throw new StoreAway(this.outage?.reason ?? 'the database is not open')
    const result = await state.connection.write((query) => work(query, state.connection))
    await this.catchUp(undefined)
    return result
  }

  stop(): void {
    this.cancel()
    if (this.state.kind === 'following') this.state.connection.close()
    this.state = { kind: 'over' }
  }

  /** Resolves to what was in the way. */
  private async try(): Promise<Error | undefined> {
    const { database, clock } = this.options
    this.state = { kind: 'trying' }
    let connection: Connection | undefined
    try {
      const opened = await database.connect({
        onNews: () => this.isFollowing(connection) && void this.catchUp(undefined),
        onLost: (error) => this.isFollowing(connection) && this.lose(error),
      })
      connection = opened
      await migrate(opened)
      const startedAt = clock.now()
      this.known = await readAll({ connection: opened, directory: this.directory, clock })
      this.begin(opened, startedAt)
      return undefined
    } catch (thrown) {
      connection?.close()
      const error = thrown instanceof Error ? thrown : new Error(String(thrown))
      this.wait(error)
      return error
    }
  }

  private begin(connection: Connection, knownAt: number): void {
    if (this.state.kind === 'over') return connection.close()
    const { clock, emit } = this.options
    const { outage } = this
    this.state = { kind: 'following', connection }
    this.knownAt = knownAt
    this.outage = undefined
    if (outage !== undefined)
      emit({ kind: 'store-back', forMs: Math.round(clock.now() - outage.since), clients: this.directory.size })
    // What has changed while everything was read.
    void this.catchUp(undefined)
    this.checkLater()
  }

  private checkLater(): void {
    this.cancel = this.options.clock.after(this.options.database.checkMs, () => void this.check())
  }

  private async check(): Promise<void> {
    const { state } = this
    if (state.kind !== 'following') return
    const now = this.options.clock.now()
    try {
      if (state.connection.hasNews()) await this.catchUp(undefined)
      else this.knownAt = now
    } catch (error) {
      return this.loseIf(state.connection, error)
    }
    if (this.isFollowing(state.connection)) this.checkLater()
  }

  private async follow(): Promise<void> {
    const { state, directory } = this
    const { clock } = this.options
    if (state.kind !== 'following') return
    const { connection } = state
    const startedAt = clock.now()
    try {
      const known = await readChanges({ connection, directory, clock }, this.known)
      if (!this.isFollowing(connection)) return
      this.known = known
      this.knownAt = startedAt
    } catch (error) {
      this.loseIf(connection, error)
    }
  }

  private isFollowing(connection: Connection | undefined): boolean {
    return this.state.kind === 'following' && this.state.connection === connection
  }

  private loseIf(connection: Connection, error: unknown): void {
    if (this.isFollowing(connection)) this.lose(error instanceof Error ? error : new Error(String(error)))
  }

  private lose(error: Error): void {
    this.cancel()
    if (this.state.kind === 'following') this.state.connection.close()
    this.wait(error)
  }

  /** Each time longer, and never all nodes at once. */
  private wait({ message: reason }: Error): void {
    if (this.state.kind === 'over') return
    const { clock, random, emit } = this.options
    const { outage } = this
    const tries = (outage?.tries ?? 0) + 1
    this.state = { kind: 'waiting' }
    this.outage = { since: outage?.since ?? clock.now(), reason, tries }
    if (outage === undefined) emit({ kind: 'store-away', reason, clients: this.directory.size })
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (tries - 1))
    this.cancel = clock.after(waitMs * (0.5 + random() / 2), () => void this.try())
  }
}
