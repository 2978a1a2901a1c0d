/**
 * One deploy under way: new members join a pool as its guests, are waited for and perhaps tried out, and then take the old
 * ones' place in the file. Until that last step nothing has been written: whatever goes wrong before, or ends the process,
 * leaves the pool as it was.
 */
import type { Member } from '../backend/member.ts'
import type { Cancel, Clock } from '../clock.ts'
import type { EditResult, PoolEdit } from '../control/contract.ts'
import type { DeployBackend, DeployPool, DeployView, SideView } from './contract.ts'
import { errorRatio, type SideFigures } from './criteria.ts'
import { after, type CanaryPlan, isOver, look, type Move, type Phase } from './machine.ts'
import type { Replaced } from './record.ts'
import { waitingOf, weighed } from './share.ts'
import { createSides, NO_FIGURES, type Sides } from './sides.ts'

/** What is to be done, worked out. */
export interface DeployTask {
  readonly id: number
  readonly pool: string
  readonly origin: string
  readonly isRollback: boolean
  /** Those who are to serve, as they are to stand in the file. */
  readonly target: readonly Replaced[]
  /** Those among them who are new, parsed. */
  readonly fresh: readonly Member[]
  /** Ids of those who leave. */
  readonly gone: readonly string[]
  /** All members as they stand in the file now. */
  readonly before: readonly Replaced[]
  readonly timeoutMs: number
  readonly canary: CanaryPlan | undefined
}

export interface DeploySurroundings {
  readonly clock: Clock
  /** undefined: there is no such pool any more. */
  readonly pool: () => DeployPool | undefined
  readonly edit: (edit: PoolEdit) => Promise<EditResult>
  /** How long members that leave may finish; ms. */
  readonly drainMs: () => number
  /** It has come to another phase. */
  readonly onPhase: (deploy: Deploy) => void
}

/** Between two looks at how things stand. */
const LOOK_MS = 200

export class Deploy {
  readonly task: DeployTask
  phase: Phase = 'waiting'
  detail: string
  private readonly surroundings: DeploySurroundings
  private readonly startedAt: number
  /** Wall ms, and monotonic, of the phase. */
  private since: { readonly wall: number; readonly now: number }
  private sides: Sides | undefined = undefined
  private oldWeight = 0
  /** By id, the newest of each as the deploy began. */
  private checksBefore: ReadonlyMap<string, DeployBackend['lastCheck']> = new Map()
  private canaryMs = 0
  private cancel: Cancel = () => undefined

  constructor(task: DeployTask, surroundings: DeploySurroundings) {
    this.task = task
    this.surroundings = surroundings
    const { clock } = surroundings
    this.startedAt = clock.wallTime()
    this.since = { wall: this.startedAt, now: clock.now() }
    this.detail = `waits until ${task.target.map(({ id }) => id).join(', ')} ${task.target.length === 1 ? 'is' : 'are'} healthy`
  }

  get isOver(): boolean {
    return isOver(this.phase)
  }

  begin(): void {
    const pool = this.surroundings.pool()
    pool?.invite(waitingOf(this.task.fresh))
    this.checksBefore = new Map(pool?.backends.map(({ id, lastCheck }) => [id, lastCheck]))
    this.surroundings.onPhase(this)
    this.lookLater()
  }

  /** Whether it could be; `why`: in words. */
  abort(why: string): boolean {
    return this.go({ step: 'abort', why })
  }

  /** Looks no more. */
  rest(): void {
    this.cancel()
  }

  view(): DeployView {
    const { id, pool, origin, isRollback, target, fresh, gone, timeoutMs } = this.task
    const added = fresh.map((member) => member.id)
    return {
      id,
      pool,
      phase: this.phase,
      over: this.isOver,
      detail: this.detail,
      origin,
      rollback: isRollback,
      startedAt: new Date(this.startedAt).toISOString(),
      since: new Date(this.since.wall).toISOString(),
      added,
      kept: target.map((member) => member.id).filter((one) => !added.includes(one)),
      removed: gone,
      timeoutMs,
      members: (this.targets() ?? []).map(({ id, health, why }) => ({ id, health, why: why ?? null })),
      canary: this.canaryView(),
    }
  }

  private lookLater(): void {
    this.cancel = this.surroundings.clock.after(LOOK_MS, () => this.look())
  }

  private look(): void {
    const { clock, pool, drainMs } = this.surroundings
    const { timeoutMs, canary, gone } = this.task
    if (this.phase === 'canary') this.weigh()
    const move = look(this.phase, {
      elapsedMs: clock.now() - this.since.now,
      timeoutMs,
      canary,
      members: this.targets(),
      fresh: this.sides?.fresh() ?? NO_FIGURES,
      old: this.sides?.old() ?? NO_FIGURES,
      leftOver: pool()?.leftOver(gone) ?? 0,
      drainMs: drainMs(),
    })
    if (move === undefined || !this.go(move)) this.lookLater()
  }

