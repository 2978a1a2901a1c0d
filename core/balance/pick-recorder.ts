/**
 * Writes down how one pick is made, while it is made, for a request that somebody wants explained: what the strategy was
 * shown and told, and why others were no candidates. All figures are those of the pick; lists are bounded.
 */
import type { Backend } from '../backend/backend.ts'
import type { Random } from '../random.ts'
import type { Candidate, Candidates, PickContext, PickNotes } from '../strategy/strategy.ts'
import { type Exclusion, exclusionOf, type PickFacts } from './exclusions.ts'

/**
 * What decided. `strategy`: its choice. `chance`: it made none. `sticky`: the request's session. `only`: nobody else could
 * have it. `queue`: as `only`, once it had waited for room. `again`: a kept connection had died, and the backend is asked once more.
 */
export type PickedBy = 'strategy' | 'chance' | 'sticky' | 'only' | 'queue' | 'again'

export interface ExplainedCandidate {
  readonly backend: string
  /** As the strategy told it, the lowest wins; null: it told none. */
  readonly score: number | null
  readonly inflight: number
  /** Its share as it was then. */
  readonly weight: number
  /** Median of its latest requests; null: there are none. */
  readonly latencyMs: number | null
}

/** What others may be asked with: copies, and what chance said. */
export interface AskedWith {
  readonly candidates: Candidates
  readonly context: Omit<PickContext, 'random' | 'notes'>
  /** Uniform in [0, 1), in the order in which they were drawn; the first of them. */
  readonly draws: readonly number[]
}

export interface PickExplanation {
  readonly by: PickedBy
  /** As it calls itself; '' where none was asked. */
  readonly strategy: string
  /** One sentence, without a full stop. */
  readonly why: string
  /** Those looked at first; at most MOST_TOLD. */
  readonly candidates: readonly ExplainedCandidate[]
  readonly excluded: readonly Exclusion[]
  /** How many there were, told or not. */
  readonly counts: { readonly candidates: number; readonly excluded: number }
  readonly drawn: readonly string[]
  /** null: nobody could have it. */
  readonly chosen: string | null
  /** Of those not passed over, the next by score; null: nobody else had one. */
  readonly runnerUp: string | null
  /** In the pool's queue before. */
  readonly waitedMs: number
  /** undefined: the strategy decided nothing, or chose among more than MOST_TOLD. */
  readonly askedWith: AskedWith | undefined
}

/** A context whose pick may be written down. */
export interface RecordedContext extends PickContext {
  readonly recorder?: PickRecorder | undefined
}

/** What the end of a pick shows. */
export interface PickEnd extends PickFacts {
  /** undefined: nobody. */
  readonly chosen: Backend | undefined
  readonly members: readonly Backend[]
  readonly waitedMs: number
}

/** More is no explanation. */
export const MOST_TOLD = 32
/** A strategy's own words. */
const MOST_CHARS = 160
/** More than the shipped strategies draw for a pick. */
const MOST_DRAWS = 16

/** Who is asked, and with whom to choose from. */
export interface Asked {
  readonly strategy: string
  readonly candidates: Candidates
  /** All of them, perhaps more. */
  readonly backendOf: ReadonlyMap<unknown, Backend>
  /** Those of them that are shown. */
  readonly shown: { has(candidate: Candidate): boolean }
}

/** One question to a strategy, and what it said. */
interface Ask extends Asked {
  readonly scores: Map<Candidate, number>
  readonly drawn: Set<Candidate>
  readonly passedOver: Map<Candidate, string>
  readonly draws: number[]
  why: string
  /** undefined: under way. */
  answer: { readonly backend: Backend; readonly isOwn: boolean } | undefined
}

/** Who wants to know. */
export interface PickListener {
  /** ms, of its latest requests; null: there are none. */
  medianOf(backend: Backend): number | null
  onPick(explanation: PickExplanation): void
}

export class PickRecorder {
  /** What a strategy writes to. */
  readonly notes: PickNotes
  private readonly listener: PickListener
  private asks: Ask[] = []
  /** Whether a strategy is being asked: what it notes at any other time is none of a pick's. */
  private current: Ask | undefined = undefined
  /** The latest pick; undefined before `close`. */
  explanation: PickExplanation | undefined = undefined

