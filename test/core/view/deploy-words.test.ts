import { describe, expect, test } from 'bun:test'
import type { DeployView } from '../../../core/deploy/contract.ts'
import { deployProgress } from '../../../core/view/deploy-words.ts'

const side = { requests: 80, errors: 2, errorRatio: 0.025, p50Ms: 3, p90Ms: 8, p95Ms: 9, p99Ms: 12 }
const none = { requests: 0, errors: 0, errorRatio: 0, p50Ms: null, p90Ms: null, p95Ms: null, p99Ms: null }
const canary = {
  share: 0.05,
  forMs: 300_000,
  elapsedMs: 12_900,
  promoteIf: 'errors<1%',
  minRequests: 100,
  new: side,
  old: none,
}

const deploy = (facts: Partial<DeployView>): DeployView => ({
  id: 1,
  pool: 'web',
  phase: 'waiting',
  over: false,
  detail: 'waits',
  origin: 'test',
  rollback: false,
  startedAt: '',
  since: '',
  added: [],
  kept: [],
  removed: [],
  timeoutMs: 1,
  members: [],
  canary: null,
  ...facts,
})

describe('how far a deploy has come', () => {
  test.each([
    [
      deploy({
        members: [
          { id: 'a:80', health: 'healthy', why: null },
          { id: 'b:80', health: 'unhealthy', why: 'refused' },
          { id: 'c:80', health: 'unchecked', why: null },
        ],
      }),
      'waiting: b:80 is unhealthy (refused), c:80 is unchecked',
    ],
    [deploy({}), 'waiting: waits'],
    [
      deploy({ phase: 'canary', canary }),
      'canary: 12 of 300 s; new: 80 requests, 2.5 % errors, p99 12.0ms; old: no requests',
    ],
    [deploy({ phase: 'draining', detail: 'it is written', canary }), 'draining: it is written'],
    [deploy({ phase: 'rolled-back', over: true, detail: 'too slow', canary }), 'rolled-back: too slow'],
  ])('is told: %#', (given, words) => {
    expect(deployProgress(given)).toBe(words)
  })
})
