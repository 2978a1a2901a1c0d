/**
 * When requests are meant to be sent. In an open loop: evenly, from the start on, until the duration is over. Latency
 * counts from these instants, not from the send, so that a slow target cannot hide behind its own queue (the
 * "coordinated omission" of closed loops). Pure.
 */
import type { LoadPlan } from './plan.ts'

export interface Schedule {
  /** The instant of the next request that is due at `nowMs`, which is thereby taken; undefined: none is due yet. */
  take(nowMs: number): number | undefined
  /** When the next one is due, seen from `nowMs`; undefined: none will be. */
  nextMs(nowMs: number): number | undefined
}

/** A rate that is not above 0 schedules nothing. */
export function createSchedule({ pace, durationMs }: Pick<LoadPlan, 'pace' | 'durationMs'>, startMs: number): Schedule {
  return pace.kind === 'open'
    ? openSchedule(startMs, durationMs, pace.ratePerSecond)
    : closedSchedule(startMs + durationMs)
}

/** Always due, until the end. */
function closedSchedule(endMs: number): Schedule {
  const now = (nowMs: number): number | undefined => (nowMs < endMs ? nowMs : undefined)
  return { take: now, nextMs: now }
}

/** What was due before the end is still sent after it: leaving it out would flatter a target that fell behind. */
function openSchedule(startMs: number, durationMs: number, ratePerSecond: number): Schedule {
  const total = Math.floor((durationMs / 1000) * ratePerSecond)
  let taken = 0
  const nextMs = (): number | undefined => (taken < total ? startMs + (taken * 1000) / ratePerSecond : undefined)
  return {
    nextMs,
    take(nowMs) {
      const next = nextMs()
      if (next === undefined || next > nowMs) return undefined
      taken += 1
      return next
    },
  }
}
