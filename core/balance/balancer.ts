/**
 * One pool's choice: holds the list of usable backends, shows it to the strategy, takes nothing but a member of it back, and
 * lets the strategy hear how attempts go. Nothing that a strategy does to what it is shown reaches a backend or the list.
 */
import type { Backend } from '../backend/backend.ts'
import type { Load } from '../backend/load.ts'
import type { Clock } from '../clock.ts'
import { type Degraded, type EligibleBackends, orNobody, type Restraint, settle, withRoom } from './eligible.ts'
import { AskedStrategy, type OwnedCalls, type StrategyReports, threw } from './asked-strategy.ts'
import { type Attempt, type AttemptObserver, beginAttempt, type PoolOfAttempts } from './attempt.ts'
import { describeStranger } from '../strategy/stranger.ts'
import { drawByWeight } from '../random.ts'
import type { Candidate, Candidates, Strategy } from '../strategy/strategy.ts'
import type { Asked, RecordedContext } from './pick-recorder.ts'
import { Vacancies } from './vacancies.ts'

export interface BalancerOptions {
  readonly strategy: Strategy
  /** As it calls itself, for who wants a pick explained. */
  readonly strategyName?: string
  readonly reports: StrategyReports
  /** For the time of a pick. */
  readonly clock: Clock
  /** Hear of every attempt before the strategy does, in this order: what writes facts about backends. */
  readonly observers: readonly AttemptObserver[]
  /** Backends that something holds out begin to be used all the same, for another reason or no more. */
  readonly onDegraded?: (degraded: Degraded | undefined) => void
  /** Where the strategy's calls are marked; absent: nobody looks whether they return. */
  readonly calls?: OwnedCalls
  /** A request may find room where there was none a moment ago; absent: nobody waits for that. */
  readonly onRoom?: () => void
}

const NOBODY: readonly Backend[] = []

/** How many backends with room a strategy is shown when the one that it has chosen first has none. */
const MOST_VACANT = 64

/**
 * Beyond it the list is not frozen: to freeze 10,000 takes 5 ms, in which no request is served, and makes each look at one of
 * them three times as slow. A strategy that writes to its list is found out where it is tried, and with every shorter one.
 */
const MOST_FROZEN = 1000

/** Whom a strategy may choose from for as long as nobody comes, goes or stands elsewhere. */
interface Choice {
  readonly backends: EligibleBackends
  /** Where each of them stood then: what a strategy has built may hang on it. */
  readonly sites: readonly Pick<Backend, 'zone' | 'place'>[]
  /** What the strategy is shown of them: frozen up to `MOST_FROZEN`, and the same array each time, since strategies build on it. */
  readonly candidates: Candidates
  /** Back from what it picked; nothing for a stranger. */
  readonly backendOf: ReadonlyMap<unknown, Backend>
  readonly vacancies: Vacancies
}

/** What is under way in a pool, against its bound. */
class PoolLoad implements Load {
  inflight = 0
  maxInflight = Infinity
  readonly onRoomChange: () => void

  constructor(onRoomChange: () => void) {
    this.onRoomChange = onRoomChange
  }

  get hasRoom(): boolean {
    return this.inflight < this.maxInflight
  }
}

export class Balancer {
  private readonly asked: AskedStrategy
  private strategyName: string
  private readonly reports: StrategyReports
  private readonly onDegraded: (degraded: Degraded | undefined) => void
  private readonly onRoom: () => void
  private readonly load: PoolLoad
  private attempts: PoolOfAttempts
  private restraint: Restraint = { maxEjected: 1, panicThreshold: 0 }
  private resorts: readonly EligibleBackends[] = []
  private degraded: Degraded | undefined = undefined
  private choice: Choice | undefined
  private backends: readonly Backend[] = []
  /** Something changed since it was found out who takes requests. */
  private isStale = true
  /** Who does, as long as `choice` was not made of them; `undefined` in it: nobody. */
  private settledOn: { readonly backends: EligibleBackends | undefined } | undefined = undefined

  /** Without backends, which `update` brings, and without restraint before `configure`. */
  constructor({
    strategy,
    strategyName = '',
    reports,
    clock,
    observers,
    calls,
    onDegraded = () => undefined,
    onRoom = () => undefined,
  }: BalancerOptions) {
    this.asked = new AskedStrategy({ strategy, reports, clock, calls })
    this.strategyName = strategyName
    this.reports = reports
    this.onDegraded = onDegraded
    this.onRoom = onRoom
    this.load = new PoolLoad(() => this.tellRoom())
    // The strategy hears last.
    this.attempts = { load: this.load, observers: [...observers, this.asked] }
  }

