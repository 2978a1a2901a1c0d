/** Attempts under way against a bound: those at a backend, and those in a pool. Counted here alone. */

export interface Load {
  /** Begun and not ended. */
  inflight: number
  /** The most at once, >= 1; Infinity: no bound. May change at any time, also to fewer than are under way. */
  readonly maxInflight: number
  /** Told when one more would have been taken before and not now, or the other way round; perhaps in other cases too. */
  readonly onRoomChange: (() => void) | undefined
}

export function takePlace(load: Load): void {
  load.inflight += 1
  if (load.inflight === load.maxInflight) load.onRoomChange?.()
}

export function freePlace(load: Load): void {
  load.inflight -= 1
  if (load.inflight + 1 === load.maxInflight) load.onRoomChange?.()
}
