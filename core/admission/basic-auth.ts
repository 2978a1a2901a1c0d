/**
 * Users with passwords (RFC 7617). A user that there is none of takes as long as one there is: the password is checked
 * against somebody else's hash, in vain.
 */
import { clientAddress } from '../forward/client-address.ts'
import type { FieldSection } from '../http1/field-section.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { Secret } from '../secrets.ts'
import type { Admission, Asked, Verdict } from './admission.ts'
import type { PasswordChecks } from './password-checks.ts'

/** Hashes of passwords by name. */
export type Users = ReadonlyMap<string, Secret>

export interface BasicAuthOptions {
  /** Printable ASCII without quotes and backslashes. */
  readonly realm: string
  readonly users: Users
  /** Whether the backend is not told the credentials. */
  readonly hide: boolean
  readonly checks: PasswordChecks
}

interface Credentials {
  readonly bytes: Buffer
  readonly name: string
  readonly password: Buffer
}

const AUTHORIZATION = Buffer.from('authorization')
const COLON = 0x3a
/** Of the whole value: a name and a password of some hundred characters each. */
const MAX_LENGTH = 2048

const busy = (status: number, detail: string): Verdict => ({
  kind: 'refused',
  problem: { status, detail, retryAfterSeconds: 1 },
  reason: 'credentials',
})

const BUSY = {
  site: busy(429, 'too many passwords from this address are being checked'),
  all: busy(503, 'too many passwords are being checked'),
}

export function basicAuth({ realm, users, hide, checks }: BasicAuthOptions): Admission {
  const admitted: Verdict = { kind: 'admitted', ...(hide && { pass: { requestDrops: ['authorization'] } }) }
  const lines = `WWW-Authenticate: Basic realm="${realm}", charset="UTF-8"\r\n`
  const refused: Verdict = {
    kind: 'refused',
    problem: { status: 401, detail: 'a name and a password are needed here', lines },
    reason: 'credentials',
  }
  const decoys = [...users.values()]

  function verdictOf(isRight: boolean, asked: Asked, name: string): Verdict {
    if (!isRight) return refused
    asked.subject = { key: `user ${name}` }
    return admitted
  }

  return {
    admit(asked: Asked, head: RequestHead, now: number): Verdict {
      const credentials = readCredentials(head.fields)
      if (credentials === undefined) return refused
      const { bytes, name, password } = credentials
      const own = users.get(name)
      const hash = (own ?? decoys[(name.length + name.charCodeAt(0)) % decoys.length])?.reveal()
      if (hash === undefined) return refused
      const mark = checks.markOf(bytes, hash)
      const known = checks.known(mark, now)
      if (known !== undefined) return verdictOf(known, asked, name)
      const address = clientAddress(asked.identity, head)
      const full = checks.fullFor(mark, address)
      if (full !== undefined) return BUSY[full]
      const claim = { mark, password, hash, isDecoy: own === undefined, address }
      return {
        kind: 'later',
        wait: (decide) => checks.check(claim, (isRight) => decide(verdictOf(isRight, asked, name))),
      }
    },
  }
}

/** undefined when there are none, or more than one: the backend might take the others. */
function readCredentials(fields: FieldSection): Credentials | undefined {
  const line = fields.lineNamed(AUTHORIZATION, 0)
  if (line < 0 || fields.lineNamed(AUTHORIZATION, line + 1) >= 0) return undefined
  const value = fields.value(line)
  if (value.length > MAX_LENGTH) return undefined
  const [, token] = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(value) ?? []
  if (token === undefined) return undefined
  const bytes = Buffer.from(token, 'base64')
  const colon = bytes.indexOf(COLON)
  if (colon < 1) return undefined
  return { bytes, name: bytes.toString('utf8', 0, colon), password: bytes.subarray(colon + 1) }
}
