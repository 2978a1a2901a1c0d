/** An explained exchange as it is kept: what it can be looked for by, and what is told of it. */
import type { AskedWith, PickExplanation } from '../balance/pick-recorder.ts'
import { hideInTarget, type IsHidden } from '../access-log/hide.ts'
import type { AttemptRecord, ExchangeRecord } from '../exchange/record.ts'
import { nameOfGrpcCode } from '../http1/grpc.ts'
import type { ToldAttempt, ToldExplanation, ToldPick } from './told.ts'

/** What one can be looked for by. */
export interface Entry {
  /** From 1 on, in the order in which they ended. */
  readonly sequence: number
  readonly status: number | null
  readonly durationMs: number
  readonly route: string | null
  readonly pool: string | null
  /** That it was given to. */
  readonly backends: readonly string[]
  /** What is told of it, but for what others would have done. */
  readonly told: Omit<ToldExplanation, 'attempts' | 'nobody'>
  readonly attempts: readonly Omit<ToldAttempt, 'pick'>[]
  /** Of each of these; undefined: none. */
  readonly picks: readonly (PickExplanation | undefined)[]
  readonly nobody: PickExplanation | undefined
}

export interface EntryFacts {
  readonly id: string
  readonly sequence: number
  /** Epoch ms of its end. */
  readonly wallTime: number
  readonly isHidden: IsHidden
  /** In words, by key; undefined: it is gone. */
  readonly routeWords: (key: string) => string | undefined
}

/** More of a target says nothing about a pick. */
const MOST_TARGET = 500
const MOST_METHOD = 32
const MOST_DETAIL = 300
/** Of one request; more are given to no backend unless `retry.attempts` says so. */
const MOST_ATTEMPTS = 16

export function entryOf(record: ExchangeRecord, { id, sequence, wallTime, isHidden, routeWords }: EntryFacts): Entry {
  const { line, startedAt, endedAt, ending, explanation } = record
  const attempts = record.attempts.slice(-MOST_ATTEMPTS)
  const durationMs = rounded(endedAt - startedAt)
  const route = record.route === '' ? null : (routeWords(record.route) ?? record.route)
  const pool = record.pool ?? null
  const status = ending.kind === 'abandoned' ? null : ending.status
  return {
    sequence,
    status,
    durationMs,
    route,
    pool,
    backends: attempts.map(({ backend }) => backend),
    told: {
      id,
      at: new Date(wallTime - durationMs).toISOString(),
      // A connection in TCP mode has none.
      method: (line.method || line.protocol).slice(0, MOST_METHOD),
      target: targetOf(line.target, isHidden),
      route,
      pool,
      status,
      ending: ending.kind,
      ...(ending.kind === 'refused' && { detail: ending.detail.slice(0, MOST_DETAIL) }),
      durationMs,
      asked: explanation?.isAsked === true,
    },
    attempts: attempts.map((attempt) => attemptOf(attempt, startedAt)),
    picks: attempts.map(({ pick }) => pick),
    nobody: explanation?.nobody,
  }
}

/** `others`: whom other strategies would have taken. */
export function tellEntry(
  entry: Entry,
  others: (asked: AskedWith, strategy: string) => ToldPick['others'],
): ToldExplanation {
  const tell = ({ askedWith, ...pick }: PickExplanation): ToldPick => ({
    ...pick,
    candidates: pick.candidates.map((one) => ({
      ...one,
      score: one.score && significant(one.score),
      weight: significant(one.weight),
    })),
    excluded: pick.excluded.map((one) => ({ ...one, untilMs: one.untilMs && Math.round(one.untilMs) })),
    waitedMs: rounded(pick.waitedMs),
    others: askedWith === undefined ? [] : others(askedWith, pick.strategy),
  })
  const { told, attempts, picks, nobody } = entry
  return {
    ...told,
    attempts: attempts.map((attempt, index) => {
      const pick = picks[index]
      return { ...attempt, pick: pick === undefined ? null : tell(pick) }
    }),
    ...(nobody && { nobody: tell(nobody) }),
  }
}

function attemptOf(attempt: AttemptRecord, since: number): Omit<ToldAttempt, 'pick'> {
  const { backend, isHedge, startedAt, readyAt, respondedAt, endedAt, outcome, grpcStatus } = attempt
  const after = (at: number | undefined): number | null => (at === undefined ? null : rounded(at - startedAt))
  return {
    backend,
    hedge: isHedge,
    startMs: rounded(startedAt - since),
    readyMs: after(readyAt),
    firstByteMs: after(respondedAt),
    totalMs: rounded(endedAt - startedAt),
    outcome: outcome.kind === 'failed' ? `failed: ${outcome.tls ?? outcome.cause}` : outcome.kind,
    status: outcome.kind === 'completed' ? outcome.status : null,
    ...(grpcStatus !== undefined && { grpcStatus: nameOfGrpcCode(grpcStatus) }),
  }
}

/** Cut first: what is cut in the middle of a value is hidden to its end. */
function targetOf(target: string, isHidden: IsHidden): string {
  const cut = target.length > MOST_TARGET ? `${target.slice(0, MOST_TARGET)}…` : target
  return hideInTarget(cut, isHidden).replace(/[^!-~…]/g, (char) => encodeURIComponent(char))
}

/** Microseconds are as much as the clock tells. */
const rounded = (ms: number): number => Math.round(ms * 1000) / 1000

/** Of what is reckoned, and not measured. */
const significant = (value: number): number => Number(value.toPrecision(6))
