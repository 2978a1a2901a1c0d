/** An explained request as the admin API tells it, unless a test says otherwise. */
import type { ToldAttempt, ToldExplanation, ToldPick } from '../../core/explain/told.ts'
import { pickExplanation } from './pick-explanation.ts'

export function toldPick(given: Partial<ToldPick> = {}): ToldPick {
  const { askedWith: _, ...pick } = pickExplanation()
  const others = [
    { strategy: 'random', backend: 'b:80' },
    { strategy: 'least-connections', backend: 'a:80' },
  ]
  return { ...pick, others, ...given }
}

export const toldAttempt = (given: Partial<ToldAttempt> = {}): ToldAttempt => ({
  backend: 'a:80',
  hedge: false,
  startMs: 0,
  readyMs: 0,
  firstByteMs: 4.2,
  totalMs: 6,
  outcome: 'completed',
  status: 200,
  pick: toldPick(),
  ...given,
})

export const toldExplanation = (given: Partial<ToldExplanation> = {}): ToldExplanation => ({
  id: 'x-1',
  at: '2026-11-26T22:00:00.000Z',
  method: 'GET',
  target: '/x?token=***',
  route: 'a.example/*',
  pool: 'web',
  status: 200,
  ending: 'answered',
  durationMs: 6.5,
  asked: false,
  attempts: [toldAttempt()],
  ...given,
})
