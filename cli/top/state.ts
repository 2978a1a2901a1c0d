/** Everything the screens are drawn from, as one immutable value. What changes it stands in `update.ts`. */
import type { Frame, Hello } from '../../core/report/frame.ts'
import type { WatchedEvent } from '../../core/view/feed-format.ts'
import type { Command, Notice } from '../../core/view/commands.ts'
import type { Finding } from '../../core/view/findings.ts'
import type { History } from '../../core/view/history.ts'

export const screens = ['overview', 'backends', 'latency', 'pools', 'events', 'strategies'] as const
export type Screen = (typeof screens)[number]

export const sortKeys = ['trouble', 'name', 'weight', 'share %', 'in flight', 'req/s', 'p50', 'p99', 'errors'] as const
export type SortKey = (typeof sortKeys)[number]

/** Seconds that graphs, histogram and heatmap span. */
export const spansSeconds = [60, 300, 900] as const

export type Link =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** `since` and `retryAt` in the client's wall ms. */
  | { readonly kind: 'lost'; readonly reason: string; readonly since: number; readonly retryAt: number }

/** What keys mean now. */
export type Mode =
  | { readonly kind: 'browse' }
  | { readonly kind: 'help' }
  | { readonly kind: 'filter'; readonly before: string }
  | { readonly kind: 'palette'; readonly text: string; readonly choice: number }
  | { readonly kind: 'weight'; readonly pool: string; readonly backend: string; readonly text: string }
  | { readonly kind: 'confirm'; readonly command: Command }

/** A backend or a pool looked at by itself. */
export interface Drill {
  readonly pool: string
  readonly backend: string | undefined
}

/** What came from the balancer. */
export interface Seen {
  readonly hello: Hello | undefined
  readonly frame: Frame | undefined
  /** When that came, in the client's wall ms. */
  readonly frameAt: number
  readonly history: History
  readonly findings: readonly Finding[]
  /** Newest first. */
  readonly events: readonly WatchedEvent[]
}

export interface UiState {
  readonly url: string
  readonly readOnly: boolean
  readonly link: Link
  /** The client's wall clock, ms. */
  readonly now: number
  readonly live: Seen
  /** Shown in its place while frozen. */
  readonly frozen: Seen | undefined
  readonly screen: Screen
  readonly drill: Drill | undefined
  /** Row under the cursor in each screen, by its id; undefined: the first. */
  readonly selected: Readonly<Partial<Record<Screen, string>>>
  readonly sort: SortKey
  readonly descending: boolean
  readonly filter: string
  readonly faultsOnly: boolean
  readonly spanIndex: number
  /** What the Latency screen shows, as in `history.ts`, and what is laid over it. */
  readonly subject: string
  readonly compared: string | undefined
  /** The event under the cursor is shown in full. */
  readonly isReading: boolean
  readonly mode: Mode
  readonly notice: (Notice & { readonly until: number }) | undefined
}

export const maxEvents = 200

export const initialState = (options: { url: string; readOnly: boolean; now: number }): UiState => ({
  ...options,
  link: { kind: 'connecting' },
  live: { hello: undefined, frame: undefined, frameAt: 0, history: [], findings: [], events: [] },
  frozen: undefined,
  screen: 'overview',
  drill: undefined,
  selected: {},
  sort: 'trouble',
  descending: false,
  filter: '',
  faultsOnly: false,
  spanIndex: 0,
  subject: '',
  compared: undefined,
  isReading: false,
  mode: { kind: 'browse' },
  notice: undefined,
})

/** What the screens show: the newest, or what was frozen. */
export const shownOf = (state: UiState): Seen => state.frozen ?? state.live

/** Beyond the pause between two frames: who is silent for so long may well be hanging. */
const silentMs = 2000

/** How old the newest frame is in ms, when it is older than it should be or the connection is lost; undefined: it is fresh. */
export function silenceMs({ now, live, link }: UiState): number | undefined {
  if (live.frame === undefined) return undefined
  const ageMs = now - live.frameAt
  return link.kind === 'lost' || ageMs >= silentMs + live.frame.intervalMs ? Math.max(0, ageMs) : undefined
}

export const spanSeconds = (state: UiState): number => spansSeconds[state.spanIndex] ?? spansSeconds[0]
