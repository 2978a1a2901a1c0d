/** What is known of a name, and where it is kept. */
import type { Certificate } from '../tls/certificate.ts'
import type { RenewalWindow } from './answers.ts'
import { isFor, originIn, readPem } from './certificate.ts'
import { type Attempts, NO_ATTEMPTS, readAttempts } from './schedule.ts'
import { fileOf, type Storage } from './storage.ts'

/** As it is told. */
export interface NameView {
  readonly name: string
  readonly certificate: Certificate | undefined
  /** When it is ordered next; ms since 1970. */
  readonly dueAt: number
  readonly isOrdering: boolean
  /** Failures one after the other, and why the last one was; '': none. */
  readonly failures: number
  readonly detail: string
}

export interface NameState {
  readonly name: string
  certificate: Certificate | undefined
  /** URL of the directory that it was had from; undefined: it was brought along, or there is none. */
  origin: string | undefined
  window: RenewalWindow | undefined
  /** When the CA is next asked for it. */
  suggestionAt: number
  attempts: Attempts
  issuedAt: number | undefined
  /** Somebody wants it now, whatever its dates say. */
  isAskedFor: boolean
  isOrdering: boolean
  /** Somebody else had it locked: not before. */
  lockedUntil: number
}

/** Of which nothing is known. */
export const unknown = (name: string): NameState => ({
  name,
  certificate: undefined,
  origin: undefined,
  window: undefined,
  suggestionAt: 0,
  attempts: NO_ATTEMPTS,
  issuedAt: undefined,
  isAskedFor: false,
  isOrdering: false,
  lockedUntil: 0,
})

export const certificateFile = (name: string): string => `certificates/${fileOf(name)}.pem`
export const attemptsFile = (name: string): string => `attempts/${fileOf(name)}.json`

/** What is kept of it. Rejects with an Error in words while the storage cannot be had. */
export async function readState(storage: Storage, name: string): Promise<NameState> {
  const state = unknown(name)
  const [pem, tried] = await Promise.all([storage.read(certificateFile(name)), storage.read(attemptsFile(name))])
  const found = pem === undefined ? undefined : readPem(pem)
  // One that cannot be served is as good as none: another is ordered.
  if (found?.kind === 'certificate' && isFor(found.certificate, name)) {
    state.certificate = found.certificate
    state.origin = originIn(pem ?? '')
  }
  state.attempts = (tried === undefined ? undefined : readAttempts(tried)) ?? NO_ATTEMPTS
  return state
}
