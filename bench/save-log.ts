/** From when files were saved, and which backend had answered how often when, to how long each save took to be live. Pure. */
import type { Saved } from './peers/saved.ts'

/** Requests answered so far, for each backend. */
export type Counts = readonly number[]

export interface SaveLog {
  /** From now on, traffic to the backend `witness` shows that it is live. A save of the same kind that is not live yet is given up. */
  readonly saved: (kind: Saved, witness: number, counts: Counts, nowMs: number) => void
  readonly counted: (counts: Counts, nowMs: number) => void
  /** Of each save that was seen to be live, how long that took. */
  readonly liveMs: (kind: Saved) => readonly number[]
}

export function createSaveLog(): SaveLog {
  const waiting = new Map<Saved, { readonly witness: number; readonly answered: number; readonly atMs: number }>()
  const liveMs: Record<Saved, number[]> = { members: [], strategy: [] }
  return {
    saved: (kind, witness, counts, nowMs) =>
      void waiting.set(kind, { witness, answered: counts[witness] ?? 0, atMs: nowMs }),
    counted(counts, nowMs) {
      for (const [kind, { witness, answered, atMs }] of waiting) {
        if ((counts[witness] ?? 0) <= answered) continue
        liveMs[kind].push(nowMs - atMs)
        waiting.delete(kind)
      }
    },
    liveMs: (kind) => liveMs[kind],
  }
}
