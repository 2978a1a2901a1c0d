/** The whole page for a state. */
/** @jsxImportSource preact */
import { useEffect } from 'preact/hooks'
import { verdictOf } from '../core/view/findings.ts'
import { clockTime } from '../core/view/format.ts'
import { Dialogs } from './parts/dialogs.tsx'
import { Header, Navigation, Verdict } from './parts/header.tsx'
import { signOf } from './parts/signs.tsx'
import { ageOf, type AppState, shownOf } from './state/state.ts'
import { type View, viewTitles } from './state/views.ts'
import { Config } from './views/config.tsx'
import { History } from './views/history.tsx'
import { Latency } from './views/latency.tsx'
import { Overview, type Screen } from './views/overview.tsx'
import { Requests } from './views/requests.tsx'
import { Routes } from './views/routes.tsx'

const screens: Readonly<Record<View, (props: Screen) => preact.ComponentChild>> = {
  overview: Overview,
  latency: Latency,
  requests: Requests,
  history: History,
  config: Config,
  limits: Routes,
}

export function App({ state, send, colors }: Screen) {
  const Shown = screens[state.view]
  const title = titleOf(state)
  useEffect(() => {
    document.title = title
  }, [title])
  const isOld = ageOf(state) !== undefined || state.frozen !== undefined
  return (
    <>
      <a class="skip" href="#main" onClick={focusMain}>
        Skip to what is shown
      </a>
      <Header state={state} send={send} />
      <Navigation state={state} />
      <main id="main" tabIndex={-1} class={isOld ? 'old' : ''} aria-label={viewTitles[state.view]}>
        <Verdict state={state} />
        <Shown state={state} send={send} colors={colors} />
      </main>
      <Told state={state} />
      <Dialogs state={state} send={send} />
    </>
  )
}

/** Without a word in the address, which names the screen. */
function focusMain(event: MouseEvent): void {
  event.preventDefault()
  document.querySelector<HTMLElement>('#main')?.focus()
}

/** What came of the last thing that was asked for. */
const Told = ({ state: { notice } }: Pick<Screen, 'state'>) => (
  <div class="notice-place" role="status" aria-live="polite">
    {notice && <p class={`notice tone-${notice.tone}`}>{notice.text}</p>}
  </div>
)

/** So that a tab in the background says how it goes. */
function titleOf(state: AppState): string {
  const { frame, findings } = shownOf(state)
  if (frame === undefined || ageOf(state) !== undefined) return '○ SmartEdge'
  const { tone, wordings } = verdictOf(findings, frame, clockTime)
  return tone === 'good' ? '● SmartEdge' : `${signOf(tone)} ${wordings[3] ?? ''} · SmartEdge`
}
