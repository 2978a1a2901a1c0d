/** What must not stand in a log: values of query parameters and fields that are called like something secret. */
import { soundsSecret } from '../secrets.ts'

const HIDDEN = '***'
/** `?`, `&` and `;` stand between pairs, and before them. */
const [QUESTION_MARK, AMPERSAND, SEMICOLON, EQUALS, PERCENT] = [0x3f, 0x26, 0x3b, 0x3d, 0x25]

const KNOWN_NAMES = 256
const MAX_KNOWN_CHARS = 64

/** Names beside those that sound secret, which hold credentials wherever they are used. */
const CREDENTIALS = new Set([
  'authorization',
  'proxy-authorization',
  'x-smartedge-explain',
  'cookie',
  'code',
  'jwt',
  'key',
  'sig',
  'signature',
  'auth',
  'session',
  'sid',
  'pwd',
  'pass',
  'passwd',
  'otp',
  'hmac',
  'samlresponse',
])

/** `X-Amz-Signature`, `access_key`. */
const CREDENTIAL_END = /[-_](?:signature|sig|key|hmac|otp)$/i

/** Of the name that stands at text[from..to); by default, of the whole text. */
export type IsHidden = (text: string, from?: number, to?: number) => boolean

/**
 * `hidden`: lower-case names to hide besides. What was found of a name is remembered, since most requests have the same few,
 * and looked up where the name stands: to cut it out would cost more than the rest.
 */
export function hiding(hidden: readonly string[]): IsHidden {
  const names = new Set([...CREDENTIALS, ...hidden])
  const known: Known[] = Array.from({ length: KNOWN_NAMES }, () => ({ name: '', isHidden: false }))
  return (text, from = 0, to = text.length) => {
    if (from === to) return false
    const place = placeOf(text, from, to)
    const found = known[place] as Known
    if (isAt(text, found.name, from, to)) return found.isHidden
    const name = text.slice(from, to)
    const isHidden = names.has(name.toLowerCase()) || soundsSecret(name) || CREDENTIAL_END.test(name)
    if (name.length <= MAX_KNOWN_CHARS) known[place] = { name, isHidden }
    return isHidden
  }
}

interface Known {
  readonly name: string
  readonly isHidden: boolean
}

/** Of text[from..to), not empty: names that differ in what they begin and end with seldom share one. */
const placeOf = (text: string, from: number, to: number): number =>
  ((to - from) * 31 + text.charCodeAt(from) * 7 + text.charCodeAt(to - 1)) % KNOWN_NAMES

function isAt(text: string, name: string, from: number, to: number): boolean {
  if (name.length !== to - from) return false
  for (let at = 0; at < name.length; at += 1) if (name.charCodeAt(at) !== text.charCodeAt(from + at)) return false
  return true
}

/**
 * A request target, or a whole URI, whose query and path parameters hold `***` for each value that is to be hidden; a name counts
 * however it is encoded.
 */
export function hideInTarget(target: string, isHidden: IsHidden): string {
  const { length } = target
  let written = ''
  let copied = 0
  // Where a pair begins, beyond the end before the first of them, and where its first equals sign is, before it while it has none.
  let from = length + 1
  let equals = -1
  let isEncoded = false
  for (let at = 0; at <= length; at += 1) {
    const code = at === length ? AMPERSAND : target.charCodeAt(at)
    if (code === EQUALS && equals < from) equals = at
    if (code === PERCENT) isEncoded = true
    if (code !== AMPERSAND && code !== QUESTION_MARK && code !== SEMICOLON) continue
    if (equals > from && (isEncoded ? isHidden(decoded(target.slice(from, equals))) : isHidden(target, from, equals))) {
      written += target.slice(copied, equals + 1) + HIDDEN
      copied = at
    }
    from = at + 1
  }
  return copied === 0 ? target : written + target.slice(copied)
}

function decoded(name: string): string {
  if (!name.includes('%')) return name
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

/** A field's value as it may be written: of the page that led here its secrets are those of a target. */
export function hideInField(name: string, value: string, isHidden: IsHidden): string {
  if (isHidden(name)) return HIDDEN
  return name === 'referer' ? hideInTarget(value, isHidden) : value
}
