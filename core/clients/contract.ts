/**
 * Clients and their plans in a database: what the admin API may do with them, and what requests may ask. All that is
 * known stands in memory: reads and look-ups never wait for the database, and `freshness` says how old they are. Writes
 * go to the database, in one transaction each, and are seen here as soon as they are through.
 */
import type { Cancel } from '../clock.ts'
import type { Rate } from '../rate.ts'

/** What clients may have in common. `revision`: 1 at first, one more with each change; times are epoch ms. */
export interface Plan extends PlanFields {
  /** 1 to 64 of `A-Z a-z 0-9 . _ ~ -`, first a letter or digit; for good. */
  readonly name: string
  readonly revision: number
  readonly createdAt: number
  readonly updatedAt: number
}

/** What may be changed in a plan. */
export interface PlanFields {
  /** undefined: none of its own, and what a limit grants everybody counts. */
  readonly rate: Rate | undefined
  /** How many at once, 1 to 1e9, whole; undefined: what the rate grants in a second, at least 1. */
  readonly burst: number | undefined
}

/** One of the clients. Its key is not here, nor anywhere: `keyPrefix` tells which one it is. */
export interface Client extends ClientFields {
  /** As a plan's name. */
  readonly id: string
  /** The first 12 characters of the key: `sek_` and 8 more of its 43. */
  readonly keyPrefix: string
  readonly revision: number
  readonly createdAt: number
  readonly updatedAt: number
}

/** What may be changed in a client. */
export interface ClientFields {
  /** 1 to 200 characters, none of them a control character. */
  readonly name: string
  /** Of a plan that there is. */
  readonly plan: string | undefined
  /** undefined: the plan's. */
  readonly rate: Rate | undefined
  /** undefined: the plan's. */
  readonly burst: number | undefined
  /** Up to 2000 characters; of control characters tabs and line feeds only. */
  readonly note: string
  readonly isEnabled: boolean
  /** Epoch ms; from then on its key counts no more. undefined: for good. */
  readonly validUntil: number | undefined
}

/** A client to be: what is absent gets an id of our own, no plan, no limits, no note, and is enabled for good. */
export type ClientDraft = Pick<ClientFields, 'name'> & Partial<ClientFields> & { readonly id?: string | undefined }

/** A plan to be. */
export type PlanDraft = Pick<Plan, 'name'> & Partial<PlanFields>

/** As it is exported: with its key's hash, so that it is the same client where it is imported, and keeps its key. */
export interface ExportedClient extends Client {
  /** SHA-256 of the key, 64 hex digits. */
  readonly keyHash: string
}

/** One to import: a draft, which gets a key of ours, or one that was exported. */
export type ImportedClient = ClientDraft & {
  readonly keyHash?: string | undefined
  readonly keyPrefix?: string | undefined
}

/** Which of them; each condition that is there has to hold. */
export interface ClientFilter {
  /** Stands in the id, the name or the note, in whatever case. */
  readonly text?: string | undefined
  readonly plan?: string | undefined
  readonly isEnabled?: boolean | undefined
}

/** In the order of ids, byte by byte. */
export interface ClientQuery extends ClientFilter {
  /** Those behind this id, which need not exist; undefined: from the first. */
  readonly after?: string | undefined
  /** How many at most: 1 to 1000. */
  readonly limit: number
}

export interface ClientPage {
  readonly clients: readonly Client[]
  /** `after` of the next page; undefined: this is the last one. */
  readonly next: string | undefined
  /** How many the filter leaves, on all pages. */
  readonly total: number
}

/** What is wrong with a field. */
export interface FieldProblem {
  /** As the contract calls it: `name`, `validUntil`; empty: of no single field. */
  readonly field: string
  /** `must be …, got …`. */
  readonly message: string
}

/** `index`: of the one in what was to be imported, from 0. */
export interface ImportProblem extends FieldProblem {
  readonly index: number
}

/** What may become of a change that names one client or plan. */
export type Unchanged =
  | { readonly kind: 'unknown' }
  /** It is no longer at `ifRevision`, but at this one. */
  | { readonly kind: 'stale'; readonly revision: number }
  | { readonly kind: 'invalid'; readonly problems: readonly FieldProblem[] }

/** `key`: the whole of it, to be shown this once. */
export type AddedClient =
  | { readonly kind: 'done'; readonly client: Client; readonly key: string }
  | { readonly kind: 'duplicate'; readonly detail: string }
  | { readonly kind: 'invalid'; readonly problems: readonly FieldProblem[] }

