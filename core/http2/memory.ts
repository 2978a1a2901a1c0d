/** What all HTTP/2 streams of this process hold, so that many connections can't add up to what one of them may not have. */

/** Of heads: 0.6 MiB sent over 100 connections made others hold 943 MB. */
const MAX_HEAD_BYTES = 32 * 1024 * 1024
/** Of one connection's heads. */
export const MAX_CONNECTION_HEAD_BYTES = 1024 * 1024
/** Of responses that clients do not take. */
const MAX_QUEUED_BYTES = 128 * 1024 * 1024

export const held = { headBytes: 0, queuedBytes: 0 }

export const hasHeadRoom = (length: number): boolean => held.headBytes + length <= MAX_HEAD_BYTES
export const hasQueueRoom = (length: number): boolean => held.queuedBytes + length <= MAX_QUEUED_BYTES
