/**
 * Holds each backend of a pool to as many requests at once as do it good. It goes by the time to the response's head, which
 * neither a slow client nor a long body stretches, and by time-outs, each of which counts as a response that took so long.
 */
import type { Backend } from '../backend/backend.ts'
import type { AttemptObserver } from '../balance/attempt.ts'
import type { Outcome } from '../strategy/strategy.ts'
import { Gradient } from './gradient.ts'
import type { ConcurrencyPolicy } from './policy.ts'

/** While it is off it hears of nothing. */
export class Limiter implements AttemptObserver {
  onResponse: ((backend: Backend, ttfbMs: number, now: number) => void) | undefined = undefined
  onEnd: ((backend: Backend, outcome: Outcome, now: number) => void) | undefined = undefined
  /** Of each backend for as long as it lives, so that one that comes back is known. */
  private gradients = new WeakMap<Backend, Gradient>()

  /** Before the first request to any of `backends`, and when either changes. undefined: nobody is held to anything. */
  update(policy: ConcurrencyPolicy | undefined, backends: readonly Backend[], now: number): void {
    if (policy === undefined) {
      if (this.onResponse !== undefined) for (const backend of backends) backend.limit(Infinity)
      this.gradients = new WeakMap()
      this.onResponse = undefined
      this.onEnd = undefined
      return
    }
    for (const backend of backends) this.begin(backend, policy, now)
    this.onResponse = (backend, ttfbMs, at) => this.record(backend, ttfbMs, backend.inflight, at)
    this.onEnd = (backend, outcome, at) => {
      if (outcome.kind === 'failed' && outcome.cause === 'timeout')
        this.record(backend, outcome.elapsedMs, backend.inflight + 1, at)
    }
  }

  private begin(backend: Backend, policy: ConcurrencyPolicy, now: number): void {
    const known = this.gradients.get(backend)
    known?.update(policy)
    const gradient = known ?? new Gradient(policy, now)
    this.gradients.set(backend, gradient)
    backend.limit(gradient.limit)
  }

  /** `inflight`: the attempt that has been answered, or has timed out, included. */
  private record(backend: Backend, elapsedMs: number, inflight: number, now: number): void {
    const gradient = this.gradients.get(backend)
    if (gradient === undefined) return
    const before = gradient.limit
    gradient.record(elapsedMs, inflight, now)
    if (gradient.limit !== before) backend.limit(gradient.limit)
  }
}
