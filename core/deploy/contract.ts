/** What deploys ask of the edge, and what they tell of themselves: the admin API's answers. */
import type { AttemptObserver } from '../balance/attempt.ts'
import type { Member } from '../backend/member.ts'
import type { PoolConfig } from '../config/config.ts'
import type { EditResult } from '../control/contract.ts'
import type { DeployCounters } from '../observe/counters.ts'
import type { Use } from '../backend/backend.ts'
import type { CanaryPlan, Phase } from './machine.ts'

/** A pool at work, as a deploy has it. */
export interface DeployPool {
  /** In force. */
  readonly config: Pick<PoolConfig, 'members' | 'health' | 'discovery'>
  readonly backends: readonly DeployBackend[]
  /** Members besides those that the config names, and no other such guests than these. */
  invite(guests: readonly Member[], observer?: AttemptObserver): void
  /** Requests under way at those of these members that have left. */
  leftOver(ids: readonly string[]): number
}

export interface DeployBackend {
  readonly id: string
  /** What its pool made of it when it picked last, and the share that it is given while it takes requests. */
  readonly use: Use
  readonly weight: number
  readonly standing: {
    readonly health: string
    /** Whether it may be picked, for all that is known of it alone. */
    readonly usable: boolean
    readonly holds: readonly { readonly by: string; readonly why: string }[]
  }
  /** Another object with each check; undefined: there has been none. */
  readonly lastCheck: { readonly passed: boolean; readonly detail: string } | undefined
}

/** What somebody wants. */
export interface DeployOrder {
  /** As they would stand in the file; 'replaced': those that the last deploy has replaced. */
  readonly members: readonly unknown[] | 'replaced'
  /** How long to wait until they are healthy. */
  readonly timeoutMs: number
  readonly canary: CanaryPlan | undefined
}

export type Begun =
  | { readonly kind: 'begun'; readonly deploy: DeployView }
  /** Nothing has changed. */
  | { readonly kind: 'refused'; readonly detail: string }
  | Exclude<EditResult, { kind: 'done' }>

export type Aborted =
  | { readonly kind: 'aborted'; readonly deploy: DeployView }
  /** There is none under way, or it has switched. */
  | { readonly kind: 'refused'; readonly detail: string }

/** Times as RFC 3339, durations in ms, ratios 0..1. */
export interface DeployView {
  /** Of the edge, rising. */
  readonly id: number
  readonly pool: string
  readonly phase: Phase
  /** Nothing of it is to come. */
  readonly over: boolean
  /** What brought the phase about, in words. */
  readonly detail: string
  readonly origin: string
  /** It brings back what the deploy before has replaced. */
  readonly rollback: boolean
  readonly startedAt: string
  /** Of the phase. */
  readonly since: string
  /** Ids of those who join, stay and leave. */
  readonly added: readonly string[]
  readonly kept: readonly string[]
  readonly removed: readonly string[]
  readonly timeoutMs: number
  /** Health of those who are to serve. */
  readonly members: readonly { readonly id: string; readonly health: string; readonly why: string | null }[]
  /** null: all requests go to the new members at once. */
  readonly canary: CanaryView | null
}

export interface CanaryView {
  readonly share: number
  readonly forMs: number
  /** 0 before it has begun. */
  readonly elapsedMs: number
  readonly promoteIf: string
  readonly minRequests: number
  readonly new: SideView
  readonly old: SideView
}

export interface SideView {
  readonly requests: number
  readonly errors: number
  readonly errorRatio: number
  /** null, here and below: nothing was answered. */
  readonly p50Ms: number | null
  readonly p90Ms: number | null
  readonly p95Ms: number | null
  readonly p99Ms: number | null
}

/** What the admin API asks. */
export interface AdminDeploys {
  /** The one under way, and those before that this process knows of; newest first. */
  list(pool: string): readonly DeployView[]
  /** Of those that this process has seen the end of. */
  counters(pool: string): Readonly<DeployCounters>
  /** Ids of the members that a rollback would bring back; undefined: there is nothing to bring back. */
  replaced(pool: string): readonly string[] | undefined
  begin(pool: string, order: DeployOrder, origin: string): Promise<Begun>
  abort(pool: string, origin: string): Aborted
}
