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
import { type Ending, rowText, secondsText, verdictOn } from '../backend/failure.ts'
import type { Cancel, Clock } from '../clock.ts'
import { Waits } from './waits.ts'

export interface EjectionsOptions {
  readonly policy: EjectionPolicy
  /** The pool's backends now: of one that has left nothing is told. */
  readonly backends: () => readonly Backend[]
  readonly clock: Clock
  /** After an `ejection` fact has begun or ended. */
  readonly onChange: (backend: Backend, detail: string) => void
}

/** Of the interval, but for the row, which goes on. */
interface Tally {
  good: number
  bad: number
  failuresInRow: number
}

/** Observes attempts; those of before the newest change of a fact say nothing to it. Begins with the first `update`. */
export class Ejections {
  private readonly options: EjectionsOptions
  private policy: EjectionPolicy
  /** undefined: stopped. */
  private nextInterval: Cancel | undefined = undefined
  private tallies = new WeakMap<Backend, Tally>()
  /** For the end of ejections. */
  private readonly waits: Waits

  constructor(options: EjectionsOptions) {
    this.options = options
    this.policy = options.policy
    this.waits = new Waits(options.clock)
  }

  onEnd(backend: Backend, ending: Ending, _now: number, { startedAt }: { readonly startedAt: number }): void {
    const { ejection } = backend.facts
    if (this.nextInterval === undefined || ejection.kind === 'ejected' || startedAt < ejection.since) return
    const verdict = verdictOn(ending, this.policy.failures)
    if (verdict === 'none') return
    const tally = this.tallyOf(backend)
    if (verdict === 'good') {
      tally.good += 1
      tally.failuresInRow = 0
    } else {
      tally.bad += 1
      tally.failuresInRow += 1
      const most = this.policy.failuresInRow
      if (most !== undefined && tally.failuresInRow >= most)
        this.eject(backend, { cause: rowText(tally.failuresInRow), isStatistical: false })
    }
  }

  /** After a change of policy or members: who is out stays out, for as long as this policy says. */
  update(policy: EjectionPolicy, members: readonly Backend[] = this.options.backends()): void {
    const isNewInterval = this.nextInterval === undefined || policy.intervalMs !== this.policy.intervalMs
    this.policy = policy
    if (isNewInterval) this.waitForInterval()
    for (const backend of members) {
      backend.facts.ejection = retimed(backend.facts.ejection, policy)
      this.waitForEnd(backend)
    }
  }

  /** Nothing is found out until the next `update`; who is out stays so. */
  stop(): void {
    this.nextInterval?.()
    this.nextInterval = undefined
    this.tallies = new WeakMap()
    this.waits.clear()
  }

  private waitForInterval(): void {
    this.nextInterval?.()
    this.nextInterval = this.options.clock.after(this.policy.intervalMs, () => this.endInterval())
  }

  private endInterval(): void {
    this.waitForInterval()
    const { policy } = this
    const members = this.options.backends()
    const out = members.filter(({ facts: { ejection } }) => ejection.kind === 'ejected' && ejection.isStatistical)
    const samples = members
      .filter(({ facts }) => facts.ejection.kind === 'clear')
      .map((subject) => ({ subject, ...this.tallyOf(subject) }))
    const found = outliers(samples, policy, statisticalRoom(members.length, policy) - out.length)
    for (const backend of members) {
      const tally = this.tallyOf(backend)
      tally.good = 0
      tally.bad = 0
    }
    for (const { subject, cause } of found) this.eject(subject, { cause, isStatistical: true })
    for (const { facts } of members) facts.ejection = relaxed(facts.ejection)
  }

  private eject(backend: Backend, why: { readonly cause: string; readonly isStatistical: boolean }): void {
    const fact = ejected(backend.facts.ejection, why, this.policy, this.options.clock.now())
    backend.facts.ejection = fact
    backend.counters.ejections += 1
    this.tallies.delete(backend)
    this.waitForEnd(backend)
    this.tell(backend, `ejected for ${secondsText(fact.until - fact.since)}: ${fact.cause}`)
  }

  /** The fact ends by its timer, so that it is told when it does. */
  private waitForEnd(backend: Backend): void {
    const { ejection } = backend.facts
    this.waits.set(backend, ejection.kind === 'ejected' ? ejection.until : undefined, () => {
      backend.facts.ejection = released(ejection, this.options.clock.now())
      this.tell(backend, 'its ejection is over')
    })
  }

  private tell(backend: Backend, detail: string): void {
    const { backends, onChange } = this.options
    if (backends().includes(backend)) onChange(backend, detail)
  }

  private tallyOf(backend: Backend): Tally {
    const tally = this.tallies.get(backend) ?? { good: 0, bad: 0, failuresInRow: 0 }
    this.tallies.set(backend, tally)
    return tally
  }
}

/** Nobody compares any more, so nothing that was found holds. */
export function forgetEjection({ facts }: Backend, now: number): void {
  if (facts.ejection.kind === 'ejected' || facts.ejection.times > 0)
    facts.ejection = { kind: 'clear', since: now, times: 0 }
}
