/**
 * Who finds things out about a pool's backends, and writes them down as facts: active checks and the connects of
 * requests. What the pool makes of the facts is its own business; it hears of each that may have changed.
 */
import type { Backend } from '../backend/backend.ts'
import type { StandingRule } from '../backend/standing.ts'
import type { AttemptObserver } from '../balance/attempt.ts'
import type { Clock } from '../clock.ts'
import { createMonitor, forgetChecks, type Monitor } from '../health/monitor.ts'
import { createPassiveHealth, type PassiveHealth, type PassivePolicy } from '../health/passive.ts'
import type { HealthPolicy } from '../health/policy.ts'
import type { Probe } from '../health/probe.ts'
import type { Random } from '../random.ts'

export interface WatchPolicy {
  /** undefined: no active checks. */
  readonly health: HealthPolicy | undefined
  readonly passive: { readonly failures: number; readonly retryAfterMs: number }
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
  /** Those who listen to the pool's attempts, in the order in which they are to hear. */
  readonly observers: readonly AttemptObserver[]
  private readonly options: WatchersOptions
  private readonly passive: PassiveHealth
  private policy: WatchPolicy
  private monitor: Monitor | undefined = undefined
  /** Since when a new backend waits for its first check. */
  private awaitsSince: number | undefined = undefined

  /** Begins with the first `update`. */
  constructor(options: WatchersOptions) {
    this.options = options
    this.policy = options.policy
    const { backends, clock } = options
    const onChange = (backend: Backend, detail: string): void => this.onTraffic(backend, detail)
    this.passive = createPassiveHealth({ policy: passivePolicy(this.policy), backends, clock, onChange })
    this.observers = [this.passive]
  }

  /** What the pool's standings are to be reckoned by. */
  get rule(): StandingRule {
    return { awaitsCheckSince: this.awaitsSince }
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
    this.passive.update(passivePolicy(policy))
    if (policy.health === undefined) for (const backend of backends()) forgetChecks(backend, now)
    if (hasNewChecks) this.replaceMonitor()
    else this.monitor?.update()
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
