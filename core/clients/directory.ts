/**
 * What is known of all clients and plans, in memory: requests look up here, and the API reads here, whatever has become of
 * the database. A client takes about 1 KB, its texts aside.
 */
import type { Cancel } from '../clock.ts'
import type {
  Client,
  ClientDirectory,
  ClientPage,
  ClientQuery,
  ExportedClient,
  Freshness,
  Plan,
  PlanFields,
} from './contract.ts'
import { hashOf, KEY_LENGTH } from './keys.ts'
import { limitsOf } from './limits.ts'
import type { StoredClient } from './statements.ts'

/** What has become of some clients, and all plans. */
export interface Content {
  readonly clients: readonly StoredClient[]
  readonly plans: readonly Plan[]
}

export interface Replacement {
  put(clients: readonly StoredClient[]): void
  commit(plans: readonly Plan[]): void
}

interface Entry {
  /** Without the hash, so that nobody can show it. */
  readonly client: Client
  readonly keyHash: string
}

export class Directory implements ClientDirectory {
  private readonly freshnessNow: () => Freshness
  private table = new Table()
  private planTable = new Map<string, Plan>()
  /** In the order of ids; made when somebody asks. */
  private sorted: readonly Entry[] | undefined = undefined
  private readonly listeners = new Set<() => void>()

  constructor(freshness: () => Freshness) {
    this.freshnessNow = freshness
  }

  get freshness(): Freshness {
    return this.freshnessNow()
  }

  byKey(key: string): Client | undefined {
    return key.length === KEY_LENGTH && key.startsWith('sek_') ? this.table.owners.get(hashOf(key)) : undefined
  }

  byId(id: string): Client | undefined {
    return this.table.entries.get(id)?.client
  }

  limitOf(client: Client): PlanFields {
    return limitsOf(client, client.plan === undefined ? undefined : this.planTable.get(client.plan))
  }

  onChange(listener: () => void): Cancel {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  get size(): number {
    return this.table.entries.size
  }

  plan(name: string): Plan | undefined {
    return this.planTable.get(name)
  }

  /** In the order of names. */
  plans(): Plan[] {
    return [...this.planTable.values()].toSorted((one, other) => (one.name < other.name ? -1 : 1))
  }

  list(query: ClientQuery): ClientPage {
    const { after = '', limit } = query
    const holds = filterOf(query)
    const found = this.inOrder().filter(({ client }) => holds(client))
    const behind = found.filter(({ client }) => client.id > after)
    const clients = behind.slice(0, limit).map(({ client }) => client)
    return { clients, next: behind.length > limit ? clients.at(-1)?.id : undefined, total: found.length }
  }

  export(): ExportedClient[] {
    return this.inOrder().map(({ client, keyHash }) => ({ ...client, keyHash }))
  }

  /** Everything anew; it counts with `commit`. Page by page, so that many cause no pause. */
  replace(): Replacement {
    const next = new Table()
    return {
      put: (clients) => clients.forEach((client) => next.put(client)),
      commit: (plans) => {
        this.table = next
        this.take(plans)
      },
    }
  }

  /** `ids`: what has become of these clients stands in `clients`; of whom nothing stands there are no more. */
  update({ clients, plans }: Content, ids: readonly string[]): void {
    for (const id of ids) this.table.drop(id)
    for (const client of clients) this.table.put(client)
    this.take(plans)
  }

  private take(plans: readonly Plan[]): void {
    this.planTable = new Map(plans.map((plan) => [plan.name, plan]))
    this.sorted = undefined
    for (const listener of this.listeners) listener()
  }

  private inOrder(): readonly Entry[] {
    return (this.sorted ??= [...this.table.entries.values()].toSorted((one, other) =>
      one.client.id < other.client.id ? -1 : 1,
    ))
  }
}

/** Clients by what they are looked up by. */
class Table {
  readonly entries = new Map<string, Entry>()
  readonly owners = new Map<string, Client>()

  put({ keyHash, ...client }: StoredClient): void {
    this.entries.set(client.id, { client, keyHash })
    this.owners.set(keyHash, client)
  }

  drop(id: string): void {
    const entry = this.entries.get(id)
    if (entry === undefined) return
    this.entries.delete(id)
    // Its key may be another one's by now.
    if (this.owners.get(entry.keyHash) === entry.client) this.owners.delete(entry.keyHash)
  }
}

function filterOf({ text, plan, isEnabled }: ClientQuery): (client: Client) => boolean {
  const sought = text?.toLowerCase()
  const holds = (value: string): boolean => sought === undefined || value.toLowerCase().includes(sought)
  return (client) =>
    (plan === undefined || client.plan === plan) &&
    (isEnabled === undefined || client.isEnabled === isEnabled) &&
    (sought === undefined || [client.id, client.name, client.note].some(holds))
}
