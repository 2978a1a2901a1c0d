/**
 * A pool at work: its backends with their connections, checks and strategy. It outlives reloads: what a new config does
 * not change goes on as it was, and a backend that is no longer configured finishes what it has begun, or comes back.
 */
import type { Backend } from '../backend/backend.ts'
import type { Member } from '../backend/member.ts'
import type { Standing } from '../backend/standing.ts'
import type { AttemptObserver } from '../balance/attempt.ts'
import type { StrategyReports } from '../balance/asked-strategy.ts'
import { Balancer } from '../balance/balancer.ts'
import { degradedWords } from '../balance/degraded.ts'
import type { Degraded, DegradedCause } from '../balance/eligible.ts'
import { LiveStrategy, type LiveStrategyFacts, startingStrategy, type StrategyEvent } from '../strategy/live.ts'
import type { PoolConfig } from '../config/config.ts'
import { formatKey } from '../config/read/reading.ts'
import type { Recheck } from '../control/contract.ts'
import { type Fullness, watchFullness } from '../pool/fullness.ts'
import type { Pool } from '../pool/pool.ts'
import { PoolQueue } from '../pool/queue.ts'
import { createProbe } from '../health/probe.ts'
import type { MemberChanges } from '../discovery/intake.ts'
import type { ConnectionPolicy } from '../outbound/backend-connections.ts'
import { type BucketCounts, createBuckets } from '../observe/buckets.ts'
import { poolLedger } from '../observe/counters.ts'
import { BackendLatency } from '../observe/histogram.ts'
import { type Move, together } from '../part.ts'
import { HeadTimes } from '../pool/head-times.ts'
import { LiveSticky } from '../sticky/live.ts'
import { Limiter } from '../pool/limiter.ts'
import { RetryBudget } from '../pool/retry-budget.ts'
import { Watchers } from '../pool/watchers.ts'
import { PoolBackends } from './pool-backends.ts'
import { PoolManner, type Starting } from './pool-manner.ts'
import type { PoolServices, PoolSettings } from './pool-services.ts'

export class RunningPool {
  readonly name: string
  private readonly services: PoolServices
  private readonly balancer: Balancer
  private readonly strategy: LiveStrategy
  private readonly manner: PoolManner
  private readonly members: PoolBackends
  private readonly queue: PoolQueue
  private readonly waits = createBuckets()
  private readonly fullness: Fullness
  private readonly limiter = new Limiter()
  readonly counters = poolLedger.create()
  private readonly watchers: Watchers
  readonly sticky: LiveSticky
  private readonly budget: RetryBudget
  private readonly headTimes: HeadTimes
  /** Of a deploy's; undefined: there is none that compares. */
  private observer: AttemptObserver | undefined = undefined
  config: PoolConfig
  private settings: PoolSettings
  private isRetired = false

  /** A pool of `config`, checks begun. Rejects when the strategy can't be had or refuses its options. */
  static async start(config: PoolConfig, settings: PoolSettings, services: PoolServices): Promise<RunningPool> {
    const { use, options } = config.strategy
    const manner = new PoolManner(config.name, services.random)
    manner.prepare(config).commit()
    const strategy = await startingStrategy(services.plugins, use, options)
    return new RunningPool(config, settings, services, { strategy, manner })
  }

  private constructor(config: PoolConfig, settings: PoolSettings, services: PoolServices, starting: Starting) {
    this.name = config.name
    this.manner = starting.manner
    this.config = config
    this.settings = settings
    this.services = services
    const { clock, random, plugins: host } = services
    const { strategy, loaded } = starting.strategy.ready
    this.budget = new RetryBudget(config.retry.budget)
    this.headTimes = new HeadTimes(new BackendLatency(services.window))
    const watch = host.watch.ofPool(config.name, () => this.config.strategy.use)
    this.watchers = new Watchers({
      policy: config,
      backends: () => this.backends,
      probe: createProbe({
        ...services,
        limits: () => this.settings.limits,
        opening: ({ scheme }, { kind }) => this.manner.openingOfCheck(scheme, this.config.protocol, kind === 'grpc'),
      }),
      clock,
      random,
      onChange: (backend, detail) => this.onFact(backend, detail),
    })
    this.sticky = new LiveSticky({ pool: config.name, clock, random, ownKey: services.stickyKey })
    this.members = new PoolBackends({
      ...services,
      outbound: services,
      policy: ({ scheme }) => this.connectionPolicy(scheme),
      protocol: () => this.config.protocol,
      drainTimeoutMs: () => this.settings.drainTimeoutMs,
      onRoomChange: (backend) => this.balancer.updateRoom(backend),
    })
    const reports: StrategyReports = {
      onFault: (what, error) => this.strategy.onFault(what, error),
      onSlow: (msPerRequest) => this.strategy.onSlow(msPerRequest),
    }
    this.fullness = this.watchFullness()
    this.queue = new PoolQueue({
      ...services,
      counters: this.counters,
      waits: this.waits,
      onFull: () => this.fullness.note(),
      hasRoom: (tried) => this.balancer.hasRoom(tried),
    })
    this.balancer = new Balancer({
      strategy,
      strategyName: loaded.plugin.name,
      reports,
      clock,
      observers: [],
      calls: watch,
      onDegraded: (degraded) => this.onDegraded(degraded),
      onRoom: () => this.queue.wake(),
    })
    const onEvent = (event: StrategyEvent): void =>
      services.emit({ ...event, pool: this.name, strategy: this.config.strategy.use })
    this.strategy = new LiveStrategy({ ...starting.strategy, balancer: this.balancer, host, watch, clock, onEvent })
    this.take(config)
  }

