/**
 * What clients are told of limits: the fields RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-11), and
 * Retry-After. A bucket has no window that begins and ends, so the policy's is the time in which it fills up, and the effective
 * one is that until there is one more request than the client has been told of.
 */
import { untilNextMs, wholeTokens } from './buckets.ts'
import type { Allowance } from './policy.ts'

/** Of a second, for what division takes. */
const ROUNDING = 1e-6

/** `"name";q=100;w=1`: in `w` whole seconds the rate grants `q`, which is no less than the burst. */
export function policyOf(name: string, { rate, burst }: Allowance): string {
  const perSecond = (rate.count * 1000) / rate.perMs
  const window = Math.ceil(burst / perSecond)
  return `"${name}";q=${Math.floor(window * perSecond)};w=${window}`
}

/** Of requests at once: `"name";q=20;qu="concurrent-requests"`. */
export const policyAtOnce = (name: string, most: number): string => `"${name}";q=${most};qu="concurrent-requests"`

/** `"name";r=50;t=1`: of a bucket that has `level` tokens. */
export const standingOf = (name: string, level: number, allowance: Allowance): string =>
  `"${name}";r=${wholeTokens(level)};t=${retryAfter(level, allowance)}`

/** Whole seconds, 1 and up, until there is one token more. */
export const retryAfter = (level: number, { rate }: Allowance): number =>
  Math.max(1, Math.ceil(untilNextMs(level, rate) / 1000 - ROUNDING))

/** `policies`, `standing`: as above, several with commas between them. */
export const rateLines = (policies: string, standing: string): string =>
  `RateLimit-Policy: ${policies}\r\nRateLimit: ${standing}\r\n`
