/**
 * When each backend of a pool is checked, and what the results make of it. Every backend rests, waits for its turn or is
 * being checked; one timer for each that rests. Knows nothing of sockets; traffic's own findings are `passive.ts`'s.
 */
import type { Backend, CheckResult, Health } from '../backend/backend.ts'
import { extendStreak, judge } from '../backend/thresholds.ts'
import type { Streak } from '../backend/thresholds.ts'
import type { Cancel, Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import type { HealthPolicy } from './policy.ts'
import type { Probe } from './probe.ts'

export interface MonitorOptions {
  readonly policy: HealthPolicy
  /** The pool's backends now; asked by `start` and `update`. */
  readonly backends: () => readonly Backend[]
  readonly probe: Probe
  readonly clock: Clock
  readonly random: Random
  /** After `backend.health` has changed kind; `detail` is the deciding check's. */
  readonly onChange: (backend: Backend, detail: string) => void
}

export interface Monitor {
  /** Checks every backend soon, then each in its interval. */
  start(): void
  /** After members came or went: new ones are checked soon, a check under way on a gone one is dropped. */
  update(): void
  /** Checks one backend now rather than at its time; false: it is not watched. */
  recheck(backend: Backend): boolean
  /** Cancels everything; nothing is written and nobody called afterwards. `start` begins afresh. */
  stop(): void
}

type Phase =
  | { readonly kind: 'resting'; readonly cancel: Cancel }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'checking'; readonly cancel: Cancel }

interface Watch {
  readonly backend: Backend
  phase: Phase
  streak: Streak
  /** The health that `streak` counts against; once traffic has changed it, counting begins again. */
  health: Health
}

/** First checks are spread over 1 ms per backend: at once for ten, no burst for ten thousand. */
const FIRST_CHECK_SPREAD_MS = 1

export function createMonitor({ policy, backends, probe, clock, random, onChange }: MonitorOptions): Monitor {
  const watches = new Map<Backend, Watch>()
  /** Those whose time has come while `policy.maxConcurrent` checks were under way, in order. */
  const waiting = new Set<Watch>()
  let underWay = 0
  let isRunning = false

  function rest(watch: Watch, delayMs: number): void {
    watch.phase = { kind: 'resting', cancel: clock.after(delayMs, () => queue(watch)) }
  }

  function queue(watch: Watch): void {
    watch.phase = { kind: 'waiting' }
    waiting.add(watch)
    checkWaiting()
  }

  function checkWaiting(): void {
    for (const watch of waiting) {
      if (underWay >= policy.maxConcurrent) return
      waiting.delete(watch)
      check(watch)
    }
  }

  function check(watch: Watch): void {
    const startedAt = clock.now()
    const cancel = probe(watch.backend, policy, (result) => {
      // A probe is silent after its cancel; one that is not must not touch what has moved on.
      if (watch.phase !== phase) return
      underWay -= 1
      // From one start to the next, so that a slow member is checked as often as a quick one.
      rest(watch, Math.max(0, startedAt + drawInterval(policy, random) - clock.now()))
      record(watch, result)
      checkWaiting()
    })
    const phase: Phase = { kind: 'checking', cancel }
    watch.phase = phase
    underWay += 1
  }

  function record(watch: Watch, result: CheckResult): void {
    const { backend } = watch
    backend.lastCheck = result
    if (backend.health !== watch.health) watch.streak = 0
    watch.streak = extendStreak(watch.streak, result.passed)
    const verdict = judge(backend.health.kind, watch.streak, policy)
    if (verdict !== undefined) backend.health = healthOf(verdict, clock.now(), result.detail)
    watch.health = backend.health
    if (verdict !== undefined) onChange(backend, result.detail)
  }

  function release(watch: Watch): void {
    watches.delete(watch.backend)
    waiting.delete(watch)
    if (watch.phase.kind === 'checking') underWay -= 1
    if (watch.phase.kind !== 'waiting') watch.phase.cancel()
    watch.phase = { kind: 'waiting' }
  }

  function recheck(backend: Backend): boolean {
    const watch = watches.get(backend)
    if (watch?.phase.kind === 'resting') {
      watch.phase.cancel()
      queue(watch)
    }
    return watch !== undefined
  }

  function update(): void {
    if (!isRunning) return
    const current = new Set(backends())
    for (const watch of watches.values()) if (!current.has(watch.backend)) release(watch)
    const fresh = [...current].filter((backend) => !watches.has(backend))
    const spreadMs = Math.min(policy.intervalMs, fresh.length * FIRST_CHECK_SPREAD_MS)
    for (const backend of fresh) {
      const watch: Watch = { backend, phase: { kind: 'waiting' }, streak: 0, health: backend.health }
      watches.set(backend, watch)
      rest(watch, random() * spreadMs)
    }
    checkWaiting()
  }

  return {
    start() {
      isRunning = true
      update()
    },
    update,
    recheck,
    stop() {
      isRunning = false
      for (const watch of watches.values()) release(watch)
    },
  }
}

const drawInterval = ({ intervalMs, jitterRatio }: HealthPolicy, random: Random): number =>
  intervalMs * (1 + jitterRatio * (2 * random() - 1))

const healthOf = (kind: 'healthy' | 'unhealthy', since: number, detail: string): Health =>
  kind === 'healthy' ? { kind, since } : { kind, since, reason: detail }
