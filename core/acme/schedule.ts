/**
 * When a name's certificate is ordered: pure, of what is known of it. Times are ms since 1970 by the CA's clock.
 * A certificate is renewed at two thirds of its lifetime, or when its CA suggests (RFC 9773), each a bit sooner or later than
 * the next one, so that many names do not come all at once.
 */
import type { RenewalWindow } from './answers.ts'
import type { AcmeFault } from './fault.ts'

export interface Held {
  readonly notBefore: number
  readonly notAfter: number
  /** Hexadecimal, with colons or without; the part of a window that is waited for comes of it, the same on each node and behind each restart. */
  readonly fingerprint: string
}

/** What was tried since the last certificate; none: all zero. */
export interface Attempts {
  /** One after the other. */
  readonly failures: number
  /** Before it nothing is tried again. */
  readonly notBefore: number
  /** Before it no CA wants to be asked again that has been asked in this round; 0: none has said so. */
  readonly limitedUntil: number
  /** Why the last one failed; '': none has. */
  readonly detail: string
}

export const NO_ATTEMPTS: Attempts = { failures: 0, notBefore: 0, limitedUntil: 0, detail: '' }

/** Of a lifetime: when it is renewed at the latest, and over what part before that, by chance. From then on people are told of its end. */
const RENEW_AT = 2 / 3
/** However long its CA would have it wait. */
const LATEST = 9 / 10
const SPREAD = 1 / 50

/** Let's Encrypt lets five validations of a name fail in an hour: three fail in the first, four in five hours. */
const FIRST_PAUSE_MS = 60_000
const PAUSE_FACTOR = 4
const MAX_PAUSE_MS = 6 * 3600_000
/** Renewals are never given up, but a CA that issues what is due at once is not asked for ever. */
const MIN_BETWEEN_MS = 3600_000

/** When to renew. */
export function renewalAt(held: Held, window: RenewalWindow | undefined): number {
  const part = Number.parseInt(held.fingerprint.replaceAll(':', '').slice(0, 8), 16) / 2 ** 32
  const lifetime = held.notAfter - held.notBefore
  if (window === undefined) return held.notBefore + lifetime * (RENEW_AT - part * SPREAD)
  // A suggestion that comes too late to try again is none.
  return Math.min(window.start + part * (window.end - window.start), held.notBefore + lifetime * LATEST)
}

export interface Known {
  /** undefined: there is no certificate. */
  readonly held: Held | undefined
  readonly window: RenewalWindow | undefined
  readonly attempts: Attempts
  /** When it was had in this process; undefined: it lay there. */
  readonly issuedAt: number | undefined
}

/** When to order, which may be past. */
export function dueAt({ held, window, attempts, issuedAt }: Known): number {
  const wanted = held === undefined ? 0 : renewalAt(held, window)
  const settled = issuedAt === undefined ? 0 : issuedAt + MIN_BETWEEN_MS
  return Math.max(wanted, attempts.notBefore, settled)
}

export interface Failure {
  readonly fault: AcmeFault
  readonly now: number
  /** 0..1: by how much of a quarter the pause is longer, by chance. */
  readonly part: number
  /** How many there are to ask, one behind the other. */
  readonly directories: number
}

/** The next directory is asked at once; when all have failed there is a pause, four times as long each time. */
export function afterFailure(before: Attempts, { fault, now, part, directories }: Failure): Attempts {
  const failures = before.failures + 1
  const limitedUntil = Math.max(before.limitedUntil, now + (fault.retryAfterMs ?? 0))
  const { detail } = fault
  if (failures % directories !== 0) return { failures, notBefore: now, limitedUntil, detail }
  const rounds = failures / directories - 1
  const pauseMs = Math.min(FIRST_PAUSE_MS * PAUSE_FACTOR ** Math.min(rounds, 10), MAX_PAUSE_MS) * (1 + part / 4)
  return { failures, notBefore: Math.max(now + pauseMs, limitedUntil), limitedUntil: 0, detail }
}

/** Which of `count` directories is asked: the first, and those to fall back to each time that the one before has failed. */
export const directoryAt = ({ failures }: Attempts, count: number): number => failures % count

/** What stands in storage; undefined: it is none. */
export function readAttempts(text: string): Attempts | undefined {
  try {
    const { failures, notBefore, limitedUntil, detail }: Record<string, unknown> = JSON.parse(text)
    if (!isCount(failures) || !isCount(notBefore) || !isCount(limitedUntil) || typeof detail !== 'string')
      return undefined
    return { failures, notBefore, limitedUntil, detail }
  } catch {
    return undefined
  }
}

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0
