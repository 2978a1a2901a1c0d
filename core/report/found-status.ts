/** What GET /api/status tells of what is found outside: of sources of members, and of whoever adds routes and pools. Pure. */
import { sourceLedger } from '../observe/counters.ts'
import type { StatusOf } from '../observe/ledger.ts'
import { isoTime } from './iso-time.ts'
import type { ProviderView, SourceView } from './view.ts'

/** A source of members. Beside these all that is counted of it. */
export interface SourceStatus extends StatusOf<typeof sourceLedger.specs> {
  /** Its kind and where it is. */
  readonly source: string
  readonly state: SourceView['presence']['kind']
  /** Since when and why it is away; null: it is not. */
  readonly away: { readonly since: string; readonly reason: string } | null
  /** Those of its list that count. */
  readonly members: number
  /** When they were last known to be what it lists; null: never. */
  readonly knownAt: string | null
  /** While it is away: how old what is known of it is, or how long it has been away; else 0. */
  readonly ageMs: number
  /** Entries of its newest list that are left out. */
  readonly skipped: number
  /** Why, of the first few. */
  readonly reasons: readonly string[]
  /** A list that has lost more than half of them, not believed before `until`; null: none is held back. */
  readonly held: { readonly members: number; readonly until: string } | null
}

export interface ProviderStatus {
  /** Its kind and where it is. */
  readonly provider: string
  readonly state: ProviderView['presence']['kind']
  /** Since when and why it is away; null: it is not. */
  readonly away: { readonly since: string; readonly reason: string } | null
  readonly routes: number
  readonly pools: number
  /** How many of those whom it tells of are left out. */
  readonly skipped: number
  /** Why, of the first hundred. */
  readonly reasons: readonly string[]
}

const MOST_REASONS = 100

/** `offsetMs`: from monotonic time to wall time. */
export const providerStatus = (
  { name, presence, routes, pools, skipped }: ProviderView,
  offsetMs: number,
): ProviderStatus => ({
  provider: name,
  state: presence.kind,
  away: presence.kind === 'away' ? { since: isoTime(presence.since + offsetMs), reason: presence.reason } : null,
  routes,
  pools,
  skipped: skipped.length,
  reasons: skipped.slice(0, MOST_REASONS).map(({ entry, reason }) => `${entry} ${reason}`),
})

/** `offsetMs`: from monotonic time to wall time. */
export const sourceStatus = (source: SourceView, offsetMs: number): SourceStatus => {
  const { name, members, presence, knownAt, ageMs, skipped, heldBack, counters } = source
  const isAway = presence.kind === 'away'
  return {
    source: name,
    state: presence.kind,
    away: isAway ? { since: isoTime(presence.since + offsetMs), reason: presence.reason } : null,
    members,
    knownAt: knownAt === undefined ? null : isoTime(knownAt + offsetMs),
    ageMs: Math.round(ageMs),
    skipped: skipped.count,
    reasons: skipped.first.map(({ entry, reason }) => `${entry} ${reason}`),
    held: heldBack ? { members: heldBack.members, until: isoTime(heldBack.until + offsetMs) } : null,
    ...sourceLedger.status(counters),
  }
}