  /**
   * Gets ready for another config without touching anything, and for the strategy's file as it is now. Rejects when
   * another strategy than the running one was asked for and can't be had. News: another version of the strategy.
   */
  async prepare(config: PoolConfig, settings: PoolSettings): Promise<Move> {
    const manner = this.manner.prepare(config)
    const { ready, kept } = await this.prepareStrategy(config)
    // Where a provider changes one pool of thousands, the others are the same objects.
    const isSame = !this.isRetired && config === this.config && settings.limits === this.settings.limits
    const move = {
      isNews: ready !== undefined,
      ...(ready !== undefined && { news: ['strategy files loaded anew'] }),
      ...(kept !== undefined && { kept: [{ key: formatKey(['pools', this.name, 'strategy']), message: kept }] }),
      commit: () => {
        this.settings = settings
        if (!isSame || manner.isNews) this.take(config)
        if (ready !== undefined) this.strategy.take(ready)
      },
      abandon: () => undefined,
    }
    return together([manner, move])
  }

  private async prepareStrategy({ strategy }: PoolConfig) {
    const isSame = Bun.deepEquals(strategy, this.config.strategy)
    try {
      return { ready: await this.strategy.prepare(strategy.use, strategy.options), kept: undefined }
    } catch (error) {
      if (!isSame) throw error
      return { ready: undefined, kept: error instanceof Error ? error.message : String(error) }
    }
  }

  /** What is known of the strategy that is asked now. */
  get strategyFacts(): LiveStrategyFacts {
    return this.strategy.facts()
  }

  /** What the strategy consists of; absolute. */
  get strategyFiles(): readonly string[] {
    return this.strategy.files()
  }

  /** In the order of the config, and behind it of the sources. */
  get backends(): readonly Backend[] {
    return this.members.list
  }

  /** What its sources have found, by id. */
  get found(): ReadonlyMap<string, Member> {
    return this.members.found
  }

  /** What a snapshot shows of it to requests. */
  snapshot(): Pool {
    const { name, balancer, config, queue, sticky } = this
    return {
      name,
      balancer,
      queue,
      connections: this.members.connections,
      affinity: config.affinity,
      retry: config.retry,
      mayRefuse: config.protocol !== undefined && config.protocol !== 'http/1.1',
      timeouts: config.timeouts,
      budget: this.budget,
      headTimes: this.headTimes,
      sticky: sticky.sticky,
    }
  }

  /** Whether anybody is usable now. */
  get hasCandidates(): boolean {
    return this.balancer.hasUsable()
  }

  /** Attempts under way in it. */
  get inflight(): number {
    return this.balancer.inflight
  }

  /** How long requests have waited for room; undefined: none may. */
  get queueWaits(): BucketCounts | undefined {
    return this.config.queue && this.waits
  }

  /** Why somebody is used whom something holds out; undefined: nobody is. Brings every backend's `use` up to now. */
  get degraded(): { readonly cause: DegradedCause; readonly detail: string } | undefined {
    const degraded = this.balancer.settled()
    return degraded && { cause: degraded.cause, detail: degradedWords(degraded) }
  }

  /** Checks a backend now. */
  recheck(id: string): Recheck {
    const backend = this.members.get(id)
    if (backend === undefined) return 'unknown'
    return this.watchers.recheck(backend) ? 'started' : 'no-checks'
  }

  /** No longer configured: checks end, and every backend finishes what it has begun. A later commit has it back. */
  retire(): void {
    this.watchers.stop()
    this.observer = undefined
    this.isRetired = true
    this.members.retire()
  }

