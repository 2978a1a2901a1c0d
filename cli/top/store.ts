/** Holds the state between what happens and what is drawn; effects are handed to whoever can have them. */
import type { UiState } from './state.ts'
import { type Effect, type Message, update } from './update.ts'

export interface Store {
  readonly state: () => UiState
  readonly send: (message: Message) => void
  /** Calls `listener` after each change until the returned function is called. */
  readonly subscribe: (listener: () => void) => () => void
}

export function createStore(first: UiState, onEffect: (effect: Effect) => void): Store {
  const listeners = new Set<() => void>()
  let current = first
  return {
    state: () => current,
    send(message) {
      const { state, effects } = update(current, message)
      const hasChanged = state !== current
      current = state
      if (hasChanged) for (const listener of listeners) listener()
      for (const effect of effects) onEffect(effect)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}
