/** What GET /api/status tells of whoever adds routes and pools. Pure. */
import { isoTime } from './iso-time.ts'
import type { ProviderView } from './view.ts'

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
