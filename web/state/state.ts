/** Everything the page is drawn from, as one immutable value. What changes it stands in `update.ts`. */
import type { Command, Notice } from '../../core/view/commands.ts'
import type { SortKey } from '../../core/view/rows.ts'
import { type Link, nothingSeen, type Seen, silenceOf } from '../../core/view/seen.ts'
import type { Fetched, Resource } from './resources.ts'
import type { View } from './views.ts'

export const themes = ['auto', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

/** In turn. */
export const themeAfter = (theme: Theme): Theme => themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'auto'

/** Seconds that charts, histogram and heat map span. */
export const spansSeconds = [60, 300, 900] as const

/** How the stream stands: as `Link`, or ended for good, or left while nobody looks. */
export type PageLink = Link | { readonly kind: 'refused'; readonly reason: string } | { readonly kind: 'resting' }

/** What a reload or rollback would change, as the balancer says. */
export type Foresight =
  | { readonly kind: 'asked' }
  | { readonly kind: 'told'; readonly lines: readonly string[] }
  | { readonly kind: 'failed'; readonly reason: string }

/** What lies over the page. */
export type Dialog =
  | { readonly kind: 'shortcuts' }
  | { readonly kind: 'backend' | 'weight'; readonly pool: string; readonly backend: string }
  | { readonly kind: 'strategy'; readonly pool: string }
  /** `foresight`: of what changes more than one thing. */
  | { readonly kind: 'confirm'; readonly command: Command; readonly foresight: Foresight | undefined }
  /** `told`: that the token was wrong, or what the balancer said of none. `next`: what is sent with the one that is given. */
  | { readonly kind: 'token'; readonly told: string | undefined; readonly next: Command | undefined }

/** What somebody has chosen to look at. */
export interface Choices {
  readonly theme: Theme
  /** Words that rows must hold. */
  readonly filter: string
  readonly faultsOnly: boolean
  readonly sort: SortKey
  /** Index into `spansSeconds`. */
  readonly span: number
  /** Whose latencies are shown, as in `view/history.ts`; empty: of all. */
  readonly subject: string
  /** Of explained requests, as the API asks for them: `5xx`, `none`; empty: any. */
  readonly status: string
  /** Of explained requests, ms. */
  readonly slowerMs: number
  /** Pools of which every backend is shown, however many there are. */
  readonly unfolded: readonly string[]
  /** Whether single keys are shortcuts. */
  readonly keys: boolean
}

export interface AppState {
  readonly view: View
  /** The browser's wall clock, ms. */
  readonly now: number
  readonly link: PageLink
  readonly live: Seen
  /** Shown in its place while frozen. */
  readonly frozen: Seen | undefined
  readonly choices: Choices
  readonly fetched: Readonly<Record<Resource, Fetched>>
  readonly dialog: Dialog | undefined
  readonly notice: (Notice & { readonly until: number }) | undefined
  /** Whether this tab keeps a token. */
  readonly hasToken: boolean
}

const nothing: Fetched = { kind: 'none' }

export const initialState = (options: {
  readonly view: View
  readonly now: number
  readonly theme: Theme
  readonly hasToken: boolean
}): AppState => ({
  view: options.view,
  now: options.now,
  link: { kind: 'connecting' },
  live: nothingSeen,
  frozen: undefined,
  choices: {
    theme: options.theme,
    filter: '',
    faultsOnly: false,
    sort: 'trouble',
    span: 1,
    subject: '',
    status: '',
    slowerMs: 0,
    unfolded: [],
    keys: true,
  },
  fetched: { status: nothing, config: nothing, generations: nothing, reloads: nothing, explain: nothing },
  dialog: undefined,
  notice: undefined,
  hasToken: options.hasToken,
})

/** What is shown: the newest, or what was frozen. */
export const shownOf = (state: AppState): Seen => state.frozen ?? state.live

export const spanSeconds = ({ choices }: AppState): number => spansSeconds[choices.span] ?? spansSeconds[0]

/** How old the newest frame is in ms, where it is older than it should be; undefined: it is fresh. */
export function ageOf({ live, link, now }: AppState): number | undefined {
  if (link.kind !== 'refused' && link.kind !== 'resting') return silenceOf(live, link, now)
  return live.frame === undefined ? undefined : Math.max(0, now - live.frameAt)
}