  /** Those who are to serve, as they are; undefined: the pool is gone, or nobody checks them. */
  private targets() {
    const pool = this.surroundings.pool()
    if (pool === undefined || pool.config.health === undefined) return undefined
    const found = new Map(pool.backends.map((backend) => [backend.id, backend]))
    return this.task.target.map(({ id }) => {
      const backend = found.get(id)
      return backend === undefined ? { id, health: 'gone', why: undefined } : { id, ...this.stateOf(backend) }
    })
  }

  /** One that has been here before may be known as well from then: while it is waited for, a check of now has to say so. */
  private stateOf({ id, standing, lastCheck }: DeployBackend) {
    const { health, holds } = standing
    const why = holds.find(({ by }) => by !== 'operator')?.why
    if (this.phase !== 'waiting' || health !== 'healthy') return { health, why }
    if (lastCheck === undefined || lastCheck === this.checksBefore.get(id))
      return { health: 'unchecked', why: 'waits for its check' }
    return lastCheck.passed ? { health, why } : { health: 'unhealthy', why: lastCheck.detail }
  }

  /** false: that step leads nowhere from here. */
  private go({ step, why }: Move): boolean {
    const next = after(this.phase, step)
    if (next === undefined) return false
    const { clock } = this.surroundings
    if (this.phase === 'canary') this.canaryMs = clock.now() - this.since.now
    this.cancel()
    this.phase = next
    this.detail = why
    this.since = { wall: clock.wallTime(), now: clock.now() }
    this.enter(next)
    this.surroundings.onPhase(this)
    return true
  }

  private enter(phase: Phase): void {
    if (phase === 'switching') return void this.switchOver()
    if (phase === 'canary') this.beginCanary()
    // Behind the switch the config names them, so that they are no guests any more.
    else this.dismiss()
    if (!isOver(phase)) this.lookLater()
  }

  private beginCanary(): void {
    const fresh = new Set(this.task.fresh.map(({ id }) => id))
    this.sides = createSides((id) => fresh.has(id))
    this.oldWeight = Number.NaN
    this.weigh()
  }

  /** What the old ones weigh changes: one is out, or back, or somebody has weighed it anew. */
  private weigh(): void {
    const pool = this.surroundings.pool()
    const { canary, fresh } = this.task
    if (pool === undefined || canary === undefined || this.sides === undefined) return
    const guests = new Set(fresh.map(({ id }) => id))
    const oldWeight = pool.backends
      .filter(({ id, use, standing }) => standing.usable && use !== 'spare' && !guests.has(id))
      .reduce((total, { weight }) => total + weight, 0)
    // A share that grows slowly need not be followed step by step.
    if (Math.abs(oldWeight - this.oldWeight) <= 0.01 * this.oldWeight) return
    this.oldWeight = oldWeight
    pool.invite(weighed(fresh, canary.share, oldWeight), this.sides.observer)
  }

  private dismiss(): void {
    this.surroundings.pool()?.invite([])
  }

  private async switchOver(): Promise<void> {
    const { pool, target, gone } = this.task
    const put = target.map(({ text }) => text)
    const result = await this.surroundings.edit({ kind: 'replace', pool, put, gone })
    if (result.kind === 'done') this.go({ step: 'switched', why: `${result.file} names the new members` })
    else this.go({ step: 'refused', why: refusalWords(result) })
  }

  private canaryView(): DeployView['canary'] {
    const { canary } = this.task
    if (canary === undefined) return null
    const { share, forMs, criteria, minRequests } = canary
    const elapsedMs = this.phase === 'canary' ? this.surroundings.clock.now() - this.since.now : this.canaryMs
    return {
      share,
      forMs,
      elapsedMs: Math.round(elapsedMs),
      promoteIf: criteria.map(({ text }) => text).join(','),
      minRequests,
      new: sideView(this.sides?.fresh() ?? NO_FIGURES),
      old: sideView(this.sides?.old() ?? NO_FIGURES),
    }
  }
}

function refusalWords(result: Exclude<EditResult, { kind: 'done' }>): string {
  if (result.kind === 'stale') return 'the pool has changed since'
  if (result.kind !== 'invalid') return result.detail
  const words = result.problems.slice(0, 3).map(({ key, rule }) => `${key} ${rule}`.trim())
  return words.join('; ') || 'that cannot be put in force'
}

function sideView(side: SideFigures): SideView {
  const latency = (ms: number): number | null =>
    Number.isNaN(ms) || side.requests === 0 ? null : Number(ms.toPrecision(3))
  return {
    requests: side.requests,
    errors: side.errors,
    errorRatio: errorRatio(side),
    p50Ms: latency(side.p50),
    p90Ms: latency(side.p90),
    p95Ms: latency(side.p95),
    p99Ms: latency(side.p99),
  }
}
