/** What a serving process tells whoever looks after it: a supervisor above it, or systemd. */
import type { Cancel, Clock } from '../../core/clock.ts'

export type ServiceNews =
  /** Requests are served; `detail` for people. Also the end of a reload. */
  | { readonly kind: 'ready'; readonly detail: string }
  | { readonly kind: 'reloading' }
  /** It ends, and may take as long. */
  | { readonly kind: 'stopping'; readonly withinMs: number }
  | { readonly kind: 'alive' }

/** Nobody looks after it where both are absent. */
export interface Keeper {
  /** May not throw; what cannot be told is lost. */
  readonly tell?: ((news: ServiceNews) => void) | undefined
  /** Between two of `alive`, for a keeper that takes silence for death. */
  readonly aliveEveryMs?: number | undefined
}

/** Tells that the event loop turns, until cancelled. */
export function keepTelling({ tell, aliveEveryMs }: Keeper, clock: Pick<Clock, 'after'>): Cancel {
  if (tell === undefined || aliveEveryMs === undefined) return () => undefined
  let cancel: Cancel
  const beat = (): void => {
    tell({ kind: 'alive' })
    cancel = clock.after(aliveEveryMs, beat)
  }
  beat()
  return () => cancel()
}
