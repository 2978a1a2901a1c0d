/** Puts the page together: what comes in, what is kept, what is drawn. */
/** @jsxImportSource preact */
import { render } from 'preact'
import { requestOf } from '../core/view/commands.ts'
import { App } from './app.tsx'
import { askApi } from './api/api.ts'
import { followPage } from './api/feed.ts'
import { keepToken, readToken } from './api/token.ts'
import { readColors } from './charts/colors.ts'
import { showTheme, storedTheme } from './theme.ts'
import { shortcutOf } from './shortcuts.ts'
import { initialState } from './state/state.ts'
import { resourcePath } from './state/resources.ts'
import type { Effect } from './state/update.ts'
import { viewOf } from './state/views.ts'
import { createStore } from './store.ts'

/** Numbers are drawn once a second: more often nobody can read them. */
const drawMs = 1000
/** So long after it was hidden the page leaves the stream. */
const restMs = 60_000

const place = document.querySelector('#app') ?? document.body
const theme = storedTheme()
showTheme(theme)
let colors = readColors()
let leave = (): void => undefined
let timer: ReturnType<typeof setTimeout> | undefined

const store = createStore(
  initialState({ view: viewOf(location.hash), now: Date.now(), theme, hasToken: readToken() !== undefined }),
  act,
  (pressing) => {
    if (pressing === 'now') draw()
    else timer ??= setTimeout(draw, drawMs)
  },
)
const { send } = store

function draw(): void {
  clearTimeout(timer)
  timer = undefined
  render(<App state={store.state()} send={send} colors={colors} />, place)
}

function follow(): void {
  leave()
  leave = followPage({
    onUpdate: send,
    onLockedOut: (reason) => send({ kind: 'locked-out', reason }),
  })
}

function act(effect: Effect): void {
  switch (effect.kind) {
    case 'send':
      void askApi(requestOf(effect.command)).then((answer) =>
        send({ kind: 'answered', command: effect.command, answer }),
      )
      return
    case 'foresee':
      void askApi({ method: 'POST', path: effect.path }).then((answer) =>
        send({ kind: 'foreseen', command: effect.command, answer }),
      )
      return
    case 'fetch': {
      const { resource } = effect
      const path = resourcePath(resource, store.state().choices)
      void askApi({ method: 'GET', path }).then((answer) => send({ kind: 'fetched', resource, path, answer }))
      return
    }
    case 'follow':
      return follow()
    case 'rest':
      return leave()
    case 'keep-token':
      return keepToken(effect.token)
    case 'keep-theme':
      return changeTheme(effect.theme)
  }
}

function changeTheme(theme: Parameters<typeof showTheme>[0]): void {
  showTheme(theme)
  colors = readColors()
  draw()
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches('input, select, textarea, [contenteditable]')

document.addEventListener('keydown', (event) => {
  const state = store.state()
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey
  if (!isPlain || !state.choices.keys || state.dialog !== undefined || isTyping(event.target)) return
  const doing = shortcutOf(event.key, state)
  if (doing === undefined) return
  event.preventDefault()
  if (doing.kind === 'find') document.querySelector<HTMLElement>('#filter')?.focus()
  else if (doing.kind === 'address') location.hash = doing.hash
  else send(doing)
})

addEventListener('hashchange', () => send({ kind: 'go', view: viewOf(location.hash) }))
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  colors = readColors()
  draw()
})

let hiding: ReturnType<typeof setTimeout> | undefined
document.addEventListener('visibilitychange', () => {
  clearTimeout(hiding)
  if (document.visibilityState === 'visible') send({ kind: 'seen', isVisible: true })
  else hiding = setTimeout(() => send({ kind: 'seen', isVisible: false }), restMs)
})

// A browser keeps the page that was left, and its stream with it, unless it is told to let go.
addEventListener('pagehide', () => send({ kind: 'seen', isVisible: false }))
addEventListener('pageshow', () => send({ kind: 'seen', isVisible: true }))

setInterval(() => send({ kind: 'tick', now: Date.now() }), 1000)
follow()
send({ kind: 'go', view: viewOf(location.hash) })
draw()
