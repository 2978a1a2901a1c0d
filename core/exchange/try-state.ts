/** Where the attempts of an exchange stand. */
import type { Cancel } from '../clock.ts'
import type { Attempt } from './attempt.ts'

/**
 * 'waiting': for room, or the time of the next attempt. 'running': an attempt is under way, perhaps another beside it. 'over':
 * a response is being passed on, or there will be none.
 */
export type TryState =
  | { readonly kind: 'waiting'; readonly cancel: Cancel }
  | { readonly kind: 'running'; readonly attempt: Attempt; readonly beside: Attempt | undefined }
  | { readonly kind: 'over' }

export const OVER: TryState = { kind: 'over' }
