/** The top of every screen: what is watched, how the connection stands, the screens, and what is wrong in one sentence. */
/** @jsxImportSource preact */
import { formatSpan } from '../../core/view/amounts.ts'
import { verdictOf } from '../../core/view/findings.ts'
import { clockTime } from '../../core/view/format.ts'
import { ageWords } from '../../core/view/words.ts'
import { ageOf, type AppState, shownOf, themeAfter } from '../state/state.ts'
import { hashOf, views, viewTitles } from '../state/views.ts'
import type { Send } from '../store.ts'
import { Button, signOf } from './signs.tsx'

export interface Part {
  readonly state: AppState
  readonly send: Send
}

export function Header({ state, send }: Part) {
  const { hello, frame } = shownOf(state)
  const { theme } = state.choices
  const nextTheme = themeAfter(theme)
  return (
    <header class="top">
      <div class="brand">
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
          <path d="M4 16h7l5-9v18l5-9h7" />
        </svg>
        <h1>SmartEdge</h1>
        <span class="dim">
          {[location.host, hello?.version ?? '', frame ? `up ${formatSpan(frame.uptimeMs)}` : '']
            .filter(Boolean)
            .join(' · ')}
        </span>
      </div>
      <Connection state={state} send={send} />
      <div class="tools">
        <Button
          kind="quiet"
          title={state.hasToken ? 'Forget the token of this tab' : 'Give a token, to make changes'}
          onClick={() =>
            send(
              state.hasToken
                ? { kind: 'token', token: '' }
                : { kind: 'open', dialog: { kind: 'token', told: undefined, next: undefined } },
            )
          }
        >
          {state.hasToken ? 'Forget token' : 'Token'}
        </Button>
        <Button
          kind="quiet"
          title={`Colours: ${theme}; change to ${nextTheme} (t)`}
          onClick={() => send({ kind: 'choose', choices: { theme: nextTheme } })}
        >
          {themeWords[theme]}
        </Button>
        <Button
          kind="quiet"
          title="Keyboard shortcuts (?)"
          onClick={() => send({ kind: 'open', dialog: { kind: 'shortcuts' } })}
        >
          Keys
        </Button>
      </div>
    </header>
  )
}

const themeWords = { auto: '◐ Auto', light: '○ Light', dark: '● Dark' } as const

/** `live`, or what is wrong with the connection and what is done about it. */
function Connection({ state, send }: Part) {
  const { link, now, frozen } = state
  const age = ageOf(state)
  const old = age === undefined ? '' : ` This picture is ${ageWords(age / 1000)} old.`
  if (frozen !== undefined)
    return (
      <p class="link tone-warn">
        <span aria-hidden="true">❚❚</span> Frozen at {clockTime(frozen.frame?.at ?? 0)}{' '}
        <Button onClick={() => send({ kind: 'freeze' })}>Go on</Button>
      </p>
    )
  switch (link.kind) {
    case 'live':
      return age === undefined ? (
        <p class="link tone-good">
          <span class="sign" aria-hidden="true">
            ●
          </span>{' '}
          live
        </p>
      ) : (
        <p class="link tone-warn">
          <span aria-hidden="true">▲</span> It has fallen silent.{old}
        </p>
      )
    case 'connecting':
      return <p class="link tone-dim">connecting…</p>
    case 'resting':
      return <p class="link tone-dim">resting while nobody looks</p>
    case 'lost': {
      const seconds = Math.max(0, Math.ceil((link.retryAt - now) / 1000))
      return (
        <p class="link tone-bad" role="status">
          <span aria-hidden="true">✖</span> Connection lost: {link.reason}.{old}{' '}
          <span aria-hidden="true">{seconds > 0 ? `Tried again in ${seconds} s.` : 'Trying…'}</span>{' '}
          <Button onClick={() => send({ kind: 'retry' })}>Try now</Button>
        </p>
      )
    }
    case 'refused':
      return (
        <p class="link tone-bad" role="status">
          <span aria-hidden="true">✖</span> Refused: {link.reason}
          {old} <Button onClick={() => send({ kind: 'retry' })}>Try again</Button>
        </p>
      )
  }
}

export const Navigation = ({ state }: Pick<Part, 'state'>) => (
  <nav class="views" aria-label="Screens">
    {views.map((view, index) => (
      <a key={view} href={hashOf(view)} aria-current={view === state.view ? 'page' : undefined}>
        {viewTitles[view]} <kbd aria-hidden="true">{index + 1}</kbd>
      </a>
    ))}
  </nav>
)

/** The whole sentence to see; to hear, the words that change only with what is wrong. */
export function Verdict({ state }: Pick<Part, 'state'>) {
  const { frame, findings } = shownOf(state)
  if (frame === undefined) return <section class="verdict tone-dim" aria-label="Verdict" />
  const { tone, wordings } = verdictOf(findings, frame, clockTime)
  const phase = frame.phase === 'serving' ? '' : ` The balancer is ${frame.phase}.`
  return (
    <section class={`verdict tone-${tone}`} aria-label="Verdict">
      <span class="verdict-sign" aria-hidden="true">
        {signOf(tone)}
      </span>
      <p class="verdict-text">
        {wordings[0]}
        {phase}
      </p>
      <p class="unseen" role="status" aria-live="polite">
        {wordings[3] ?? wordings[0]}
        {phase}
      </p>
    </section>
  )
}