  constructor(listener: PickListener) {
    this.listener = listener
    this.notes = Object.freeze({
      drew: (candidate: Candidate) => void this.of(candidate)?.drawn.add(candidate),
      score: (candidate: Candidate, score: number) => this.score(candidate, score),
      passOver: (candidate: Candidate, why: string) =>
        void this.of(candidate)?.passedOver.set(candidate, shortened(why)),
      because: (why: string) => {
        if (this.current !== undefined) this.current.why = shortened(why)
      },
    })
  }

  /** `random`, with what it says written down. */
  tap(random: Random): Random {
    return () => {
      const drawn = random()
      const draws = this.current?.draws
      if (draws !== undefined && draws.length < MOST_DRAWS) draws.push(drawn)
      return drawn
    }
  }

  /** A strategy is about to be asked. */
  ask(asked: Asked): void {
    this.current = {
      ...asked,
      scores: new Map(),
      drawn: new Set(),
      passedOver: new Map(),
      draws: [],
      why: '',
      answer: undefined,
    }
    this.asks.push(this.current)
  }

  /** `isOwn`: the strategy chose it, and not chance in its place. */
  answer(backend: Backend, isOwn: boolean): void {
    if (this.current !== undefined) this.current.answer = { backend, isOwn }
    this.current = undefined
  }

  /** The pick is over, and nothing has begun yet. */
  close(context: PickContext, end: PickEnd): void {
    const { kept, chosen } = end
    const last = this.asks.at(-1)
    // Of one there is nothing to choose.
    const hasDecided = chosen !== undefined && last?.answer?.backend === chosen && last.candidates.length > 1
    const decided = hasDecided ? last : undefined
    const by = kept ? 'sticky' : decided ? (decided.answer?.isOwn ? 'strategy' : 'chance') : 'only'
    const shown = decided ? byInterest(decided, chosen) : chosen ? [chosen.candidate] : []
    const excluded = excludedBy(end, decided?.shown ?? new Set(shown), decided?.passedOver)
    const waited = by === 'only' && end.waitedMs > 0
    this.explanation = {
      by: waited ? 'queue' : by,
      strategy: last?.strategy ?? '',
      why: whyOf({ ...end, by, decided, first: this.asks.find(({ answer }) => answer?.backend !== chosen) }),
      candidates: shown.slice(0, MOST_TOLD).map((candidate) => this.told(candidate, chosen, decided)),
      excluded: excluded.told,
      counts: { candidates: decided?.candidates.length ?? shown.length, excluded: excluded.count },
      drawn: [...(decided?.drawn ?? [])].slice(0, MOST_TOLD).map(({ id }) => id),
      chosen: chosen?.id ?? null,
      runnerUp: decided ? runnerUpOf(decided, chosen) : null,
      waitedMs: end.waitedMs,
      askedWith: decided && by === 'strategy' ? askedWith(decided, context) : undefined,
    }
    this.asks = []
    this.listener.onPick(this.explanation)
  }

  private of(candidate: Candidate): Ask | undefined {
    return this.current?.shown.has(candidate) === true ? this.current : undefined
  }

  private score(candidate: Candidate, score: number): void {
    const ask = this.of(candidate)
    if (ask === undefined || !Number.isFinite(score)) return
    ask.scores.set(candidate, score)
    ask.passedOver.delete(candidate)
  }

  private told(candidate: Candidate, chosen: Backend | undefined, ask: Ask | undefined): ExplainedCandidate {
    const { id, inflight, weight } = candidate
    const backend = ask?.backendOf.get(candidate) ?? chosen
    const latencyMs = backend === undefined ? null : this.listener.medianOf(backend)
    return { backend: id, score: ask?.scores.get(candidate) ?? null, inflight, weight, latencyMs }
  }
}

/** A backend that is asked once more, without a pick. */
export const pickedAgain = ({ id }: Backend): PickExplanation => ({
  by: 'again',
  strategy: '',
  why: `the connection kept to ${id} had died, so it is asked once more over a fresh one`,
  candidates: [],
  excluded: [],
  counts: { candidates: 0, excluded: 0 },
  drawn: [],
  chosen: id,
  runnerUp: null,
  waitedMs: 0,
  askedWith: undefined,
})

