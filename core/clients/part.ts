/**
 * The client store, as a part: kept over reloads for as long as it is at the same place; another one is opened and read
 * beside it before it counts. At the start a database that is away is no obstacle, since it may come while we serve; a
 * reload to one that is away is refused, since what is known would be lost for it.
 */
import type { Clock } from '../clock.ts'
import type { ClientsConfig, Config } from '../config/config.ts'
import type { Emit } from '../observe/events.ts'
import { type Move, NO_MOVE, type Part, Refusal } from '../part.ts'
import type { Random } from '../random.ts'
import type { ClientDirectory, ClientStore } from './contract.ts'
import type { Database } from './database.ts'
import { Follower } from './follower.ts'
import { createClientStore } from './store.ts'

export interface ClientsServices {
  readonly clock: Clock
  readonly random: Random
  readonly emit: Emit
}

type Place = ClientsConfig['store']

/** One that is open, or is tried again and again. */
interface Running {
  readonly place: Place
  readonly follower: Follower
  readonly store: ClientStore
}

const key = 'clients.store'

export class ClientsPart implements Part<Config> {
  private readonly services: ClientsServices
  private running: Running | undefined = undefined
  private hasStarted = false

  constructor(services: ClientsServices) {
    this.services = services
  }

  /** What requests ask; undefined: no clients are configured. Another one once another store is in force. */
  get directory(): ClientDirectory | undefined {
    return this.running?.follower.directory
  }

  /** What the API works with; undefined: as above. */
  get store(): ClientStore | undefined {
    return this.running?.store
  }

  async prepare({ clients }: Config): Promise<Move> {
    const place = clients?.store
    if (Bun.deepEquals(place, this.running?.place)) return { ...NO_MOVE, commit: () => this.take(this.running) }
    const next = place && (await this.open(place))
    return { isNews: false, commit: () => this.take(next), abandon: () => next?.follower.stop() }
  }

  /** Ends it for good. */
  stop(): void {
    this.running?.follower.stop()
  }

  private async open(place: Place): Promise<Running> {
    const { clock, emit } = this.services
    const follower = new Follower({ ...this.services, database: await databaseAt(place, clock) })
    try {
      await follower.start()
    } catch (error) {
      throw error instanceof Refusal ? error : new Refusal([{ key, message: String(error) }], { cause: error })
    }
    const { freshness } = follower
    if (this.hasStarted && freshness.kind === 'unknown') {
      follower.stop()
      throw new Refusal([{ key, message: freshness.reason, isLocal: true }])
    }
    return { place, follower, store: createClientStore({ follower, clock, emit }) }
  }

  private take(next: Running | undefined): void {
    this.hasStarted = true
    if (next !== this.running) this.running?.follower.stop()
    this.running = next
  }
}

/** Loaded for whoever has clients only. */
async function databaseAt(place: Place, clock: Clock): Promise<Database> {
  if (place.kind === 'sqlite') return (await import('./store-sqlite.ts')).sqliteDatabase(place.path, clock)
  return (await import('./store-postgres.ts')).postgresDatabase(place.url, clock)
}
