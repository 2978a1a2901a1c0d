/**
 * Who finds things out about a pool's backends, and writes them down as facts: active checks, the connects of requests,
 * ejection, breakers, slow start. What the pool makes of the facts is its own business; it hears of each that may have changed.
 */
import type { Backend } from '../backend/backend.ts'
import type { BreakerPolicy } from '../backend/breaker.ts'
import type { EjectionPolicy } from '../backend/ejection.ts'
import type { SlowStartPolicy } from '../backend/slow-start.ts'
import type { Standing, StandingRule } from '../backend/standing.ts'
import type { AttemptObserver } from '../balance/attempt.ts'
import type { Clock } from '../clock.ts'
import { Breakers, forgetBreaker } from '../health/breakers.ts'
import { Ejections, forgetEjection } from '../health/ejections.ts'
import { createMonitor, forgetChecks, type Monitor } from '../health/monitor.ts'
import { createPassiveHealth, type PassiveHealth, type PassivePolicy } from '../health/passive.ts'
import type { HealthPolicy } from '../health/policy.ts'
import type { Probe } from '../health/probe.ts'
import { createRamps, type Ramps } from '../health/ramps.ts'
import type { Random } from '../random.ts'

export interface WatchPolicy {
  /** undefined: no active checks. */
  readonly health: HealthPolicy | undefined
  readonly passive: { readonly failures: number; readonly retryAfterMs: number }
  /** undefined, here and below: there is none, and nothing that it found before counts. */
  readonly ejection: EjectionPolicy | undefined
  readonly breaker: BreakerPolicy | undefined
  readonly slowStart: SlowStartPolicy | undefined
}

export interface WatchersOptions {
  readonly policy: WatchPolicy
  /** The pool's backends now. */
  readonly backends: () => readonly Backend[]
  readonly probe: Probe
  readonly clock: Clock
  readonly random: Random
  /** A fact may have changed or come to its end; `detail` says what happened. */
  readonly onChange: (backend: Backend, detail: string) => void
}

export class Watchers {
  private readonly options: WatchersOptions
  private readonly passive: PassiveHealth
  private readonly ramps: Ramps
  private policy: WatchPolicy
  private monitor: Monitor | undefined = undefined
  private ejections: Ejections | undefined = undefined
  private breakers: Breakers | undefined = undefined
  /** Since when a new backend waits for its first check. */
  private awaitsSince: number | undefined = undefined
  /** Those that have been here before. */
  private readonly known = new WeakSet<Backend>()

  /** Begins with the first `update`. */
  constructor(options: WatchersOptions) {
    this.options = options
    this.policy = options.policy
    const { backends, clock } = options
    const onChange = (backend: Backend, detail: string): void => this.onTraffic(backend, detail)
    this.passive = createPassiveHealth({ policy: passivePolicy(this.policy), backends, clock, onChange })
    this.ramps = createRamps({ backends, clock, onChange: options.onChange })
  }

  /** Those who listen to the pool's attempts, in the order in which they are to hear; others after an `update`. */
  get observers(): readonly AttemptObserver[] {
    return [this.passive, this.ejections, this.breakers].filter((one) => one !== undefined)
  }

  /** What the pool's standings are to be reckoned by. */
  private get rule(): StandingRule {
    return { awaitsCheckSince: this.awaitsSince, slowStart: this.policy.slowStart }
  }

  /** Sums up what is known of a backend now; returns what it came to before. One that is back may have to start slowly. */
  reckon(backend: Backend, now: number): Standing {
    const before = backend.reckon(this.rule, now)
    const isBack = before.holds.length > 0 && backend.standing.holds.length === 0
    // Who has been used in spite of what held it out is warm.
    if (!isBack || backend.use === 'overruled') return before
    this.ramps.begin(backend, 'it is back')
    backend.reckon(this.rule, now)
    return before
  }

  /**
   * After a change of config or members, before the standings are reckoned up; `now` is when the new members came. What
   * was found out stands.
   */
  update(policy: WatchPolicy, now: number): void {
    const { backends } = this.options
    const hasNewChecks = this.monitor === undefined || !Bun.deepEquals(policy.health, this.policy.health)
    this.policy = policy
    if (policy.health?.initially !== 'unchecked') this.awaitsSince = undefined
    else this.awaitsSince ??= now
    this.ramps.update(policy.slowStart)
    this.take(backends(), now)
    if (hasNewChecks) this.replaceMonitor()
    else this.monitor?.update()
  }

  /**
   * After a change of a few members, before their standings are reckoned up: it costs as much as these do, however many
   * others there are.
   */
  change(changed: readonly Backend[], removed: readonly Backend[], now: number): void {
    for (const backend of removed) this.forget(backend)
    this.take(changed, now)
    this.monitor?.change(changed, removed)
  }

  /** What the policy says of them holds from now on. */
  private take(backends: readonly Backend[], now: number): void {
    this.passive.update(passivePolicy(this.policy), backends)
    this.updateEjections(backends, now)
    this.updateBreakers(backends, now)
    for (const backend of backends) if (!this.known.has(backend)) this.welcome(backend)
    if (this.policy.health === undefined) for (const backend of backends) forgetChecks(backend, now)
  }

  /** It is no longer one of the pool's: when it is again, it joins anew. */
  forget(backend: Backend): void {
    this.known.delete(backend)
  }

  private welcome(backend: Backend): void {
    this.known.add(backend)
    this.ramps.begin(backend, 'it is new')
  }

  private updateEjections(backends: readonly Backend[], now: number): void {
    const { ejection: policy } = this.policy
    if (policy === undefined) {
      this.ejections?.stop()
      this.ejections = undefined
      for (const backend of backends) forgetEjection(backend, now)
      return
    }
    this.ejections ??= new Ejections({ ...this.options, policy })
    this.ejections.update(policy, backends)
  }

  private updateBreakers(backends: readonly Backend[], now: number): void {
    const { breaker: policy } = this.policy
    if (policy === undefined) {
      this.breakers?.stop()
      this.breakers = undefined
      for (const backend of backends) forgetBreaker(backend, now)
      return
    }
    this.breakers ??= new Breakers({ ...this.options, policy })
    this.breakers.update(policy, backends)
  }

  /** Checks a backend now; false: it is none of the pool's, or there are no checks. */
  recheck(backend: Backend): boolean {
    return this.monitor?.recheck(backend) ?? false
  }

  /** Nothing is found out from now on; what was stands. `update` begins again. */
  stop(): void {
    this.monitor?.stop()
    this.monitor = undefined
    this.passive.stop()
    this.ejections?.stop()
    this.breakers?.stop()
    this.ramps.stop()
  }

  private replaceMonitor(): void {
    this.monitor?.stop()
    this.monitor = undefined
    const { health: policy } = this.policy
    if (policy === undefined) return
    const { backends, clock, onChange, probe, random } = this.options
    this.monitor = createMonitor({
      policy,
      backends,
      probe,
      clock,
      random,
      onResult: (backend, { passed, detail }) => {
        this.passive.onCheck(backend, passed)
        onChange(backend, detail)
      },
    })
    this.monitor.start()
  }

  private onTraffic(backend: Backend, detail: string): void {
    this.options.onChange(backend, detail)
    // Whoever may be out for nothing is not to wait for its turn.
    if (backend.standing.by === 'traffic') this.recheck(backend)
  }
}

const passivePolicy = ({ health, passive }: WatchPolicy): PassivePolicy => ({
  failures: passive.failures,
  recovery: health === undefined ? { kind: 'pause', ms: passive.retryAfterMs } : { kind: 'checks', rise: health.rise },
})
