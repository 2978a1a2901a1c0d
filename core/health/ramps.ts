/**
 * Whose share grows now: the `ramp` facts. A backend that joins or comes back begins with little, but for those that are
 * there, or come back, while the pool itself has just begun. One timer for all, and only while anybody's share grows.
 */
import type { Backend } from '../backend/backend.ts'
import { rampEnd, type SlowStartPolicy } from '../backend/slow-start.ts'
import type { Cancel, Clock } from '../clock.ts'

export interface RampsOptions {
  /** The pool's backends now. */
  readonly backends: () => readonly Backend[]
  readonly clock: Clock
  /** Its share is another by now. */
  readonly onChange: (backend: Backend, detail: string) => void
}

export interface Ramps {
  /** It joins, or is back; nothing happens without a policy, and in the pool's first moments. */
  begin(backend: Backend, cause: string): void
  /** After a change of policy or members; undefined: nobody starts slowly, and whoever does has its whole share. */
  update(policy: SlowStartPolicy | undefined): void
  stop(): void
}

/** In so many steps a share grows; strategies notice each within a few picks. */
const steps = 40
const shortestStepMs = 50

/** The pool begins now. */
export function createRamps({ backends, clock, onChange }: RampsOptions): Ramps {
  const startedAt = clock.now()
  let policy: SlowStartPolicy | undefined
  let next: Cancel | undefined

  const isRamping = ({ facts }: Backend): boolean => facts.ramp.kind === 'ramping'

  function waitForStep(): void {
    if (next !== undefined || policy === undefined || !backends().some(isRamping)) return
    next = clock.after(Math.max(shortestStepMs, policy.windowMs / steps), () => {
      next = undefined
      const now = clock.now()
      for (const backend of backends().filter(isRamping)) grow(backend, now)
      waitForStep()
    })
  }

  function grow(backend: Backend, now: number): void {
    if ((rampEnd(backend.facts.ramp, policy) ?? 0) <= now) backend.facts.ramp = { kind: 'full', since: now }
    onChange(backend, 'its share grows')
  }

  return {
    begin(backend, cause) {
      const now = clock.now()
      if (policy === undefined || now < startedAt + policy.graceMs) return
      backend.facts.ramp = { kind: 'ramping', since: now, cause }
      waitForStep()
    },
    update(changed) {
      policy = changed
      next?.()
      next = undefined
      const now = clock.now()
      for (const { facts } of backends())
        if (facts.ramp.kind === 'ramping' && policy === undefined) facts.ramp = { kind: 'full', since: now }
      waitForStep()
    },
    stop() {
      next?.()
      next = undefined
    },
  }
}
