/** What all HTTP/2 streams of this process hold, so that many connections can't add up to what one of them may not have. */

/** What a head may have for nothing: so many streams as there may be, each with one like that, are no attack. */
const USUAL_HEAD_BYTES = 1024
/** Of heads, what is beyond that: 0.6 MiB sent over 100 connections made others hold 943 MB. */
const MAX_HEAD_BYTES = 16 * 1024 * 1024
/** Of one connection's heads, what is beyond that. */
export const MAX_CONNECTION_HEAD_BYTES = 1024 * 1024
/** Of responses that clients do not take. */
const MAX_QUEUED_BYTES = 128 * 1024 * 1024

export const held = { headBytes: 0, queuedBytes: 0 }

/** What a head of that length counts. */
export const weightOf = (length: number): number => Math.max(0, length - USUAL_HEAD_BYTES)

export const hasHeadRoom = (weight: number): boolean => held.headBytes + weight <= MAX_HEAD_BYTES
export const hasQueueRoom = (length: number): boolean => held.queuedBytes + length <= MAX_QUEUED_BYTES
