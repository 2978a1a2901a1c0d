/**
 * Who of a pool is left out for doing worse than its peers, or for failing in a row: the `ejection` facts. Counts how attempts
 * go, compares once an interval, and tells who is out or back. The arithmetic stands in `backend/ejection.ts`.
 */
import type { Backend } from '../backend/backend.ts'
import {
  ejected,
  type EjectionPolicy,
  outliers,
  relaxed,
  released,
  retimed,
  statisticalRoom,
} from '../backend/ejection.ts'
import { type Ending, secondsText, verdictOn } from '../backend/failure.ts'
import type { Cancel, Clock } from '../clock.ts'

export interface EjectionsOptions {
  readonly policy: EjectionPolicy
  /** The pool's backends now. */
  readonly backends: () => readonly Backend[]
  readonly clock: Clock
  /** After an `ejection` fact has begun or ended. */
  readonly onChange: (backend: Backend, detail: string) => void
}

/** Observes attempts; those of before the newest change of a fact say nothing to it. */
export interface Ejections {
  onEnd(backend: Backend, ending: Ending, now: number, startedAt: number): void
  /** After a change of policy or members, and to begin: who is out stays out, for as long as this policy says. */
  update(policy: EjectionPolicy): void
  /** Nothing is found out until the next `update`; who is out stays so. */
  stop(): void
}

/** Of the interval, but for the row, which goes on. */
interface Tally {
  good: number
  bad: number
  failuresInRow: number
}

export function createEjections(options: EjectionsOptions): Ejections {
  const { backends, clock, onChange } = options
  let { policy } = options
  let nextInterval: Cancel | undefined
  let tallies = new WeakMap<Backend, Tally>()
  const waits = new Map<Backend, Cancel>()

  function tallyOf(backend: Backend): Tally {
    const tally = tallies.get(backend) ?? { good: 0, bad: 0, failuresInRow: 0 }
    tallies.set(backend, tally)
    return tally
  }

  function eject(backend: Backend, cause: string, isStatistical: boolean): void {
    const { facts, counters } = backend
    const now = clock.now()
    const fact = ejected(facts.ejection, { cause, isStatistical }, policy, now)
    facts.ejection = fact
    counters.ejections += 1
    tallies.delete(backend)
    waitForEnd(backend)
    const forMs = fact.kind === 'ejected' ? fact.until - now : 0
    tell(backend, `ejected for ${secondsText(forMs)}: ${cause}`)
  }

  function tell(backend: Backend, detail: string): void {
    if (backends().includes(backend)) onChange(backend, detail)
  }

  function waitForEnd(backend: Backend): void {
    waits.get(backend)?.()
    waits.delete(backend)
    const { ejection } = backend.facts
    if (ejection.kind === 'clear') return
    const cancel = clock.after(Math.max(0, ejection.until - clock.now()), () => {
      waits.delete(backend)
      const now = clock.now()
      // A system's timer may be early by a part of a millisecond.
      if (now < ejection.until) return waitForEnd(backend)
      backend.facts.ejection = released(ejection, now)
      tell(backend, 'its ejection is over')
    })
    waits.set(backend, cancel)
  }

  function endInterval(): void {
    waitForInterval()
    const members = backends()
    const out = members.filter(({ facts: { ejection } }) => ejection.kind === 'ejected' && ejection.isStatistical)
    const samples = members
      .filter(({ facts }) => facts.ejection.kind === 'clear')
      .map((subject) => ({ subject, ...tallyOf(subject) }))
    const found = outliers(samples, policy, statisticalRoom(members.length, policy) - out.length)
    for (const backend of members) {
      const tally = tallyOf(backend)
      tally.good = 0
      tally.bad = 0
    }
    for (const { subject, cause } of found) eject(subject, cause, true)
    for (const { facts } of members) facts.ejection = relaxed(facts.ejection)
  }

  function waitForInterval(): void {
    nextInterval?.()
    nextInterval = clock.after(policy.intervalMs, endInterval)
  }

  return {
    onEnd(backend, ending, _now, startedAt) {
      const { ejection } = backend.facts
      if (nextInterval === undefined || ejection.kind === 'ejected' || startedAt < ejection.since) return
      const verdict = verdictOn(ending, policy.failures)
      if (verdict === 'none') return
      const tally = tallyOf(backend)
      if (verdict === 'good') {
        tally.good += 1
        tally.failuresInRow = 0
        return
      }
      tally.bad += 1
      tally.failuresInRow += 1
      if (policy.failuresInRow !== undefined && tally.failuresInRow >= policy.failuresInRow)
        eject(backend, inRow(tally.failuresInRow), false)
    },
    update(changed) {
      const isNewInterval = nextInterval === undefined || changed.intervalMs !== policy.intervalMs
      policy = changed
      if (isNewInterval) waitForInterval()
      for (const backend of backends()) {
        backend.facts.ejection = retimed(backend.facts.ejection, policy)
        waitForEnd(backend)
      }
    },
    stop() {
      nextInterval?.()
      nextInterval = undefined
      tallies = new WeakMap()
      for (const cancel of waits.values()) cancel()
      waits.clear()
    },
  }
}

const inRow = (failures: number): string => (failures === 1 ? 'a failure' : `${failures} failures in a row`)

/** Nobody compares any more, so nothing that was found holds. */
export function forgetEjection({ facts }: Backend, now: number): void {
  if (facts.ejection.kind === 'ejected' || facts.ejection.times > 0)
    facts.ejection = { kind: 'clear', since: now, times: 0 }
}
