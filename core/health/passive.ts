/**
 * What traffic's own connects say about a backend: too many failures in a row take it out. Where checks run, they bring
 * it back. Where none do, it is tried again after a pause; one more failure then takes it out for twice as long.
 */
import type { Backend } from '../backend/backend.ts'
import type { Cancel, Clock } from '../clock.ts'

export interface PassiveOptions {
  /** `failures` >= 1 in a row; `retryAfterMs` is the first pause without active checks. */
  readonly policy: { readonly failures: number; readonly retryAfterMs: number }
  /** Whether a monitor watches this pool. */
  readonly hasChecks: boolean
  /** The pool's backends now: one that has left does not come back. */
  readonly backends: () => readonly Backend[]
  readonly clock: Clock
  /** After `backend.health` has changed kind: the candidates are to be made anew. */
  readonly onChange: (backend: Backend, detail: string) => void
}

/** How an attempt ended, as far as it matters here. */
export type Ending = { readonly kind: 'failed'; readonly cause: string } | { readonly kind: 'completed' | 'abandoned' }

/** Observes attempts. */
export interface PassiveHealth {
  /** A response's head, also over a connection that was open already: what answers is reachable. One compare when all is well. */
  onResponse(backend: Backend): void
  /** Counts connects that were refused, reset or timed out; not those that their client gave up. */
  onEnd(backend: Backend, ending: Ending): void
  /** Cancels the pauses; backends that are out stay out. */
  stop(): void
}

/** Pauses double up to 16 times the first: 10 s grow to 160 s, soon enough for a repaired backend without checks. */
const MAX_DOUBLINGS = 4

export function createPassiveHealth({ policy, hasChecks, backends, clock, onChange }: PassiveOptions): PassiveHealth {
  const pauses = new Set<Cancel>()

  function takeOut(backend: Backend): void {
    const failures = backend.connectFailuresInRow
    const detail = failures === 1 ? 'a connect failure' : `${failures} connect failures in a row`
    backend.health = { kind: 'unhealthy', since: clock.now(), reason: detail }
    // Checks bring it back with a clean slate; a trial without them is on probation, so its count stays.
    if (hasChecks) backend.connectFailuresInRow = 0
    else pause(backend, policy.retryAfterMs * 2 ** Math.min(MAX_DOUBLINGS, failures - policy.failures))
    onChange(backend, detail)
  }

  function pause(backend: Backend, delayMs: number): void {
    const out = backend.health
    const cancel = clock.after(delayMs, () => {
      pauses.delete(cancel)
      if (backend.health !== out || !backends().includes(backend)) return
      backend.health = { kind: 'unchecked', since: clock.now() }
      onChange(backend, 'tried again after a pause')
    })
    pauses.add(cancel)
  }

  return {
    onEnd(backend, ending) {
      if (ending.kind !== 'failed' || ending.cause !== 'connect') return
      // Connects begun before it went out still fail afterwards: they are the same failure.
      if (backend.health.kind === 'unhealthy') return
      backend.connectFailuresInRow += 1
      if (backend.connectFailuresInRow >= policy.failures) takeOut(backend)
    },
    onResponse(backend) {
      if (backend.connectFailuresInRow !== 0) backend.connectFailuresInRow = 0
    },
    stop() {
      for (const cancel of pauses) cancel()
      pauses.clear()
    },
  }
}
