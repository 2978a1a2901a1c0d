/** What the admin API reads of a running edge; handed in by `core/edge.ts`, faked in tests. Nothing here may block. */
import type { ClientStore } from '../clients/contract.ts'
import type { Config } from '../config/config.ts'
import type { Controller } from '../control/contract.ts'
import type { AdminDeploys } from '../deploy/contract.ts'
import type { ExplainQuery } from '../explain/store.ts'
import type { AdminPreviews } from '../preview/contract.ts'
import type { MetricFormat } from '../report/prometheus.ts'
import type { StatusSnapshot } from '../report/snapshot.ts'
import type { BackendView } from '../report/view.ts'
import type { ImportCertificateBody } from './certificate-schemas.ts'
import type { CertificateView } from './certificate-view.ts'
import type { AdminRequest } from './request.ts'

export interface AdminSource {
  status(): StatusSnapshot
  /** Those of a pool, live; none of one that does not run. What `status` tells of all costs 20 µs each. */
  backends(pool: string): readonly BackendView[]
  /** Members of a pool that its sources have found and the config does not name; absent: there are no sources. */
  found?(pool: string): readonly FoundMember[]
  /** The Prometheus page in slices, each to be taken in a turn of its own. */
  metrics(format: MetricFormat): Promise<IterableIterator<string, void>>
  /** Whether new traffic should be sent here. */
  ready(): Readiness
  /** The configuration in force, secrets included: the API takes them out. */
  config(): Config
  /** In words: what each matches, and the same with its pool. */
  routes(): readonly { readonly match: string; readonly whole: string }[]
  /** GET /api/events: a stream that goes on until the watcher leaves; HEAD: its headers. */
  events(request: AdminRequest): Response
  /** Why requests went where they went; undefined: nobody wants to know. */
  readonly explain?: AdminExplain | undefined
  /** Who is kept out; undefined: nobody ever is. */
  readonly bans?: AdminBans | undefined
  /** What listeners serve; absent: none does. */
  readonly certificates?: AdminCertificates | undefined
  /** The clients and plans of `clients.store`; undefined: the configuration has none. */
  readonly clients?: ClientStore | undefined
  /** Replaces members of pools; undefined: it was started without files. */
  readonly deploys?: AdminDeploys | undefined
  /** Hosts that are served for a while; undefined: it was started without files. */
  readonly previews?: AdminPreviews | undefined
  /** What changes the edge; undefined: it was started without files, and cannot be changed. */
  readonly control?: Controller | undefined
}

export interface FoundMember {
  readonly member: Config['pools'][number]['members'][number]
  /** What status and events call its source. */
  readonly source: string
}

export interface AdminExplain {
  /** Whether there is one to tell. */
  has(query: ExplainQuery): boolean
  /** A `ToldExplanations` as JSON, with its line end. `turn` resolves in a turn of the event loop of its own. */
  tell(query: ExplainQuery, turn: () => Promise<void>): Promise<string>
}

export interface AdminBans {
  /** The first so many of `total`. `until`: RFC 3339. */
  list(most: number): {
    readonly total: number
    readonly bans: readonly { readonly address: string; readonly until: string }[]
  }
  /** The client whose ban is over now; undefined: it had none. `origin`: who asked, for the audit event. */
  lift(address: string, origin: string): string | undefined
}

export interface AdminCertificates {
  list(): readonly CertificateView[]
  /** Orders one for that name now; false: none is kept for it. `origin`: who asked, for the audit event. */
  renew(name: string, origin: string): boolean
  /** For the names that are kept and that it is for. Never rejects. */
  import(pair: ImportCertificateBody, origin: string): Promise<ImportedCertificate>
}

export type ImportedCertificate =
  | { readonly kind: 'imported'; readonly names: readonly string[]; readonly notAfter: string }
  /** `key`: which of the two it is that is wrong. */
  | { readonly kind: 'fault'; readonly key: 'certificate' | 'key'; readonly rule: string }
  | { readonly kind: 'unkept'; readonly reason: string }

export type Readiness =
  | { readonly kind: 'ready' }
  /** In words, for people: `draining`, `no pool has a usable backend`. */
  | { readonly kind: 'not-ready'; readonly reason: string }
