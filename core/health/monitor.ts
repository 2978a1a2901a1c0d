/**
 * When each backend of a pool is checked, and what the results make of its `checks` fact. Every backend rests, waits for
 * its turn or is being checked; one timer for each that rests. Knows nothing of sockets.
 */
import type { Backend, CheckResult } from '../backend/backend.ts'
import type { ChecksFact } from '../backend/facts.ts'
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
  /** After every result that counts; the `checks` fact is up to date by then. */
  readonly onResult: (backend: Backend, result: CheckResult) => void
}

export interface Monitor {
  /** Checks every backend soon, then each in its interval. */
  start(): void
  /** After members came or went: new ones are checked soon, a check under way on a gone one is dropped. */
  update(): void
  /** The same of a few, however many others there are: those who came, or may have, and those who went. */
  change(changed: readonly Backend[], gone: readonly Backend[]): void
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
}

/** First checks are spread over 1 ms per backend: at once for ten, no burst for ten thousand. */
const FIRST_CHECK_SPREAD_MS = 1
/** Of one that traffic has taken out, at most: its clients wait for its return (HAProxy's fastinter). */
const SUSPECT_INTERVAL_MS = 1000

export function createMonitor(options: MonitorOptions): Monitor {
  const { policy, backends, probe, clock, random, onResult } = options
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
      rest(watch, Math.max(0, startedAt + intervalOf(watch.backend) - clock.now()))
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
    if (result.isLocal === true) return
    watch.streak = extendStreak(watch.streak, result.passed)
    const verdict = judge(backend.facts.checks.kind, watch.streak, policy)
    if (verdict !== undefined) backend.facts.checks = factOf(verdict, clock.now(), result.detail)
    else if (!result.passed) tellNewest(backend, result.detail)
    onResult(backend, result)
  }

  /** What checks of another kind found, or older ones, stands until these say otherwise: their first good word is enough. */
  const firstStreak = ({ facts }: Backend): Streak => (facts.checks.kind === 'failing' ? policy.rise - 1 : 0)

  function intervalOf({ standing }: Backend): number {
    const interval = drawInterval(policy, random)
    return standing.by === 'traffic' ? Math.min(interval, SUSPECT_INTERVAL_MS) : interval
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
    const current = new Set(backends())
    const gone = [...watches.keys()].filter((backend) => !current.has(backend))
    change([...current], gone)
  }

  function change(changed: readonly Backend[], gone: readonly Backend[]): void {
    if (!isRunning) return
    for (const backend of gone) {
      const watch = watches.get(backend)
      if (watch !== undefined) release(watch)
    }
    const fresh = changed.filter((backend) => !watches.has(backend))
    const spreadMs = Math.min(policy.intervalMs, fresh.length * FIRST_CHECK_SPREAD_MS)
    for (const backend of fresh) {
      const watch: Watch = { backend, phase: { kind: 'waiting' }, streak: firstStreak(backend) }
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
    change,
    recheck,
    stop() {
      isRunning = false
      for (const watch of watches.values()) release(watch)
    },
  }
}

const drawInterval = ({ intervalMs, jitterRatio }: HealthPolicy, random: Random): number =>
  intervalMs * (1 + jitterRatio * (2 * random() - 1))

const factOf = (kind: 'passing' | 'failing', since: number, cause: string): ChecksFact =>
  kind === 'passing' ? { kind, since } : { kind, since, cause }

/** Why it fails now, which may be another reason than the one it began with. */
function tellNewest({ facts }: Backend, cause: string): void {
  if (facts.checks.kind === 'failing') facts.checks = { ...facts.checks, cause }
}

/** Nobody checks it any more, so nothing that checks found holds. */
export function forgetChecks(backend: Backend, now: number): void {
  const { facts } = backend
  backend.lastCheck = undefined
  if (facts.checks.kind !== 'unchecked') facts.checks = { kind: 'unchecked', since: now }
}
