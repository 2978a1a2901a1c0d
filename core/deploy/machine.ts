/** The states of a deploy: which step leads where, and what brings a step about. Pure; the table is all that there is. */
import type { deployPhases } from '../report/view.ts'
import { type Criterion, isBeyondDoubt, judge, type SideFigures } from './criteria.ts'

/**
 * `waiting`: the new members are in the pool, are checked, and get no requests. `canary`: they get their share.
 * `switching`: the file is being changed. `draining`: the old ones finish what they have begun. The others are ends: `done`,
 * or the old members serve as before.
 */
export type Phase = (typeof deployPhases)[number]

export type Step = 'try' | 'switch' | 'switched' | 'drained' | 'late' | 'lost' | 'worse' | 'refused' | 'abort'

/** What is not listed does not happen: a deploy that switches is not aborted any more. */
const table: Readonly<Record<Phase, Readonly<Partial<Record<Step, Phase>>>>> = {
  waiting: { try: 'canary', switch: 'switching', late: 'failed', lost: 'failed', abort: 'aborted' },
  canary: { switch: 'switching', worse: 'rolled-back', lost: 'failed', abort: 'aborted' },
  switching: { switched: 'draining', refused: 'failed' },
  draining: { drained: 'done' },
  done: {},
  failed: {},
  'rolled-back': {},
  aborted: {},
}

/** undefined: that step leads nowhere from there. */
export const after = (phase: Phase, step: Step): Phase | undefined => table[phase][step]

export const isOver = (phase: Phase): boolean => Object.keys(table[phase]).length === 0

/** What a canary is to come to. */
export interface CanaryPlan {
  /** 0..1 of the requests, by weight. */
  readonly share: number
  readonly forMs: number
  readonly criteria: readonly Criterion[]
  /** Fewer at the new members, or at the old ones where a bound is relative to them, are too few to judge by. */
  readonly minRequests: number
}

/** What is known at an instant. */
export interface Facts {
  /** In this phase. */
  readonly elapsedMs: number
  /** How long to wait for health. */
  readonly timeoutMs: number
  /** undefined: the new members take all at once. */
  readonly canary: CanaryPlan | undefined
  /** Each that is to serve as checks and traffic have it, or `gone`; undefined: the pool is gone, or has no checks any more. */
  readonly members:
    readonly { readonly id: string; readonly health: string; readonly why: string | undefined }[] | undefined
  readonly fresh: SideFigures
  readonly old: SideFigures
  /** Requests under way at the old members, once they have left. */
  readonly leftOver: number
  /** How long they may take; ms. */
  readonly drainMs: number
}

export interface Move {
  readonly step: Step
  /** In words, as the deploy's detail. */
  readonly why: string
}

/** What is to happen now; undefined: nothing yet. */
export function look(phase: Phase, facts: Facts): Move | undefined {
  return looks[phase]?.(facts)
}

/** In the others nothing is waited for but an edit, or nothing at all. */
const looks: Readonly<Partial<Record<Phase, (facts: Facts) => Move | undefined>>> = {
  waiting: lookWaiting,
  canary: lookCanary,
  draining: lookDraining,
}

/** Somebody has changed the pool meanwhile, so that it cannot come to what was meant. */
function lossOf(members: Facts['members']): Move | undefined {
  if (members === undefined) return { step: 'lost', why: 'the pool, or its health checks, are configured no more' }
  const missing = members.find(({ health }) => health === 'gone')
  return missing && { step: 'lost', why: `somebody has removed ${missing.id} meanwhile` }
}

function lookWaiting({ members, elapsedMs, timeoutMs, canary }: Facts): Move | undefined {
  const missing = lossOf(members)
  if (members === undefined || missing !== undefined) return missing
  const ill = members.filter(({ health }) => health !== 'healthy')
  if (ill.length === 0)
    return canary === undefined
      ? { step: 'switch', why: 'the new members are healthy' }
      : { step: 'try', why: `the new members are healthy, and get ${percent(canary.share)} of the requests` }
  if (elapsedMs < timeoutMs) return undefined
  const words = ill.map(({ id, health, why }) => `${id} is ${health}${why === undefined ? '' : `: ${why}`}`)
  return { step: 'late', why: `not healthy within ${timeoutMs / 1000} s: ${words.join('; ')}` }
}

function lookCanary({ members, elapsedMs, canary, fresh, old }: Facts): Move | undefined {
  const missing = lossOf(members)
  if (members === undefined || canary === undefined || missing !== undefined) return missing
  const ill = members.find(({ health }) => health === 'unhealthy')
  if (ill !== undefined) return { step: 'worse', why: `${ill.id} is unhealthy: ${ill.why ?? 'nobody knows why'}` }
  const early = canary.criteria.find((criterion) => isBeyondDoubt(criterion, fresh, old))
  if (early !== undefined)
    return { step: 'worse', why: `${judge(early, fresh, old).words}, of ${fresh.requests} requests: beyond doubt` }
  return elapsedMs < canary.forMs ? undefined : conclude(canary, fresh, old)
}

function conclude({ criteria, minRequests }: CanaryPlan, fresh: SideFigures, old: SideFigures): Move {
  const isRelative = criteria.some(({ bound }) => bound.kind === 'times')
  const few = [
    ...(fresh.requests < minRequests ? [`the new members have had ${fresh.requests}`] : []),
    ...(isRelative && old.requests < minRequests ? [`the old ones have had ${old.requests}`] : []),
  ]
  if (few.length > 0)
    return { step: 'worse', why: `too few requests to judge by: ${few.join(', ')}, at least ${minRequests} are needed` }
  const judged = criteria.map((criterion) => judge(criterion, fresh, old))
  const broken = judged.filter(({ holds }) => !holds)
  const words = (broken.length > 0 ? broken : judged).map((one) => one.words).join('; ')
  return { step: broken.length > 0 ? 'worse' : 'switch', why: `${words}, of ${fresh.requests} requests` }
}

function lookDraining({ leftOver, elapsedMs, drainMs }: Facts): Move | undefined {
  if (leftOver === 0) return { step: 'drained', why: 'the new members serve, and the old ones have finished' }
  if (elapsedMs < drainMs) return undefined
  return { step: 'drained', why: `the new members serve; ${leftOver} requests of the old ones outlasted drainTimeout` }
}

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`
