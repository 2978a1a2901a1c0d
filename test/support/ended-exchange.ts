/** What must hold behind every exchange. */
import { expect } from 'bun:test'
import type { beginExchange } from './fake-streams.ts'

/** All that was begun has ended, once; nothing is kept, and nothing is to come. */
export function expectEnded({ backends, records, counters, clock }: ReturnType<typeof beginExchange>): void {
  expect(backends.map(({ inflight }) => inflight)).toEqual(backends.map(() => 0))
  expect(records).toHaveLength(1)
  const begun = backends.reduce((sum, backend) => sum + backend.counters.requests, 0)
  expect(records[0]!.attempts).toHaveLength(begun)
  expect(counters.replayBytes).toBe(0)
  // The tick that finds nothing armed is the last.
  clock.advance(200)
  expect(clock.pending()).toBe(0)
}
