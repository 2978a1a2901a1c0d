/** What GET /api/explain tells, read without believing it, and chosen from. Pure. */
import { holdsWords } from '../../core/view/filter.ts'
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
  /** The last choice, where it found nobody. */
  readonly nobody: Pick | undefined
}

export interface Attempt {
  readonly backend: string
  readonly isHedge: boolean
  /** All since the request came, ms; undefined: it did not get that far. */
  readonly startMs: number
  readonly readyMs: number | undefined
  readonly firstByteMs: number | undefined
  readonly endMs: number
  readonly outcome: string
  readonly pick: Pick | undefined
}

export interface Pick {
  /** Without a full stop. */
  readonly why: string
  readonly candidates: readonly Candidate[]
  readonly excluded: readonly { readonly backend: string; readonly by: string; readonly why: string }[]
  /** How many there were beside those that are listed. */
  readonly omitted: { readonly candidates: number; readonly excluded: number }
  readonly waitedMs: number
  readonly drawn: readonly string[]
  readonly chosen: string
  readonly runnerUp: string
  /** Whom other strategies would have taken. */
  readonly others: readonly { readonly strategies: readonly string[]; readonly backend: string }[]
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
    nobody: readPick(one['nobody']),
  }
}

function readAttempt(value: unknown): Attempt {
  const one = fieldsOf(value)
  const startMs = numberOf(one['startMs'])
  // These are told since the attempt began.
  const since = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : startMs + ms)
  return {
    backend: textOf(one['backend']),
    isHedge: one['hedge'] === true,
    startMs,
    readyMs: since(maybeNumber(one['readyMs'])),
    firstByteMs: since(maybeNumber(one['firstByteMs'])),
    endMs: startMs + numberOf(one['totalMs']),
    outcome: textOf(one['outcome']),
    pick: readPick(one['pick']),
  }
}

/** undefined: it was not explained. */
function readPick(value: unknown): Pick | undefined {
  if (value === undefined || value === null) return undefined
  const one = fieldsOf(value)
  const candidates = listOf(one['candidates']).map(readCandidate)
  const excluded = listOf(one['excluded']).map((item) => {
    const { backend, by, why } = fieldsOf(item)
    return { backend: textOf(backend), by: textOf(by), why: textOf(why) }
  })
  const counts = fieldsOf(one['counts'])
  return {
    why: textOf(one['why']),
    candidates,
    excluded,
    omitted: {
      candidates: Math.max(0, numberOf(counts['candidates']) - candidates.length),
      excluded: Math.max(0, numberOf(counts['excluded']) - excluded.length),
    },
    waitedMs: numberOf(one['waitedMs']),
    drawn: listOf(one['drawn']).map(textOf),
    chosen: textOf(one['chosen']),
    runnerUp: textOf(one['runnerUp']),
    others: readOthers(one['others']),
  }
}

function readOthers(value: unknown): Pick['others'] {
  const strategiesOf = new Map<string, string[]>()
  for (const item of listOf(value).map(fieldsOf)) {
    const backend = textOf(item['backend'])
    strategiesOf.set(backend, [...(strategiesOf.get(backend) ?? []), textOf(item['strategy'])])
  }
  return [...strategiesOf].map(([backend, strategies]) => ({ backend, strategies }))
}

function readCandidate(value: unknown): Candidate {
  const one = fieldsOf(value)
  return {
    backend: textOf(one['backend']),
    score: maybeNumber(one['score']),
    inflight: numberOf(one['inflight']),
    weight: numberOf(one['weight']),
    latencyMs: maybeNumber(one['latencyMs']),
  }
}

/** Those that hold all words of the filter. */
export const findExplanations = (list: readonly Explanation[], filter: string): readonly Explanation[] =>
  list.filter(({ method, target, route, pool, ending, attempts }) =>
    holdsWords([method, target, route, pool, ending, ...attempts.map(({ backend }) => backend)], filter),
  )
