/**
 * Lets in whoever brings a token that the policy takes (RFC 6750), and tells the backend of its claims. A token is checked
 * once: what it says is remembered until it expires, or until other keys are in force.
 */
import { randomBytes } from 'node:crypto'
import type { JWTPayload } from 'jose'
import type { Cancel, Clock } from '../clock.ts'
import type { FieldSection } from '../http1/field-section.ts'
import { equalsIgnoringCase, isWhitespace } from '../http1/grammar.ts'
import { findCookie } from '../http1/pairs.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { type Admission, ADMITTED, type Asked, type Subject, type Verdict } from './admission.ts'
import type { JwtPolicy } from './auth-policy.ts'
import { claimLines } from './claims.ts'
import type { Keys } from './key-set.ts'
import { dropsOf } from './pass.ts'
import { Remembered } from './remembered.ts'
import { type Verified, verifyToken } from './verify-token.ts'

/** Tokens remembered: some 30 MB, and what is forgotten is checked again. */
const MAX_REMEMBERED = 32_768
/** However long a token holds, it is checked again after an hour. */
const LONGEST_MS = 3_600_000

const AUTHORIZATION = Buffer.from('authorization')
const BEARER = Buffer.from('bearer')

/** Where a token stands in a head: bytes[from..to); 'several': in more places than one. */
type Found = { readonly from: number; readonly to: number } | 'several' | undefined

/** What a token has shown. */
interface Known {
  /** The second half of the key that it is remembered by. */
  readonly check: bigint
  readonly verdict: Verdict
  readonly subject: Subject | undefined
}

export interface TokenOptions {
  readonly policy: JwtPolicy
  readonly keys: Keys
  readonly clock: Pick<Clock, 'wallTime'>
  /** Does what a check has led to in an event of its own. */
  readonly inEvent: (task: () => void) => void
}

export class TokenAdmission implements Admission {
  private readonly options: TokenOptions
  private readonly name: Buffer
  /**
   * By a keyed hash of 128 bits, wyhash twice. Only tokens that were found valid are remembered, each for what it says, so
   * that whoever could make two with one hash would be taken for himself.
   */
  private readonly remembered = new Remembered<bigint, Known>(MAX_REMEMBERED)

  private readonly seed = randomBytes(8).readBigUInt64LE()
  private readonly otherSeed = randomBytes(8).readBigUInt64LE()
  /** Which keys are in force, counted. */
  private generation = 0

  constructor(options: TokenOptions) {
    const { from } = options.policy
    this.options = options
    this.name = from?.kind === 'header' ? Buffer.from(from.name, 'latin1') : AUTHORIZATION
  }

  /** Other keys are in force: every token is checked again, those under way behind it, too. */
  forget(): void {
    this.remembered.clear()
    this.generation += 1
  }

  admit(asked: Asked, head: RequestHead, now: number): Verdict {
    const { fields } = head
    const found = this.find(fields)
    if (found === undefined) return MISSING
    if (found === 'several') return SEVERAL
    const token = fields.bytes.subarray(found.from, found.to)
    const hash = Bun.hash.wyhash(token, this.seed)
    const check = Bun.hash.wyhash(token, this.otherSeed)
    const known = this.remembered.get(hash, now)
    if (known !== undefined && known.check === check) {
      asked.subject ??= known.subject
      return known.verdict
    }
    const text = token.toString('latin1')
    return { kind: 'later', wait: (decide) => this.check(text, { asked, hash, check }, decide) }
  }

