/** State + what happened -> the next state, and what is to be done about it. Pure: the only place where state changes. */
import { type Command, outcomeOf, type Notice, planPathOf } from '../../core/view/commands.ts'
import type { FeedUpdate } from '../../core/view/follow.ts'
import { linkAfter, see } from '../../core/view/seen.ts'
import type { ApiAnswer } from './answer.ts'
import { planLines } from './foresight.ts'
import { polledOf, type Resource, resourcePath, resourcesOf } from './resources.ts'
import type { AppState, Choices, Dialog } from './state.ts'
import type { View } from './views.ts'

export type Message =
  | FeedUpdate
  /** The stream wants a token, or another one. */
  | { readonly kind: 'locked-out'; readonly reason: string }
  /** Time goes by: `now` in wall ms. */
  | { readonly kind: 'tick'; readonly now: number }
  | { readonly kind: 'go'; readonly view: View }
  | { readonly kind: 'choose'; readonly choices: Partial<Choices> }
  | { readonly kind: 'freeze' }
  | { readonly kind: 'open'; readonly dialog: Dialog }
  | { readonly kind: 'close' }
  /** To be confirmed first. */
  | { readonly kind: 'ask'; readonly command: Command }
  | { readonly kind: 'confirmed'; readonly command: Command }
  | { readonly kind: 'answered'; readonly command: Command; readonly answer: ApiAnswer }
  | { readonly kind: 'foreseen'; readonly command: Command; readonly answer: ApiAnswer }
  /** `path`: what was asked for. */
  | { readonly kind: 'fetched'; readonly resource: Resource; readonly path: string; readonly answer: ApiAnswer }
  /** Given by a person; empty: to be forgotten. */
  | { readonly kind: 'token'; readonly token: string }
  /** Whether anybody can see the page. */
  | { readonly kind: 'seen'; readonly isVisible: boolean }
  /** The stream is to be tried now. */
  | { readonly kind: 'retry' }

export type Effect =
  | { readonly kind: 'send'; readonly command: Command }
  | { readonly kind: 'foresee'; readonly command: Command; readonly path: string }
  | { readonly kind: 'fetch'; readonly resource: Resource }
  /** Begins to follow the stream anew. */
  | { readonly kind: 'follow' }
  | { readonly kind: 'rest' }
  /** undefined: forgets it. */
  | { readonly kind: 'keep-token'; readonly token: string | undefined }
  | { readonly kind: 'keep-theme'; readonly theme: Choices['theme'] }

export interface Updated {
  readonly state: AppState
  readonly effects: readonly Effect[]
}

const noticeMs = 8000
/** What the stream does not tell is asked for so often. */
const pollMs = 5000

const stay = (state: AppState): Updated => ({ state, effects: [] })

const notify = (state: AppState, notice: Notice): AppState => ({
  ...state,
  notice: { ...notice, until: state.now + noticeMs },
})

const fetchAll = (resources: readonly Resource[]): readonly Effect[] =>
  resources.map((resource) => ({ kind: 'fetch', resource }))

type Handlers = { readonly [Kind in Message['kind']]: (state: AppState, message: Message & { kind: Kind }) => Updated }

export const update = (state: AppState, message: Message): Updated =>
  // A handler takes what its key names.
  (handlers[message.kind] as (state: AppState, message: Message) => Updated)(state, message)

const handlers: Handlers = {
  hello: (state, message) => stay(observe(state, message)),
  frame: takeFrame,
  event: (state, message) => stay(observe(state, message)),
  lost: (state, message) => stay(observe(state, message)),
  refused: (state, { reason }) => stay({ ...state, link: { kind: 'refused', reason } }),
  'locked-out': (state, { reason }) => lockOut(state, reason, undefined),
  tick: takeTime,
  go: (state, { view }) => ({ state: { ...state, view, dialog: undefined }, effects: fetchAll(resourcesOf(view)) }),
  choose: (state, { choices }) => ({
    state: { ...state, choices: { ...state.choices, ...choices } },
    effects: [
      ...(choices.theme === undefined ? [] : [{ kind: 'keep-theme', theme: choices.theme } as const]),
      ...(choices.status === undefined && choices.slowerMs === undefined ? [] : fetchAll(['explain'])),
    ],
  }),
  freeze: (state) =>
    stay({ ...state, frozen: state.frozen === undefined && state.live.frame ? state.live : undefined }),
  open: (state, { dialog }) => stay({ ...state, dialog }),
  close: (state) => stay({ ...state, dialog: undefined }),
  ask,
  confirmed: (state, { command }) => send({ ...state, dialog: undefined }, command),
  answered: takeAnswer,
  foreseen: takeForesight,
  fetched: takeFetched,
  token: takeToken,
  seen: takeSight,
  retry: (state) => ({ state: { ...state, link: { kind: 'connecting' } }, effects: [{ kind: 'follow' }] }),
}

function observe(state: AppState, message: Exclude<FeedUpdate, { kind: 'refused' }>): AppState {
  const { live, link, now } = state
  // What comes behind the end of a stream is about one that is over.
  const known = link.kind === 'refused' || link.kind === 'resting' ? ({ kind: 'connecting' } as const) : link
  return { ...state, live: see(live, message, now), link: linkAfter(known, message, now) }
}

