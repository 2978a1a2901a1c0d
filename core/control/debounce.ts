/** Many signs of one change -> one call, once they have stopped for a moment. */
import type { Cancel, Clock } from '../clock.ts'

export interface DebounceOptions {
  readonly clock: Clock
  /** Without another sign. */
  readonly quietMs: number
  /** Since the first sign, even if they do not stop. */
  readonly maxMs: number
  readonly act: () => void
}

export interface Debounce {
  poke(): void
  /** Forgets what was signalled; a later `poke` begins afresh. */
  cancel(): void
}

export function createDebounce({ clock, quietMs, maxMs, act }: DebounceOptions): Debounce {
  let pending: { readonly firstAt: number; readonly cancel: Cancel } | undefined
  const fire = (): void => {
    pending = undefined
    act()
  }
  return {
    poke() {
      const now = clock.now()
      const firstAt = pending?.firstAt ?? now
      pending?.cancel()
      pending = { firstAt, cancel: clock.after(Math.max(0, Math.min(quietMs, firstAt + maxMs - now)), fire) }
    },
    cancel() {
      pending?.cancel()
      pending = undefined
    },
  }
}