  private check(token: string, { asked, hash, check }: Pending, decide: (verdict: Verdict) => void): Cancel {
    const { keys, policy, clock, inEvent } = this.options
    const { generation } = this
    let isWanted = true
    const settle = (verified: Verified): void => {
      if (!isWanted) return
      isWanted = false
      if (verified.kind !== 'valid') return decide(verified.kind === 'invalid' ? invalid(verified.why) : NO_KEYS)
      const { claims } = verified
      const known: Known = { check, verdict: admitted(claims, policy), subject: subjectOf(claims) }
      // Without an end it is looked at again now and then.
      const leftMs = claims.exp === undefined ? LONGEST_MS : Math.min(LONGEST_MS, claims.exp * 1000 - clock.wallTime())
      if (generation === this.generation) this.remembered.set(hash, known, asked.now() + leftMs)
      asked.subject ??= known.subject
      decide(known.verdict)
    }
    void verifyToken(token, { keys, policy, wallTime: () => clock.wallTime() }).then((verified) =>
      inEvent(() => settle(verified)),
    )
    return () => (isWanted = false)
  }

  private find(fields: FieldSection): Found {
    const { from } = this.options.policy
    if (from?.kind === 'cookie') return inCookie(fields, from.name)
    const line = fields.lineNamed(this.name, 0)
    if (line < 0) return undefined
    // Whoever is behind us may look at the other one.
    if (fields.lineNamed(this.name, line + 1) >= 0) return 'several'
    const [start, end] = [fields.valueStart(line), fields.valueEnd(line)]
    const behind = behindScheme(fields.bytes, start, end)
    if (behind !== undefined) return placeOf(fields.bytes, behind, end)
    return from === undefined ? undefined : placeOf(fields.bytes, start, end)
  }
}

/** A token whose check is under way. */
interface Pending {
  readonly asked: Asked
  readonly hash: bigint
  readonly check: bigint
}

const placeOf = (_bytes: Buffer, from: number, to: number): Found => (to > from ? { from, to } : undefined)

/** Over all Cookie lines; an empty cookie beside another makes two as well. */
function inCookie(fields: FieldSection, name: string): Found {
  const places: Found[] = []
  const several = findCookie<Found>(fields, name, (bytes, from, to) =>
    places.push(placeOf(bytes, from, to)) > 1 ? 'several' : undefined,
  )
  return several ?? places[0]
}

/** Where the token of `Bearer token` begins (RFC 6750 2.1; the scheme in any case, RFC 9110 11.1); undefined: it is of another scheme, or none. */
function behindScheme(bytes: Buffer, start: number, end: number): number | undefined {
  let position = start + BEARER.length
  if (position >= end || !equalsIgnoringCase(bytes, start, position, BEARER) || !isWhitespace(bytes[position]))
    return undefined
  while (position < end && isWhitespace(bytes[position])) position += 1
  return position
}

function admitted(claims: JWTPayload, { claims: wanted }: JwtPolicy): Verdict {
  if (wanted.length === 0) return ADMITTED
  const requestDrops = dropsOf(wanted.map(({ field }) => field))
  return { kind: 'admitted', pass: { requestDrops, requestLines: claimLines(claims, wanted) } }
}

/** Written as a list, so that no issuer with a space in it makes two into one. */
const subjectOf = ({ iss, sub }: JWTPayload): Subject | undefined =>
  sub === undefined ? undefined : { key: `token ${JSON.stringify([iss ?? '', sub])}` }

/** `challenge`: what is said behind the scheme (RFC 6750 3). */
const unauthorized = (detail: string, challenge: string): Verdict => ({
  kind: 'refused',
  problem: { status: 401, detail, lines: `WWW-Authenticate: Bearer${challenge}\r\n` },
  reason: 'token',
})

const invalid = (why: string): Verdict =>
  unauthorized(`the token is not valid: ${why}`, ` error="invalid_token", error_description="${why}"`)

/** Who has not tried is told of no error (RFC 6750 3.1). */
const MISSING = unauthorized('this needs a token', '')
const SEVERAL = invalid('there are several')
const NO_KEYS: Verdict = {
  kind: 'refused',
  problem: { status: 503, detail: 'tokens cannot be checked for now', retryAfterSeconds: 1 },
  reason: 'token',
}
