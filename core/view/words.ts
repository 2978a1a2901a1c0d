/** A backend in words: how it stands, what holds it out, what its last check said. Pure. */
import type { BackendFrame } from '../report/frame.ts'
import { type Finding, toneOf } from './findings.ts'

/** 'dim': nothing that anybody would have to look at. */
export type Tone = 'good' | 'warn' | 'bad' | 'dim'

export interface Standing {
  /** What picks a sign for it: `healthy`, `unhealthy`, `draining`, `unchecked`, `spare`, `warn`, `bad`; or a stranger's word. */
  readonly sign: string
  /** `healthy`, `down`, `failing`. */
  readonly word: string
  readonly tone: Tone
}

const stateTones: Readonly<Record<string, Tone>> = {
  healthy: 'good',
  unhealthy: 'bad',
  draining: 'warn',
  unchecked: 'dim',
  spare: 'dim',
}

/** Words for people; the wire's stand in `core/report/frame.ts`. */
const stateWords: Readonly<Record<string, string>> = { unhealthy: 'down' }

/** Whose word it is that one is down, where that is no check and no connect. */
const downWords: Readonly<Record<string, string>> = { ejection: 'ejected', breaker: 'open' }

/** What becomes of a backend beside its state; of balancers of before it was told, nothing. */
const useWords: Readonly<Record<string, string>> = { trial: 'on trial', overruled: 'overruled', spare: 'spare' }

/** `finding`: of the backend or its pool, if any. What traffic shows outweighs what checks say. */
export function standingOf(backend: BackendFrame, finding: Finding | undefined): Standing {
  const { state } = backend
  if ((state === 'healthy' || state === 'unchecked') && finding?.backend !== undefined) {
    const tone = toneOf(finding)
    return { sign: tone, word: finding.kind === 'fails' ? 'failing' : 'slow', tone }
  }
  const sign = backend.use === 'spare' ? 'spare' : state
  const down = state === 'unhealthy' ? downWords[backend.by ?? ''] : undefined
  const word = useWords[backend.use] ?? down ?? stateWords[state] ?? state
  return { sign, word, tone: stateTones[sign] ?? 'warn' }
}

/** `3 connect failures in a row, 6 s left`, one for each that holds it out. `now`: wall ms. */
export function holdsOf(backend: BackendFrame, now: number): readonly string[] {
  const { why, until, holds }: Omit<BackendFrame, 'holds'> & Partial<BackendFrame> = backend
  const left = (at: number | null): string => (at === null ? '' : `, ${ageWords((at - now) / 1000)} left`)
  // Balancers of before they were told say the first one alone.
  const told = holds !== undefined && holds.length > 0 ? holds : why ? [{ why, until }] : []
  return told.map((hold) => `${hold.why}${left(hold.until)}`)
}

/** `200 OK, 2 s ago`. `now`: wall ms. */
export const checkOf = (check: BackendFrame['check'], now: number): string =>
  check ? `${check.detail}, ${ageWords(Math.max(0, Math.round((now - check.at) / 1000)))} ago` : 'no checks'

/** `3 s`, `12 min`, `5 h`, `3 d`. */
export function ageWords(seconds: number): string {
  if (!Number.isFinite(seconds)) return '-'
  if (seconds < 120) return `${Math.max(0, Math.round(seconds))} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`
}
