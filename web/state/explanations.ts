/** What GET /api/explain tells, read without believing it, and chosen from. Pure. */
import { fieldsOf, listOf, maybeNumber, numberOf, textOf } from './untyped.ts'

export interface Explanations {
  /** Part of requests that are explained, 0..1. */
  readonly rate: number
  readonly kept: number
  readonly seen: number
  readonly list: readonly Explanation[]
}

export interface Explanation {
  readonly id: string
  /** Wall ms; NaN when it was not told. */
  readonly at: number
  readonly method: string
  readonly target: string
  readonly route: string
  readonly pool: string
  /** undefined: none was sent. */
  readonly status: number | undefined
  readonly ending: string
  readonly detail: string
  readonly durationMs: number
  readonly attempts: readonly Attempt[]
}

export interface Attempt {
  readonly backend: string
  readonly isHedge: boolean
  /** Since the request came, ms; undefined: it did not get that far. */
  readonly startMs: number
  readonly readyMs: number | undefined
  readonly firstByteMs: number | undefined
  readonly totalMs: number
  readonly outcome: string
  readonly pick: Pick | undefined
}

export interface Pick {
  readonly by: string
  readonly strategy: string
  readonly why: string
  readonly candidates: readonly Candidate[]
  readonly excluded: readonly { readonly backend: string; readonly by: string; readonly why: string }[]
  readonly drawn: readonly string[]
  readonly chosen: string
  readonly runnerUp: string
  readonly others: readonly { readonly strategy: string; readonly backend: string }[]
}

export interface Candidate {
  readonly backend: string
  readonly score: number | undefined
  readonly inflight: number
  readonly weight: number
  readonly latencyMs: number | undefined
}

export function readExplanations(body: unknown): Explanations {
  const { sampling, explanations } = fieldsOf(body)
  const { rate, kept, seen } = fieldsOf(sampling)
  return {
    rate: numberOf(rate),
    kept: numberOf(kept),
    seen: numberOf(seen),
    list: listOf(explanations).map(readExplanation),
  }
}

function readExplanation(value: unknown): Explanation {
  const one = fieldsOf(value)
  return {
    id: textOf(one['id']),
    at: Date.parse(textOf(one['at'])),
    method: textOf(one['method']),
    target: textOf(one['target']),
    route: textOf(one['route']),
    pool: textOf(one['pool']),
    status: maybeNumber(one['status']),
    ending: textOf(one['ending']),
    detail: textOf(one['detail']),
    durationMs: numberOf(one['durationMs']),
    attempts: listOf(one['attempts']).map(readAttempt),
  }
}

function readAttempt(value: unknown): Attempt {
  const one = fieldsOf(value)
  return {
    backend: textOf(one['backend']),
    isHedge: one['hedge'] === true,
    startMs: numberOf(one['startMs']),
    readyMs: maybeNumber(one['readyMs']),
    firstByteMs: maybeNumber(one['firstByteMs']),
    totalMs: numberOf(one['totalMs']),
    outcome: textOf(one['outcome']),
    pick: one['pick'] === undefined || one['pick'] === null ? undefined : readPick(one['pick']),
  }
}

function readPick(value: unknown): Pick {
  const one = fieldsOf(value)
  return {
    by: textOf(one['by']),
    strategy: textOf(one['strategy']),
    why: textOf(one['why']),
    candidates: listOf(one['candidates']).map((item) => {
      const candidate = fieldsOf(item)
      return {
        backend: textOf(candidate['backend']),
        score: maybeNumber(candidate['score']),
        inflight: numberOf(candidate['inflight']),
        weight: numberOf(candidate['weight']),
        latencyMs: maybeNumber(candidate['latencyMs']),
      }
    }),
    excluded: listOf(one['excluded']).map((item) => {
      const { backend, by, why } = fieldsOf(item)
      return { backend: textOf(backend), by: textOf(by), why: textOf(why) }
    }),
    drawn: listOf(one['drawn']).map(textOf),
    chosen: textOf(one['chosen']),
    runnerUp: textOf(one['runnerUp']),
    others: listOf(one['others']).map((item) => {
      const { strategy, backend } = fieldsOf(item)
      return { strategy: textOf(strategy), backend: textOf(backend) }
    }),
  }
}

export interface ExplanationChoice {
  /** Words, each of which must occur. */
  readonly filter: string
  /** First digit of the status; `-`: those without one; empty: all. */
  readonly status: string
  readonly slowerMs: number
}

/** In the order told, which is newest first. */
export const chooseExplanations = (
  list: readonly Explanation[],
  { filter, status, slowerMs }: ExplanationChoice,
): readonly Explanation[] =>
  list.filter(
    (one) =>
      (status === '' || (one.status === undefined ? '-' : String(one.status).charAt(0)) === status) &&
      one.durationMs >= slowerMs &&
      holdsWords(
        [one.method, one.target, one.route, one.pool, one.ending, ...one.attempts.map(({ backend }) => backend)],
        filter,
      ),
  )

export function holdsWords(texts: readonly string[], filter: string): boolean {
  const text = texts.join(' ').toLowerCase()
  return filter
    .toLowerCase()
    .split(' ')
    .every((word) => text.includes(word))
}
