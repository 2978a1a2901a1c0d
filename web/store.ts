/** Holds the state between what happens and what is drawn; effects are handed to whoever can have them. */
import type { AppState } from './state/state.ts'
import { type Effect, type Message, update } from './state/update.ts'

export type Send = (message: Message) => void

export interface Store {
  readonly state: () => AppState
  readonly send: Send
}

/** `onChange`: how pressing it is that the new state be drawn. */
export function createStore(
  first: AppState,
  onEffect: (effect: Effect) => void,
  onChange: (pressing: 'now' | 'soon') => void,
): Store {
  let current = first
  return {
    state: () => current,
    send(message) {
      const { state, effects } = update(current, message)
      const before = current
      current = state
      if (state !== before) onChange(isCalm(message, before, state) ? 'soon' : 'now')
      for (const effect of effects) onEffect(effect)
    },
  }
}

/** Numbers that change four times a second can't be read: a frame waits, unless it says something new. */
const isCalm = ({ kind }: Message, before: AppState, after: AppState): boolean =>
  kind === 'event' ||
  (kind === 'frame' &&
    before.link.kind === 'live' &&
    before.live.findings.length === after.live.findings.length &&
    before.live.frame?.phase === after.live.frame?.phase)
