/**
 * What the connects of requests say about a backend: its `traffic` fact. Too many failures in a row take it out. An answer
 * to a request that was sent to it nevertheless brings it back at once; else checks do, or, where there are none, it is
 * tried again after a pause, and one more failure then takes it out for another.
 */
import type { Backend } from '../backend/backend.ts'
import { isFailing } from '../backend/facts.ts'
import { type Ending, rowText } from '../backend/failure.ts'
import type { Clock } from '../clock.ts'
import { Waits } from './waits.ts'

export interface PassivePolicy {
  /** >= 1 connect failures in a row. */
  readonly failures: number
  readonly recovery: Recovery
}

/** What brings back who is out. */
export type Recovery =
  /** So many good checks in a row. */
  | { readonly kind: 'checks'; readonly rise: number }
  /** A trial after a pause, each time as long. */
  | { readonly kind: 'pause'; readonly ms: number }

export interface PassiveOptions {
  readonly policy: PassivePolicy
  /** The pool's backends now: of one that has left nothing is told. */
  readonly backends: () => readonly Backend[]
  readonly clock: Clock
  /** After the `traffic` fact has changed, or has come to its end. */
  readonly onChange: (backend: Backend, detail: string) => void
}

/** Observes attempts. */
export interface PassiveHealth {
  /** A response's head, also over a connection that was open already: what answers is reachable. One compare when all is well. */
  onResponse(backend: Backend, ttfbMs: number, now: number, attempt: { readonly startedAt: number }): void
  /** Counts connects that were refused, reset or timed out; not those that their client gave up, or we had no means for. */
  onEnd(backend: Backend, ending: Ending): void
  /** The result of a check; does not call `onChange`. */
  onCheck(backend: Backend, passed: boolean): void
  /** After a change of policy, or of `members`, all if absent: who is out stays out, and comes back as this policy says. */
  update(policy: PassivePolicy, members?: readonly Backend[]): void
  /** Cancels the pauses; backends that are out stay out, and nothing is found out until the next `update`. */
  stop(): void
}

export function createPassiveHealth(options: PassiveOptions): PassiveHealth {
  const { backends, clock, onChange } = options
  let { policy } = options
  let isStopped = false
  const pauses = new Waits(clock)
  /** Good checks in a row of those that wait for them. */
  const goodChecks = new WeakMap<Backend, number>()

  function takeOut(backend: Backend, tls: string | undefined): void {
    const row = rowText(backend.connectFailuresInRow, 'connect failure')
    const cause = tls === undefined ? row : `${row}: ${tls}`
    const fact = { kind: 'failing', since: clock.now(), cause } as const
    backend.facts.traffic = { ...fact, until: untilOf(fact.since) }
    goodChecks.delete(backend)
    waitForTrial(backend)
    tell(backend, cause)
  }

  function tell(backend: Backend, detail: string): void {
    if (backends().includes(backend)) onChange(backend, detail)
  }

  const untilOf = (since: number): number | undefined =>
    policy.recovery.kind === 'pause' ? since + policy.recovery.ms : undefined

  /** The fact ends by itself: the timer is only there to say so. */
  function waitForTrial(backend: Backend): void {
    const { traffic } = backend.facts
    const until = traffic.kind === 'failing' ? traffic.until : undefined
    pauses.set(backend, until, () => tell(backend, 'its pause is over, the next request tries it'))
  }

  function clear(backend: Backend): void {
    backend.connectFailuresInRow = 0
    backend.facts.traffic = { kind: 'clear', since: clock.now() }
    waitForTrial(backend)
  }

  const isOut = ({ facts }: Backend): boolean => isFailing(facts.traffic, clock.now())

  return {
    onResponse(backend, _ttfbMs, _now, { startedAt }) {
      if (backend.connectFailuresInRow === 0 || isStopped) return
      const { traffic } = backend.facts
      if (traffic.kind === 'clear') {
        backend.connectFailuresInRow = 0
        return
      }
      // Attempts from before the outage may still be answered over connections that were open.
      if (startedAt < traffic.since) return
      const wasOut = isOut(backend)
      clear(backend)
      if (wasOut) tell(backend, 'it has answered a request')
    },
    onEnd(backend, ending) {
      if (ending.kind !== 'failed' || ending.cause !== 'connect' || isStopped) return
      // Connects begun before it went out still fail afterwards: they are the same failure.
      if (isOut(backend)) return
      backend.connectFailuresInRow += 1
      if (backend.connectFailuresInRow >= policy.failures) takeOut(backend, ending.tls)
    },
    onCheck(backend, passed) {
      const { recovery } = policy
      if (recovery.kind !== 'checks' || backend.facts.traffic.kind === 'clear') return
      const good = passed ? (goodChecks.get(backend) ?? 0) + 1 : 0
      goodChecks.set(backend, good)
      if (good >= recovery.rise) clear(backend)
    },
    update(changed, members = backends()) {
      policy = changed
      isStopped = false
      for (const backend of members) {
        const { facts } = backend
        // One that is on trial already stays so.
        if (facts.traffic.kind === 'clear' || !isOut(backend)) continue
        facts.traffic = { ...facts.traffic, until: untilOf(facts.traffic.since) }
        waitForTrial(backend)
      }
    },
    stop() {
      isStopped = true
      pauses.clear()
    },
  }
}
