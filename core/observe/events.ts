/**
 * What happens to the process and its backends, for logs and watchers: one union, each variant with its own fields.
 * Per-request facts are not events; they are counters, histograms and (later) the access log.
 */
import type { Kept } from '../own-files.ts'

export type EdgeEvent =
  /** `http3`: HTTP/3 is spoken as well, at the UDP port of the same number; absent: it is not. */
  | { readonly kind: 'listening'; readonly listener: string; readonly address: string; readonly http3?: true }
  /** Of one whose clients Bun.serve speaks with: there is less of HTTP to be had. */
  | { readonly kind: 'engine-limits'; readonly listener: string }
  /** `ownToken`: what a process did with the token it made for itself; undefined: it made none. */
  | { readonly kind: 'admin-listening'; readonly address: string; readonly ownToken?: Kept | undefined }
  | { readonly kind: 'ready'; readonly config: string | undefined; readonly pools: number; readonly backends: number }
  | { readonly kind: 'backend-up'; readonly pool: string; readonly backend: string; readonly detail: string }
  | { readonly kind: 'backend-down'; readonly pool: string; readonly backend: string; readonly detail: string }
  /** Every usable backend of a pool is at its bound, and requests have to wait or get 503. */
  | { readonly kind: 'pool-full'; readonly pool: string; readonly detail: string }
  /** For some seconds no request has had to; `forMs`: how long they did before. */
  | { readonly kind: 'pool-relieved'; readonly pool: string; readonly forMs: number }
  /** Backends that something holds out are used all the same, and why. `cause` for programs. */
  | {
      readonly kind: 'pool-degraded'
      readonly pool: string
      readonly cause: 'restraint' | 'panic' | 'nobody-left'
      readonly detail: string
    }
  /** No more. */
  | { readonly kind: 'pool-recovered'; readonly pool: string }
  | { readonly kind: 'strategy-fault'; readonly pool: string; readonly strategy: string; readonly detail: string }
  /** Another strategy, or another version of its file, is asked from now on. */
  | { readonly kind: 'strategy-swapped'; readonly pool: string; readonly strategy: string; readonly detail: string }
  /** A strategy failed, and its last good version, or the default, is asked instead. */
  | { readonly kind: 'strategy-reverted'; readonly pool: string; readonly strategy: string; readonly detail: string }
  /** A strategy does not return from a call, which ends the process. `pool`: undefined while none runs it. */
  | {
      readonly kind: 'strategy-hung'
      readonly pool: string | undefined
      readonly strategy: string
      readonly detail: string
    }
  /** What a former process is said to have remembered is not taken for that. */
  | { readonly kind: 'state-ignored'; readonly file: string; readonly reason: string }
  /** Sticky cookies are made with a key that could not be kept, and why: they end with the process. */
  | { readonly kind: 'sticky-key-unkept'; readonly reason: string }
  /** An auth service, or where a key set comes from, does not answer; why, and what becomes of requests. */
  | { readonly kind: 'auth-away'; readonly service: string; readonly detail: string }
  /** It does, and has not failed for some seconds. */
  | { readonly kind: 'auth-back'; readonly service: string }
  /** Less than `days` (30, 7, 1) are left of a certificate, or it has ended (0). `name`: the first that it is for. */
  | { readonly kind: 'certificate-ending'; readonly name: string; readonly notAfter: string; readonly days: number }
  /** Something about a certificate is hardly meant. */
  | { readonly kind: 'certificate-doubtful'; readonly name: string; readonly detail: string }
  /** A source of a pool's members cannot be had, or lists nobody, and why; `members`: its last ones, which stay. */
  | {
      readonly kind: 'discovery-away'
      readonly pool: string
      readonly source: string
      readonly reason: string
      readonly members: number
    }
  /** It can, and has not failed for some seconds; `forMs`: how long it was away. */
  | {
      readonly kind: 'discovery-back'
      readonly pool: string
      readonly source: string
      readonly forMs: number
      readonly members: number
    }
  /** Entries of its list are left out; `detail`: the first, and why. */
  | {
      readonly kind: 'discovery-skipped'
      readonly pool: string
      readonly source: string
      readonly count: number
      readonly detail: string
    }
  /** It lists less than half of its `members` at once, which is believed after `forMs` only. */
  | {
      readonly kind: 'discovery-held'
      readonly pool: string
      readonly source: string
      readonly members: number
      readonly listed: number
      readonly forMs: number
    }
  /** Members were found, or are found no more: since this was told before. `members`: those found in all. */
  | {
      readonly kind: 'discovery-changed'
      readonly pool: string
      readonly added: number
      readonly removed: number
      readonly members: number
    }
  /** A provider of routes and pools cannot be had, and why; `routes`: its last ones, which stay. */
  | {
      readonly kind: 'provider-away'
      readonly provider: string
      readonly reason: string
      readonly routes: number
    }
  /** It can, and has not failed for some seconds; `forMs`: how long it was away. */
  | {
      readonly kind: 'provider-back'
      readonly provider: string
      readonly forMs: number
      readonly routes: number
    }
  /** One of those whom it tells of is left out, and why (`detail`); `count`: how many are. */
  | {
      readonly kind: 'provider-skipped'
      readonly provider: string
      readonly count: number
      readonly detail: string
    }
  /** Routes of providers that the config has itself, which counts; `detail`: the first. */
  | { readonly kind: 'provider-shadowed'; readonly count: number; readonly detail: string }
  /** A deploy of a pool has come to another phase; `detail`: what brought that about. */
  | {
      readonly kind: 'deploy'
      readonly pool: string
      readonly id: number
      readonly phase: 'waiting' | 'canary' | 'switching' | 'draining' | 'done' | 'failed' | 'rolled-back' | 'aborted'
      readonly detail: string
    }
  /** A host that is served for a while has come or gone; `detail`: its backend. */
  | {
      readonly kind: 'preview'
      readonly host: string
      readonly what: 'added' | 'replaced' | 'removed' | 'expired'
      readonly detail: string
      readonly from: string
    }
  /** Another generation is in force; or, with the number of the one that was, nothing had changed. */
  | {
      readonly kind: 'reloaded'
      readonly generation: number
      readonly origin: string
      readonly summary: string
    }
  /** `problems`: `file:line:column: …`. `kept`: what stays as it was, pools by name; none: nothing changed at all. */
  | {
      readonly kind: 'reload-failed'
      readonly origin: string
      readonly problems: readonly string[]
      readonly kept: readonly string[]
    }
  /** What may be run in the config that is in force, and is hardly meant: `file:line:column: warning: …`. */
  | { readonly kind: 'config-warning'; readonly warnings: readonly string[] }
  /** Where the config comes from cannot be had, or holds none, and why: what is in force stays. */
  | { readonly kind: 'config-source-away'; readonly source: string; readonly reason: string }
  /** It can, and has not failed for some seconds; `forMs`: how long it could not. */
  | { readonly kind: 'config-source-back'; readonly source: string; readonly forMs: number }
  /** The process has started with what it had kept of its source, `ageMs` ago, and why. `release`: which one, in words. */
  | {
      readonly kind: 'config-copy'
      readonly source: string
      readonly release: string
      readonly ageMs: number
      readonly reason: string
    }
  /** No copy of what came into force could be kept, and why: a start while the source is away would have an older one. */
  | { readonly kind: 'config-copy-unkept'; readonly reason: string }
  /** What the source holds is for some of the nodes, of which this is none. */
  | { readonly kind: 'config-held-back'; readonly source: string; readonly release: string; readonly percent: number }
  /** This node is not shown among those of its source, and why; it follows it all the same. */
  | { readonly kind: 'node-unlisted'; readonly source: string; readonly node: string; readonly reason: string }
  /** It is. */
  | { readonly kind: 'node-listed'; readonly source: string; readonly node: string }
  /** Redis is away, and why: each node limits by itself, by its share as one of `nodes`. */
  | { readonly kind: 'limits-local'; readonly nodes: number; readonly reason: string }
  /** `nodes` share their limits. `forMs`: how long each was by itself before; absent: as it started. */
  | { readonly kind: 'limits-shared'; readonly nodes: number; readonly forMs?: number }
  /** Somebody changed, or tried to change, something by hand. */
  | { readonly kind: 'audit'; readonly what: string; readonly from: string; readonly outcome: string }
  /** The clients' database cannot be had: what is known of `clients` stays in force, and none of them can be changed. */
  | { readonly kind: 'store-away'; readonly reason: string; readonly clients: number }
  /** It is followed again, and holds so many. */
  | { readonly kind: 'store-back'; readonly forMs: number; readonly clients: number }
  /**
   * Somebody has changed a client or plan here. `before`, `after`: the fields in which they differ, all of one that was
   * added or removed; never a key. Of an import they hold only how many.
   */
  | {
      readonly kind: 'client-changed'
      readonly from: string
      readonly what: string
      readonly before: Readonly<Record<string, unknown>>
      readonly after: Readonly<Record<string, unknown>>
    }
  /** Names that a certificate is wanted for, and that have none yet. */
  | { readonly kind: 'certificates-missing'; readonly names: readonly string[] }
  /** A CA has given one; it serves from now on. `until`: RFC 3339. */
  | { readonly kind: 'certificate-issued'; readonly name: string; readonly issuer: string; readonly until: string }
  /** None could be had, and why; it is tried again. `until`: how long the one there is lasts; undefined: there is none. */
  | {
      readonly kind: 'certificate-failed'
      readonly name: string
      readonly detail: string
      readonly againMs: number
      readonly until: string | undefined
    }
  /** One serves that could not be kept, and why: behind a restart another one is ordered. */
  | { readonly kind: 'certificate-unkept'; readonly name: string; readonly reason: string }
  /** A CA's clock is ahead of ours (behind: below 0) by more than a few minutes; certificates go by the CA's. */
  | { readonly kind: 'clock-off'; readonly aheadMs: number }
  /** Sockets are Bun's, since those of our own can't be had. */
  | { readonly kind: 'transport-fallback'; readonly reason: string }
  /** The limit of open files is too low for what is to be served; `wanted`: high enough. */
  | { readonly kind: 'open-files'; readonly limit: number; readonly wanted: number; readonly detail: string }
  /**
   * A connection was not opened for want of something of our own: descriptors, ports, memory. `more`, here and below: how
   * often besides in the second before it was told; absent: not once.
   */
  | { readonly kind: 'shortage'; readonly detail: string; readonly more?: number }
  /** Lines of the access log are being lost, or go where its file has been moved to. */
  | { readonly kind: 'access-log-away'; readonly to: string; readonly reason: string }
  /** They are written again; `lost`: how many were not. */
  | { readonly kind: 'access-log-back'; readonly to: string; readonly lost: number }
  /** Events are written again; `lost`: how many were not. Told in the log that they are missing from alone. */
  | { readonly kind: 'event-log-back'; readonly lost: number }
  /** The collector of traces does not take them; they are kept for some time, and lost then. */
  | { readonly kind: 'traces-away'; readonly to: string; readonly reason: string }
  /** It does, and has not failed for some seconds; `lost`: how many spans were. */
  | { readonly kind: 'traces-back'; readonly to: string; readonly lost: number }
  /** The process is past a bound of `overload`, and requests are refused. */
  | { readonly kind: 'overload'; readonly detail: string }
  /** None are any more. */
  | { readonly kind: 'overload-over' }
  | { readonly kind: 'connection-limit'; readonly limit: number; readonly more?: number }
  /** A connection at a listener was closed, since it had no good PROXY header: why not. '' on a Unix socket. */
  | {
      readonly kind: 'proxy-header-refused'
      readonly listener: string
      readonly address: string
      readonly detail: string
      readonly more?: number
    }
  /** A client (`192.0.2.1`, `2001:db8::/64`) was refused too often, and is kept out for so long. */
  | { readonly kind: 'client-banned'; readonly address: string; readonly forMs: number; readonly more?: number }
  | { readonly kind: 'draining'; readonly signal: string; readonly connections: number }
  | { readonly kind: 'stopped'; readonly cut: number }
  /** The process that serves has died, and is started again after that time; told by the one that keeps it alive. */
  | { readonly kind: 'restarting'; readonly ending: string; readonly waitMs: number }
  | { readonly kind: 'fault'; readonly detail: string; readonly more?: number }

/** Takes events; never throws, never blocks. */
export type Emit = (event: EdgeEvent) => void
