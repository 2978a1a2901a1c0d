/** A pick as it is explained, unless a test says otherwise: `p2c` has taken `a` of two. */
import type { PickExplanation } from '../../core/balance/pick-recorder.ts'

export const pickExplanation = (given: Partial<PickExplanation> = {}): PickExplanation => ({
  by: 'strategy',
  strategy: 'p2c',
  why: 'p2c: the less busy of two drawn by weight',
  candidates: [
    { backend: 'a:80', score: 0, inflight: 0, weight: 1, latencyMs: 4 },
    { backend: 'b:80', score: 2, inflight: 1, weight: 1, latencyMs: null },
  ],
  excluded: [{ backend: 'c:80', by: 'breaker', why: 'breaker open: 5 failures in a row', untilMs: 1200.4 }],
  counts: { candidates: 2, excluded: 1 },
  drawn: ['b:80', 'a:80'],
  chosen: 'a:80',
  runnerUp: 'b:80',
  waitedMs: 0,
  askedWith: undefined,
  ...given,
})