  /** Whether anything of it is left, once it has retired. */
  get isGone(): boolean {
    return this.members.isGone
  }

  /** Ends everything now. */
  stop(): void {
    this.watchers.stop()
    this.fullness.stop()
    this.members.cut()
  }

  /**
   * Members besides those that the config names, and no other such guests than these; `observer` hears of every attempt for
   * as long as they are there. One that the config names from then on is the same backend, with all that is known of it.
   */
  invite(guests: readonly Member[], observer?: AttemptObserver): void {
    this.observer = observer
    const now = this.services.clock.now()
    this.follow(this.members.invite(guests, now), 'a deploy is under way', now)
  }

  /** Requests under way at those of these members that have left. */
  leftOver(ids: readonly string[]): number {
    return this.members.leftOver(ids).reduce((total, { inflight }) => total + inflight, 0)
  }

  /** A few of the members that its sources have found come, are otherwise than before, or go. */
  change({ put, gone, isLast }: MemberChanges): void {
    const now = this.services.clock.now()
    const { changed, removed } = this.members.change(put, gone, now)
    this.watchers.change(changed, removed, now)
    this.settle(changed, 'its source says so', now)
    if (!isLast) return
    this.offer()
    this.balancer.settleAhead()
  }

  private take(config: PoolConfig): void {
    this.config = config
    this.isRetired = false
    this.budget.update(config.retry.budget)
    const now = this.services.clock.now()
    this.follow(this.members.configure(config.members, now), 'another configuration is in force', now)
    this.queue.update(config.queue)
    this.balancer.bound(config.maxInflight ?? Infinity)
  }

  /** All who look after the backends hear of other ones, or of another config. */
  private follow(removed: readonly Backend[], detail: string, now: number): void {
    for (const backend of removed) this.watchers.forget(backend)
    this.watchers.update(this.config, now)
    this.settle(this.backends, detail, now)
    this.offer()
  }

  /** Whoever may stand otherwise now is reckoned up and bounded anew. */
  private settle(changed: readonly Backend[], detail: string, now: number): void {
    for (const backend of changed) this.reckon(backend, detail)
    this.limiter.update(this.config.concurrency, changed, now)
  }

  /** From now on requests go to the backends that there are. */
  private offer(): void {
    const { config, backends } = this
    const { observers } = this.watchers
    this.balancer.configure(config, [...observers, this.limiter, ...(this.observer ? [this.observer] : [])])
    this.balancer.update(backends)
    this.sticky.update(config.sticky, backends)
  }

  private watchFullness(): Fullness {
    const { clock, emit } = this.services
    const { name: pool } = this
    return watchFullness({
      clock,
      onFull: () => emit({ kind: 'pool-full', pool, detail: this.config.queue ? 'requests wait' : 'requests get 503' }),
      onRelieved: (forMs) => emit({ kind: 'pool-relieved', pool, forMs: Math.round(forMs) }),
    })
  }

  private connectionPolicy(scheme: Member['scheme']): ConnectionPolicy {
    const { timeouts, maxIdleConnections, maxConnections, protocol } = this.config
    const manner = this.manner.mannerFor(scheme)
    return { limits: this.settings.limits, timeouts, maxIdleConnections, maxConnections, protocol, manner }
  }

  /** Something was found out about `backend`. */
  private onFact(backend: Backend, detail: string): void {
    const before = backend.standing
    this.reckon(backend, detail)
    if (changesChoice(before, backend.standing)) this.balancer.update(this.backends)
  }

  /** Sums up what is known of it, and tells when that is news about its health. */
  private reckon(backend: Backend, detail: string): void {
    const before = this.watchers.reckon(backend, this.services.clock.now())
    const { health } = backend.standing
    // Whom nobody checks any more is as well as before.
    if (health === before.health || (health === 'unchecked' && before.health === 'healthy')) return
    const kind = health === 'unhealthy' ? 'backend-down' : 'backend-up'
    this.services.emit({ kind, pool: this.name, backend: backend.id, detail })
  }

  /** Who is held out is used, or no more, or for another reason. */
  private onDegraded(degraded: Degraded | undefined): void {
    const { emit } = this.services
    if (degraded === undefined) emit({ kind: 'pool-recovered', pool: this.name })
    else emit({ kind: 'pool-degraded', pool: this.name, cause: degraded.cause, detail: degradedWords(degraded) })
  }
}

/** Whether somebody else may be used from now on, or in another proportion of tiers. */
const changesChoice = (before: Standing, after: Standing): boolean =>
  before.weight !== after.weight || !Bun.deepEquals(before.holds, after.holds)
