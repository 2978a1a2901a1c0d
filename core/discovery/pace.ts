/** When a source is asked again: later behind each failure, and never by all nodes of a fleet at one instant. */
import type { Random } from '../random.ts'

/** After the first failure; twice as long behind each further one. */
const FIRST_RETRY_MS = 1000
const LONGEST_RETRY_MS = 8000
/** So that nodes which began together do not ask together for ever; 0..1 of the wait, and never more than half a second. */
const JITTER = 0.1
const MAX_JITTER_MS = 500

/** `failures` in a row, 1 and up. */
export const retryMs = (failures: number): number => Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1))

export const jittered = (ms: number, random: Random): number => ms + random() * Math.min(MAX_JITTER_MS, ms * JITTER)
