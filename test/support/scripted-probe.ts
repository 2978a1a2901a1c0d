/** A probe whose checks come back when the test says so. */
import type { Backend, CheckResult } from '../../core/backend/backend.ts'
import type { Probe } from '../../core/health/probe.ts'

interface Check {
  readonly backend: Backend
  readonly done: (result: CheckResult) => void
}

export interface ScriptedProbe {
  readonly probe: Probe
  /** Every check ever begun, by backend id, in order. */
  readonly begun: readonly string[]
  /** Backends with a check begun, and neither answered nor cancelled. */
  readonly underWay: () => readonly Backend[]
  /** Ends the check of `backend`; throws when there is none. Returns it, so that it can be ended again. */
  readonly answer: (backend: Backend, passed: boolean, detail?: string, more?: Partial<CheckResult>) => Check
}

export function scriptedProbe(): ScriptedProbe {
  const checks = new Set<Check>()
  const begun: string[] = []
  return {
    probe(backend, _policy, done) {
      const check = { backend, done }
      checks.add(check)
      begun.push(backend.id)
      return () => void checks.delete(check)
    },
    begun,
    underWay: () => [...checks].map((check) => check.backend),
    answer(backend, passed, detail = passed ? '200 OK' : 'connection refused', more = {}) {
      const check = [...checks].find((one) => one.backend === backend)
      if (check === undefined) throw new Error(`no check of ${backend.id} is under way`)
      checks.delete(check)
      check.done({ at: 0, passed, elapsedMs: 1, detail, ...more })
      return check
    },
  }
}
