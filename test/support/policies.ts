/** Policies of a pool: those that a config comes to which only names them, and those that tests want again and again. */
import type { BreakerPolicy } from '../../core/backend/breaker.ts'
import type { EjectionPolicy } from '../../core/backend/ejection.ts'
import type { CookiePolicy } from '../../core/sticky/policy.ts'

const failures = {
  causes: ['connect', 'timeout', 'reset', 'protocol'],
  statuses: [{ from: 500, to: 599 }],
} as const

/** `"breaker": {}` */
export const usualBreaker: BreakerPolicy = {
  failures,
  windowMs: 10_000,
  minRequests: 20,
  errorRatio: 0.5,
  failuresInRow: 10,
  slowCalls: undefined,
  openTimeMs: 5000,
  maxOpenTimeMs: 120_000,
  jitterRatio: 0.2,
  trials: 3,
}

/** `"ejection": {}` */
export const usualEjection: EjectionPolicy = {
  failures,
  intervalMs: 10_000,
  baseTimeMs: 30_000,
  maxTimeMs: 300_000,
  successRate: { factor: 1.9, minBackends: 5, minRequests: 100 },
  failureRatio: { ratio: 0.85, minBackends: 5, minRequests: 50 },
  failuresInRow: 10,
  maxStatistical: 0.1,
}

/** `"sticky": { "cookie": {} }` of the pool `web`. */
export const usualCookie: CookiePolicy = {
  kind: 'cookie',
  name: 'smartedge-web',
  path: '/',
  domain: undefined,
  maxAgeMs: undefined,
  sameSite: 'lax',
  secure: false,
  httpOnly: true,
  forward: false,
  key: undefined,
}

/** Opens at the first reset, for a second each time, and lets one request try. */
export const touchyBreaker: BreakerPolicy = {
  failures: { causes: ['reset'], statuses: [] },
  windowMs: 10_000,
  minRequests: 100,
  errorRatio: undefined,
  failuresInRow: 1,
  slowCalls: undefined,
  openTimeMs: 1000,
  maxOpenTimeMs: 1000,
  jitterRatio: 0,
  trials: 1,
}
