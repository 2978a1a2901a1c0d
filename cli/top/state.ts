/** Everything the screens are drawn from, as one immutable value. What changes it stands in `update.ts`. */
import type { Command, Notice } from '../../core/view/commands.ts'
import type { SortKey } from '../../core/view/rows.ts'
import { type Link, nothingSeen, type Seen, silenceOf } from '../../core/view/seen.ts'

export const screens = ['overview', 'backends', 'latency', 'pools', 'events', 'strategies'] as const
export type Screen = (typeof screens)[number]

/** Seconds that graphs, histogram and heatmap span. */
export const spansSeconds = [60, 300, 900] as const

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

export const initialState = (options: { url: string; readOnly: boolean; now: number }): UiState => ({
  ...options,
  link: { kind: 'connecting' },
  live: nothingSeen,
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

/** As `silenceOf`, of what comes in, frozen or not. */
export const silenceMs = ({ now, live, link }: UiState): number | undefined => silenceOf(live, link, now)

export const spanSeconds = (state: UiState): number => spansSeconds[state.spanIndex] ?? spansSeconds[0]