  /** `update` is to follow. Attempts under way go on telling those who heard of their start. */
  configure(restraint: Restraint, observers: readonly AttemptObserver[]): void {
    this.restraint = restraint
    this.attempts = { load: this.load, observers: [...observers, this.asked] }
  }

  /** To be called whenever membership or any member's standing changed; cheap, since the next pick does the work. */
  update(backends: readonly Backend[]): void {
    this.backends = backends
    this.isStale = true
    this.onRoom()
  }

  /** To be called whenever a member's `hasRoom` may have changed. */
  updateRoom(backend: Backend): void {
    this.choice?.vacancies.update(backend)
    if (backend.hasRoom) this.tellRoom()
  }

  /** Attempts at once in the whole pool, >= 1; Infinity: no bound. */
  bound(maxInflight: number): void {
    this.load.maxInflight = maxInflight
    this.tellRoom()
  }

  /** All of the pool, used or not. */
  get members(): readonly Backend[] {
    return this.backends
  }

  /** Attempts under way in the pool; those at backends that have left count until they end. */
  get inflight(): number {
    return this.load.inflight
  }

  /** From the next pick on, `strategy` is asked; it also hears how the attempts under way end. */
  swap(strategy: Strategy, name = ''): void {
    this.asked.swap(strategy)
    this.strategyName = name
  }

  /** Median of the newest samples; undefined while there are too few. */
  get nsPerPick(): number | undefined {
    return this.asked.nsPerPick
  }

  /** Whether anybody is usable now who is not among `tried`, with room or without. */
  hasUsable(tried: readonly Backend[] = NOBODY): boolean {
    return this.current()?.backends.some((backend) => !tried.includes(backend)) === true
  }

  /** Whether `pick` would find somebody now. */
  hasRoom(tried: readonly Backend[] = NOBODY): boolean {
    if (this.isAtBound) return false
    return tried.length > 0 ? this.hasOther(tried) : (this.current()?.vacancies.size ?? 0) > 0
  }

  /** Whether as many attempts are under way in the pool as may be. */
  get isAtBound(): boolean {
    return !this.load.hasRoom
  }

  /** Whether a strategy could be shown that backend now. */
  offers(backend: Backend): boolean {
    return this.current()?.backendOf.has(backend.candidate) === true
  }

  /** Why somebody is used whom something holds out; undefined: nobody is. Afterwards every backend's `use` is that of now. */
  settled(): Degraded | undefined {
    this.current()
    return this.degraded
  }

  /**
   * A usable backend that takes one more request and is not among `tried`; undefined when there is none. The strategy is
   * asked twice at most, and not at all when everybody is full: a list without those at their caps would be another at every
   * request, so it is shown the lasting one first, and one of its own for this pick when it has chosen somebody who is full.
   * A request that all usable ones have failed is given to one of a tier that is not needed, or else to one that traffic
   * holds out: that one may be back, and nobody else is left.
   */
  pick(context: RecordedContext, tried: readonly Backend[]): Backend | undefined {
    const choice = this.current()
    if (choice === undefined || this.isAtBound) return undefined
    const { vacancies } = choice
    let before = tried.at(-1)
    if (before === undefined) {
      if (vacancies.size === 0) return undefined
      const picked = this.ask(choice.candidates, choice, context)
      if (picked.hasRoom) return picked
      before = picked
    }
    const left = this.leftOf(choice, tried, before)
    return left && this.askFor(left, choice.backendOf.has(left[0].candidate) ? choice : choiceOf(left), context)
  }

  /** Whether one that goes on from `tried` would find anybody now: its place in the pool it has had. */
  hasOther(tried: readonly Backend[]): boolean {
    const choice = this.current()
    return choice !== undefined && this.leftOf(choice, tried, tried.at(-1)) !== undefined
  }

  /** Those who take one more request and are not among `tried`; once all others are, the next resort's. */
  private leftOf(
    { backends, vacancies }: Choice,
    tried: readonly Backend[],
    before: Backend | undefined,
  ): EligibleBackends | undefined {
    const left = vacantBackends(vacancies, tried, before)
    if (left !== undefined || backends.some((backend) => !tried.includes(backend))) return left
    for (const resort of this.resorts) {
      const further = withRoom(resort, tried)
      if (further !== undefined) return further
    }
    return undefined
  }

  /** Of `left`, a part of `choice`. */
  private askFor(left: EligibleBackends, choice: Choice, context: RecordedContext): Backend {
    // Nothing to choose: a strategy may search long for the one that is left.
    return left.length === 1 ? left[0] : this.ask(candidatesOf(left), choice, context)
  }

