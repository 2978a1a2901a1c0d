/** Where an exchange stands. */
import type { Cancel } from '../clock.ts'
import type { Attempt } from './attempt.ts'

/**
 * 'waiting': for admission. 'trying': nothing has been answered; `tries` holds the attempts under way, or waits for room.
 * 'responding': a response is being passed on. 'tunnel': it is no longer HTTP. 'over': ended; nothing more happens.
 */
export type Stage =
  | { readonly kind: 'waiting'; readonly cancel: Cancel }
  | { readonly kind: 'trying' }
  | { readonly kind: 'responding'; readonly attempt: Attempt; readonly status: number }
  | { readonly kind: 'tunnel'; readonly attempt: Attempt }
  | { readonly kind: 'over' }

export const TRYING: Stage = { kind: 'trying' }
export const OVER: Stage = { kind: 'over' }
export const NOTHING: Stage = { kind: 'waiting', cancel: () => undefined }
