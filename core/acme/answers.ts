/**
 * What a CA answers with (RFC 8555 7.1, RFC 9773 4.2), read strictly: JSON -> a value, or undefined where it is none.
 * URLs must be of https, or of http where the directory is: nobody is led to a file.
 */
import { isObject, textIn } from '../discovery/json.ts'
import { inWords } from './fault.ts'

export interface Directory {
  readonly newNonce: string
  readonly newAccount: string
  readonly newOrder: string
  /** Absent: the CA does not say when it would have a certificate renewed. */
  readonly renewalInfo?: string
  readonly needsBinding: boolean
}

export interface Order {
  readonly status: 'pending' | 'ready' | 'processing' | 'valid' | 'invalid'
  readonly authorizations: readonly string[]
  readonly finalize: string
  readonly certificate?: string
  /** Why it is invalid. */
  readonly detail?: string
}

export interface Challenge {
  /** Also of kinds that we do not know. */
  readonly type: string
  readonly url: string
  readonly token: string
}

export interface Authorization {
  readonly status: 'pending' | 'valid' | 'invalid' | 'deactivated' | 'expired' | 'revoked'
  readonly name: string
  readonly challenges: readonly Challenge[]
  /** Why it is invalid: what the CA met with. */
  readonly detail?: string
}

/** ms since 1970. */
export interface RenewalWindow {
  readonly start: number
  readonly end: number
}

/** Such as the directory's is; undefined: it is none, or leads elsewhere. */
export function urlOf(value: unknown, base: string): string | undefined {
  const url = typeof value === 'string' && value.length <= 2048 ? URL.parse(value) : null
  if (url === null || url.username !== '' || url.password !== '') return undefined
  return url.protocol === 'https:' || url.protocol === new URL(base).protocol ? url.href : undefined
}

export function readDirectory(value: unknown, base: string): Directory | undefined {
  if (!isObject(value)) return undefined
  const [newNonce, newAccount, newOrder] = ['newNonce', 'newAccount', 'newOrder'].map((key) => urlOf(value[key], base))
  if (newNonce === undefined || newAccount === undefined || newOrder === undefined) return undefined
  const renewalInfo = urlOf(value['renewalInfo'], base)
  const { meta } = value
  const needsBinding = isObject(meta) && meta['externalAccountRequired'] === true
  return { newNonce, newAccount, newOrder, needsBinding, ...(renewalInfo !== undefined && { renewalInfo }) }
}

const ORDER_STATES = ['pending', 'ready', 'processing', 'valid', 'invalid'] as const
/** For one name there is one; a CA may have its reasons for another. */
const MAX_AUTHORIZATIONS = 10

export function readOrder(value: unknown, base: string): Order | undefined {
  if (!isObject(value) || !Array.isArray(value['authorizations'])) return undefined
  const status = ORDER_STATES.find((state) => state === value['status'])
  const finalize = urlOf(value['finalize'], base)
  const authorizations = value['authorizations'].map((url) => urlOf(url, base)).filter((url) => url !== undefined)
  const isWhole =
    authorizations.length === value['authorizations'].length && authorizations.length <= MAX_AUTHORIZATIONS
  if (status === undefined || finalize === undefined || !isWhole || authorizations.length === 0) return undefined
  const certificate = urlOf(value['certificate'], base)
  const detail = readProblem(value['error'])?.detail
  return {
    status,
    authorizations,
    finalize,
    ...(certificate !== undefined && { certificate }),
    ...(detail !== undefined && { detail }),
  }
}

const AUTHORIZATION_STATES = ['pending', 'valid', 'invalid', 'deactivated', 'expired', 'revoked'] as const

export function readAuthorization(value: unknown, base: string): Authorization | undefined {
  if (!isObject(value) || !isObject(value['identifier']) || !Array.isArray(value['challenges'])) return undefined
  const status = AUTHORIZATION_STATES.find((state) => state === value['status'])
  const name = textIn(value['identifier'], 'value')
  if (status === undefined || name === undefined) return undefined
  const challenges = value['challenges'].map((one) => readChallenge(one, base)).filter((one) => one !== undefined)
  const errors = value['challenges'].map((one: unknown) =>
    isObject(one) ? readProblem(one['error'])?.detail : undefined,
  )
  const detail = errors.find((error) => error !== undefined)
  return { status, name: name.toLowerCase(), challenges, ...(detail !== undefined && { detail }) }
}

/** Of 128 bits at least, in base64url (RFC 8555 8.1): it stands in a path and in a file's name. */
const TOKEN = /^[A-Za-z0-9_-]{22,256}$/

function readChallenge(value: unknown, base: string): Challenge | undefined {
  if (!isObject(value)) return undefined
  const [type, token] = [textIn(value, 'type'), textIn(value, 'token')]
  const url = urlOf(value['url'], base)
  if (type === undefined || url === undefined || token === undefined || !TOKEN.test(token)) return undefined
  return { type, url, token }
}

/** `type` without its namespace; undefined: it is no problem document (RFC 9457). */
export function readProblem(value: unknown): { readonly type: string; readonly detail: string } | undefined {
  if (!isObject(value)) return undefined
  const type = (textIn(value, 'type') ?? '').replace(/^urn:ietf:params:acme:error:/, '')
  const detail = textIn(value, 'detail')
  if (type === '' && detail === undefined) return undefined
  return { type: inWords(type), detail: inWords(detail === undefined ? type : `${type}: ${detail}`) }
}

export function readRenewalWindow(value: unknown): RenewalWindow | undefined {
  const window = isObject(value) ? value['suggestedWindow'] : undefined
  if (!isObject(window)) return undefined
  const [start, end] = [instantOf(window['start']), instantOf(window['end'])]
  // RFC 9773 4.2: one that ends before it begins is as if there were none.
  return start === undefined || end === undefined || end <= start ? undefined : { start, end }
}

/** RFC 3339. */
function instantOf(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/.test(value))
    return undefined
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : at
}
