/** Bytes that all requests together may hold at once: of bodies that are read or worked on, of answers that wait to be sent. */

export interface ByteBudget {
  /** false: there is no room for so many now. */
  take(bytes: number): boolean
  /** So many of those taken are held no more. */
  give(bytes: number): void
}

export function createByteBudget(maxBytes: number): ByteBudget {
  let held = 0
  return {
    take(bytes) {
      if (held + bytes > maxBytes) return false
      held += bytes
      return true
    },
    give(bytes) {
      held -= bytes
    },
  }
}
