/** What stands in for the world around a strategy: candidates whose live fields may be set, clients, attempts. */
import type { AttemptView, Candidate, Client, Outcome, Place, Strategy } from '../strategy/strategy.ts'

/** The fake backend: a candidate whose live fields a test may set. */
export interface FakeCandidate extends Candidate {
  weight: number
  inflight: number
}

export interface Fakes {
  readonly weight?: number
  readonly zone?: string
  readonly place?: Place
}

export function fakeCandidate(id: string, { weight = 1, zone, place }: Fakes = {}): FakeCandidate {
  return { id, weight, inflight: 0, zone, place }
}

/** One candidate for each weight, `10.0.0.0:80` on. Throws when there is none. */
export function fakePool(weights: readonly number[]): [FakeCandidate, ...FakeCandidate[]] {
  const [first, ...rest] = weights.map((weight, index) =>
    fakeCandidate(`10.0.${index >> 8}.${index & 255}:80`, { weight }),
  )
  if (first === undefined) throw new Error('a pool must have at least one weight')
  return [first, ...rest]
}

/** As a running balancer shows one to a strategy: live, and not to be written. */
export function shownOf(candidate: FakeCandidate): Candidate {
  return Object.freeze({
    get id() {
      return candidate.id
    },
    get weight() {
      return candidate.weight
    },
    get inflight() {
      return candidate.inflight
    },
    get zone() {
      return candidate.zone
    },
    get place() {
      return candidate.place
    },
  })
}

/** Who asks when nothing is said about clients: an address and nothing else. */
export function someClient(index: number): Client {
  return { address: `198.51.${(index >> 8) & 255}.${index & 255}`, zone: undefined, place: undefined }
}

/** Of virtual time, which begins on an ordinary day. */
export const wallTimeAt = (now: number): number => Date.UTC(2026, 0, 1, 12) + now

/** What a strategy would be told of an attempt that began thus; `inflightBefore` as if it had just begun. */
export function fakeAttempt(candidate: Candidate, given: Partial<AttemptView> = {}): AttemptView {
  return { candidate, startedAt: 0, inflightBefore: Math.max(0, candidate.inflight - 1), isRetry: false, ...given }
}

/** Counts, then tells the strategy: the balancer's order. */
export function begin(strategy: Strategy, candidate: Candidate, now: number, isRetry = false): AttemptView {
  const attempt = { candidate, startedAt: now, inflightBefore: candidate.inflight, isRetry }
  setInflight(candidate, candidate.inflight + 1)
  strategy.onStart?.(attempt)
  return attempt
}

/** The response head and the end, in one go. */
export function end(strategy: Strategy, attempt: AttemptView, outcome: Outcome, now: number): void {
  setInflight(attempt.candidate, attempt.candidate.inflight - 1)
  if (outcome.kind === 'completed') strategy.onResponse?.(attempt, outcome.status, now)
  strategy.onEnd?.(attempt, outcome, now)
}

function setInflight(candidate: FakeCandidate, inflight: number): void {
  candidate.inflight = inflight
}