/** A strategy may say what is no text. */
const shortened = (words: unknown): string => (typeof words === 'string' ? words.slice(0, MOST_CHARS) : '')

/** The chosen one, whom chance proposed, those with a score by it, then the others as they were shown. */
function byInterest(ask: Ask, chosen: Backend | undefined): readonly Candidate[] {
  const first = chosen === undefined ? [] : [chosen.candidate]
  return [...new Set([...first, ...ask.drawn, ...leastOf(ask.scores), ...ask.candidates.slice(0, MOST_TOLD)])]
}

/** By their scores, as many as are told; to sort those of ten thousand would take as long as a thousand requests. */
function leastOf(scores: ReadonlyMap<Candidate, number>): readonly Candidate[] {
  const least: { readonly candidate: Candidate; readonly score: number }[] = []
  for (const [candidate, score] of scores) {
    const isFull = least.length === MOST_TOLD
    if (isFull && score >= (least.at(-1)?.score ?? 0)) continue
    if (isFull) least.pop()
    const place = least.findLastIndex((one) => one.score <= score) + 1
    least.splice(place, 0, { candidate, score })
  }
  return least.map(({ candidate }) => candidate)
}

function runnerUpOf({ scores, passedOver }: Ask, chosen: Backend | undefined): string | null {
  let [next, least] = [null as string | null, Infinity]
  for (const [candidate, score] of scores) {
    if (candidate === chosen?.candidate || passedOver.has(candidate) || score >= least) continue
    next = candidate.id
    least = score
  }
  return next
}

/** Those passed over first. */
function excludedBy(
  end: PickEnd,
  shown: Asked['shown'],
  passedOver: ReadonlyMap<Candidate, string> = new Map(),
): { readonly told: readonly Exclusion[]; readonly count: number } {
  const told = [...passedOver].map(([{ id }, why]): Exclusion => ({ backend: id, by: 'strategy', why, untilMs: null }))
  let count = told.length
  for (const backend of end.members) {
    if (shown.has(backend.candidate)) continue
    count += 1
    if (told.length < MOST_TOLD) told.push(exclusionOf(backend, end))
  }
  return { told: told.slice(0, MOST_TOLD), count }
}

/** undefined: there are too many to ask anybody else about. */
function askedWith({ candidates, draws }: Ask, context: PickContext): AskedWith | undefined {
  if (candidates.length > MOST_TOLD) return undefined
  const { key, now, wallTime, client } = context
  const { address, zone, place } = client
  const copy = ({ id, weight, inflight, zone, place }: Candidate): Candidate => ({ id, weight, inflight, zone, place })
  const [first, ...rest] = candidates
  const copies: Candidates = [copy(first), ...rest.map(copy)]
  return { candidates: copies, context: { key, now, wallTime, client: { address, zone, place } }, draws }
}

interface Reasons extends PickEnd {
  readonly by: PickedBy
  readonly decided: Ask | undefined
  /** What was asked first and came to nothing, since its choice had no room; undefined: nothing was. */
  readonly first: Ask | undefined
}

function whyOf({ by, decided, first, chosen, waitedMs, isPoolFull }: Reasons): string {
  const before = first?.answer ? `; ${first.strategy}’s first choice, ${first.answer.backend.id}, is full` : ''
  const waited = waitedMs > 0 ? `; it had waited ${waitedMs.toFixed(1)} ms for room` : ''
  if (chosen === undefined) return isPoolFull ? 'the pool is full' : 'nobody could take it'
  if (by === 'sticky') return `its session is with ${chosen.id}${waited}`
  if (by === 'chance') return `${decided?.strategy} made no valid choice, so chance chose by weight${before}${waited}`
  if (decided === undefined) return `only ${chosen.id} could take it${before}${waited}`
  return `${decided.strategy}: ${decided.why || ownWords(decided, chosen)}${before}${waited}`
}

function ownWords({ scores }: Ask, { candidate }: Backend): string {
  const score = scores.get(candidate)
  return score === undefined
    ? 'its choice; it tells no scores'
    : `its score was ${Number(score.toPrecision(4))}, one of ${scores.size} told`
}