function takeFrame(state: AppState, message: Message & { kind: 'frame' }): Updated {
  const { generation, reload } = message.frame
  const before = state.live.frame
  // By when, not by number: a balancer that was started anew counts from 1 again.
  const isNews = before === undefined || before.generation?.at !== generation?.at || before.reload?.at !== reload?.at
  const stale = isNews ? resourcesOf(state.view).filter((one) => one !== 'explain') : []
  return { state: observe(state, message), effects: fetchAll(stale) }
}

function takeTime(state: AppState, { now }: Message & { kind: 'tick' }): Updated {
  const isOver = state.notice !== undefined && state.notice.until <= now
  const isTurn = Math.floor(now / pollMs) !== Math.floor(state.now / pollMs)
  const isLive = state.link.kind === 'live' && state.frozen === undefined
  return {
    state: { ...state, now, notice: isOver ? undefined : state.notice },
    effects: isTurn && isLive ? fetchAll(polledOf(state.view)) : [],
  }
}

function ask(state: AppState, { command }: Message & { kind: 'ask' }): Updated {
  const path = planPathOf(command)
  const dialog: Dialog = { kind: 'confirm', command, foresight: path === undefined ? undefined : { kind: 'asked' } }
  return { state: { ...state, dialog }, effects: path === undefined ? [] : [{ kind: 'foresee', command, path }] }
}

const send = (state: AppState, command: Command): Updated => ({
  state: notify(state, { tone: 'dim', text: 'Asked the balancer.' }),
  effects: [{ kind: 'send', command }],
})

function takeAnswer(state: AppState, { command, answer }: Message & { kind: 'answered' }): Updated {
  if (answer.kind === 'refused' && answer.status === 401)
    return lockOut({ ...state, notice: undefined }, answer.reason, command)
  return { state: notify(state, outcomeOf(command, answer)), effects: fetchAll(resourcesOf(state.view)) }
}

/** A token that was wrong is not kept. What the API says of it is for programs: of a header. */
function lockOut(state: AppState, reason: string, next: Command | undefined): Updated {
  const told = state.hasToken ? 'That is not the token of this balancer.' : reason
  const isStream = next === undefined
  return {
    state: {
      ...state,
      hasToken: false,
      dialog: { kind: 'token', told, next },
      ...(isStream && { link: { kind: 'refused', reason: told } as const }),
    },
    effects: state.hasToken ? [{ kind: 'keep-token', token: undefined }] : [],
  }
}

function takeToken(state: AppState, { token }: Message & { kind: 'token' }): Updated {
  const given = token.trim()
  const next = state.dialog?.kind === 'token' ? state.dialog.next : undefined
  const keep: Effect = { kind: 'keep-token', token: given === '' ? undefined : given }
  const known = { ...state, hasToken: given !== '', dialog: undefined }
  // Whoever was refused the stream for want of one tries with it.
  const isOut = state.link.kind === 'refused'
  const followed: Updated = isOut
    ? { state: { ...known, link: { kind: 'connecting' } }, effects: [keep, { kind: 'follow' }] }
    : { state: known, effects: [keep] }
  const fetched = fetchAll(given === '' ? [] : resourcesOf(state.view))
  if (next === undefined || given === '') return { ...followed, effects: [...followed.effects, ...fetched] }
  const sent = send(followed.state, next)
  return { state: sent.state, effects: [...followed.effects, ...fetched, ...sent.effects] }
}

function takeForesight(state: AppState, { command, answer }: Message & { kind: 'foreseen' }): Updated {
  const { dialog } = state
  if (dialog?.kind !== 'confirm' || dialog.command !== command) return stay(state)
  const foresight = planLines(answer)
  return stay({ ...state, dialog: { ...dialog, foresight } })
}

/** A page that nobody sees leaves its place in the stream to others: browsers open few connections to one address. */
function takeSight(state: AppState, { isVisible }: Message & { kind: 'seen' }): Updated {
  const { link } = state
  if (!isVisible && link.kind !== 'refused' && link.kind !== 'resting')
    return { state: { ...state, link: { kind: 'resting' } }, effects: [{ kind: 'rest' }] }
  if (isVisible && link.kind === 'resting')
    return { state: { ...state, link: { kind: 'connecting' } }, effects: [{ kind: 'follow' }] }
  return stay(state)
}

/** Not what was asked for before something else was chosen: answers may overtake one another. */
function takeFetched(state: AppState, { resource, path, answer }: Message & { kind: 'fetched' }): Updated {
  if (path !== resourcePath(resource, state.choices)) return stay(state)
  return stay({ ...state, fetched: { ...state.fetched, [resource]: fetchedOf(answer) } })
}

const fetchedOf = (answer: ApiAnswer): AppState['fetched'][Resource] =>
  answer.kind === 'ok'
    ? answer
    : { kind: 'failed', reason: answer.reason, status: answer.kind === 'refused' ? answer.status : undefined }