/** `key`: a new one, where one was asked for. */
export type ChangedClient = { readonly kind: 'done'; readonly client: Client; readonly key?: string } | Unchanged

export type Removed =
  | { readonly kind: 'done' }
  /** A plan that clients have is not removed. */
  | { readonly kind: 'in-use'; readonly detail: string }
  | Exclude<Unchanged, { readonly kind: 'invalid' }>

/** `keys`: of those that came without a hash, in their order. */
export type Imported =
  | {
      readonly kind: 'done'
      readonly added: number
      readonly replaced: number
      readonly keys: readonly { readonly id: string; readonly key: string }[]
    }
  /** Nothing was imported. At most 100 problems; `omitted`: how many more there are. */
  | { readonly kind: 'invalid'; readonly problems: readonly ImportProblem[]; readonly omitted: number }

export type AddedPlan = { readonly kind: 'done'; readonly plan: Plan } | Exclude<AddedClient, { readonly kind: 'done' }>
export type ChangedPlan = { readonly kind: 'done'; readonly plan: Plan } | Unchanged

/** Who changes something, and what it has to be at still. */
export interface ChangeTerms {
  /** Who asked, for the audit event: `admin API 127.0.0.1`. */
  readonly origin: string
  /** Refused as `stale` unless it is at this revision; undefined: whatever it is at. */
  readonly ifRevision?: number | undefined
}

/**
 * What the admin API works with. Reads answer from memory. Writes reject with `StoreAway` when the database cannot be
 * had or cannot take them: then nothing is changed, unless it was lost just as it was told to commit. What is refused for
 * another reason is told by `kind`.
 */
export interface ClientStore {
  /** How old reads are, and why. */
  readonly freshness: Freshness
  /** Clients there are. */
  readonly size: number
  list(query: ClientQuery): ClientPage
  get(id: string): Client | undefined
  add(draft: ClientDraft, terms: ChangeTerms): Promise<AddedClient>
  /** Only the fields that are there, also those that are there as undefined. `renewKey`: the old key counts no more. */
  set(id: string, change: ClientChange, terms: ChangeTerms): Promise<ChangedClient>
  remove(id: string, terms: ChangeTerms): Promise<Removed>
  /** All or nothing, up to 100,000. An id that there is already is a problem, unless `replaces`. */
  import(clients: readonly ImportedClient[], terms: ImportTerms): Promise<Imported>
  /** All of them, in the order of ids. */
  export(): Iterable<ExportedClient>
  /** In the order of names. */
  plans(): readonly Plan[]
  plan(name: string): Plan | undefined
  addPlan(draft: PlanDraft, terms: ChangeTerms): Promise<AddedPlan>
  setPlan(name: string, change: Partial<PlanFields>, terms: ChangeTerms): Promise<ChangedPlan>
  removePlan(name: string, terms: ChangeTerms): Promise<Removed>
}

export type ClientChange = Partial<ClientFields> & { readonly renewKey?: boolean | undefined }
export type ImportTerms = Pick<ChangeTerms, 'origin'> & { readonly replaces: boolean }

/**
 * How far what is in memory can be relied on. 'up': it follows the database. 'away': it does not any more, and the last
 * known limits stay in force. 'unknown': nothing has been read since the process began, and there is nobody to know.
 * `ageMs`: since it was last known to be what the database holds. `reason`: in words, without secrets.
 */
export type Freshness =
  | { readonly kind: 'up'; readonly ageMs: number }
  | { readonly kind: 'away'; readonly ageMs: number; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string }

/** What requests ask: in memory, at once, whatever has become of the database. Never throws. */
export interface ClientDirectory {
  readonly freshness: Freshness
  /** Whose key it is, also one that is disabled or no longer valid; undefined: nobody's. One SHA-256, about 1 µs. */
  byKey(key: string): Client | undefined
  byId(id: string): Client | undefined
  /** What holds for a client now: its own limits, else those of its plan. */
  limitOf(client: Client): PlanFields
  /** Called when clients or plans are no longer what they were, however it was found out. */
  onChange(listener: () => void): Cancel
}

/** The database cannot be had, or cannot take a change: 503. `message` is one line for a person, without secrets. */
export class StoreAway extends Error {
  override readonly name = 'StoreAway'
}
