/**
 * Holds each backend of a pool to as many requests at once as do it good. It goes by the time to the response's head, which
 * neither a slow client nor a long body stretches. One that did not come counts as one that took at least so long: else a
 * backend whose clients all give up would never be found out.
 */
import type { Backend } from '../backend/backend.ts'
import type { AttemptObserver } from '../balance/attempt.ts'
import { Gradient } from './gradient.ts'
import type { ConcurrencyPolicy } from './policy.ts'

/** While it is off it hears of nothing. */
export class Limiter implements AttemptObserver {
  onResponse: ((backend: Backend, ttfbMs: number, now: number) => void) | undefined = undefined
  onUnanswered: ((backend: Backend, waitedMs: number, now: number) => void) | undefined = undefined
  /** Of each backend for as long as it lives, so that one that comes back is known. */
  private gradients = new WeakMap<Backend, Gradient>()

  /** Before the first request to any of `backends`, and when either changes. undefined: nobody is held to anything. */
  update(policy: ConcurrencyPolicy | undefined, backends: readonly Backend[], now: number): void {
    if (policy === undefined) {
      // Also of those that were away when it was switched off.
      for (const backend of backends) backend.limit(Infinity)
      this.gradients = new WeakMap()
      this.onResponse = undefined
      this.onUnanswered = undefined
      return
    }
    for (const backend of backends) this.begin(backend, policy, now)
    this.onResponse = (backend, ttfbMs, at) => {
      const gradient = this.gradients.get(backend)
      gradient?.record(ttfbMs, backend.inflight, at)
      if (gradient !== undefined) backend.limit(gradient.limit)
    }
    this.onUnanswered = (backend, waitedMs, at) => {
      const gradient = this.gradients.get(backend)
      // The attempt is over, and counts no more among those under way.
      gradient?.recordAtLeast(waitedMs, backend.inflight + 1, at)
      if (gradient !== undefined) backend.limit(gradient.limit)
    }
  }

  private begin(backend: Backend, policy: ConcurrencyPolicy, now: number): void {
    const known = this.gradients.get(backend)
    known?.update(policy)
    const gradient = known ?? new Gradient(policy, now)
    this.gradients.set(backend, gradient)
    backend.limit(gradient.limit)
  }
}