  /** The strategy's choice among `candidates`; when it makes none, that is a fault, and chance chooses. */
  private ask(candidates: Candidates, choice: Choice, context: RecordedContext): Backend {
    const { recorder } = context
    if (recorder !== undefined) recorder.ask(this.askedOf(candidates, choice))
    const picked = this.asked.pick(candidates, context)
    const backend = choice.backendOf.get(picked)
    if (backend !== undefined && (candidates === choice.candidates || candidates.includes(backend.candidate))) {
      recorder?.answer(backend, true)
      return backend
    }
    if (picked !== threw) this.reports.onFault(`pick returned ${describeStranger(picked, candidates)}`)
    const drawn = choice.backendOf.get(drawByWeight(context.random, candidates)) ?? choice.backends[0]
    recorder?.answer(drawn, false)
    return drawn
  }

  private askedOf(candidates: Candidates, { candidates: lasting, backendOf }: Choice): Asked {
    const shown = candidates === lasting ? backendOf : new Set(candidates)
    return { strategy: this.strategyName, candidates, backendOf, shown }
  }

  /** The choice now: the same for as long as a strategy would be shown the same. */
  private current(): Choice | undefined {
    this.settleAhead()
    if (this.settledOn === undefined) return this.choice
    const { backends } = this.settledOn
    this.settledOn = undefined
    if (!isSameChoice(this.choice, backends)) this.choice = backends && choiceOf(backends)
    return this.choice
  }

  /** Half of what the next pick would have to do after a change: of ten thousand backends some 3 ms. */
  settleAhead(): void {
    if (!this.isStale) return
    this.isStale = false
    this.settledOn = { backends: this.settle() }
  }

  /** Writes down what becomes of each backend; returns those that take requests. */
  private settle(): EligibleBackends | undefined {
    const { placed, eligible, resorts, degraded } = settle(this.backends, this.restraint)
    for (const { backend, use, scale } of placed) {
      const mayHaveOtherRoom = backend.use === 'trial' || use === 'trial'
      backend.use = use
      backend.tierScale = scale
      if (mayHaveOtherRoom) this.choice?.vacancies.update(backend)
    }
    this.resorts = resorts
    const isNews = degraded?.cause !== this.degraded?.cause
    this.degraded = degraded
    if (isNews) this.onDegraded(degraded)
    return eligible
  }

  /** The returned attempt must be ended on every path. `isRetry`: the request has been tried before. */
  begin(backend: Backend, now: number, isRetry = false): Attempt {
    return beginAttempt(backend, this.attempts, now, isRetry)
  }

  private tellRoom(): void {
    if (!this.isAtBound) this.onRoom()
  }
}

/**
 * Whom a single pick may choose from: all that have room and are not in `tried`, in their order; of many, as many as a
 * strategy searches in no time, those behind `before`, so that a hash falls to the same ones each time.
 */
function vacantBackends(
  vacancies: Vacancies,
  tried: readonly Backend[],
  before: Backend | undefined,
): EligibleBackends | undefined {
  const isMany = vacancies.size > MOST_VACANT
  const found = vacancies.list(isMany ? MOST_VACANT : vacancies.size, isMany ? before : undefined)
  return orNobody(tried.length === 0 ? found : found.filter((backend) => !tried.includes(backend)))
}

/** Made within one request: of ten thousand backends that takes some 3 ms, and each further list or map of them a part of one. */
function choiceOf(backends: EligibleBackends): Choice {
  const backendOf = new Map<unknown, Backend>()
  for (const backend of backends) backendOf.set(backend.candidate, backend)
  const candidates = candidatesOf(backends)
  return {
    backends,
    sites: backends.map(siteOf),
    candidates: candidates.length > MOST_FROZEN ? candidates : Object.freeze(candidates),
    backendOf,
    vacancies: new Vacancies(backends),
  }
}

const NOWHERE: Choice['sites'][number] = { zone: undefined, place: undefined }

const siteOf = ({ zone, place }: Backend): Choice['sites'][number] =>
  zone === undefined && place === undefined ? NOWHERE : { zone, place }

// As long as the backends, of which there is one at least.
const candidatesOf = (backends: EligibleBackends): Candidates =>
  backends.map(({ candidate }) => candidate) as readonly Candidate[] as Candidates

/** Weights and loads are read live. */
function isSameChoice(choice: Choice | undefined, backends: readonly Backend[] = []): boolean {
  const { backends: before, sites } = choice ?? { backends: [], sites: [] }
  const isSame = (backend: Backend, index: number): boolean =>
    backend === before[index] && backend.zone === sites[index]?.zone && backend.place === sites[index]?.place
  return before.length === backends.length && backends.every(isSame)
}
