/** What must not stand in a log: values of query parameters and fields that are called like something secret. */
import { soundsSecret } from '../secrets.ts'

const HIDDEN = '***'
/** Between pairs, and before them. */
const SEPARATOR = /[?&;]/

const MAX_KNOWN = 1024
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

export type IsHidden = (name: string) => boolean

/** `hidden`: lower-case names to hide besides. What was found of a name is remembered: most requests have the same few. */
export function hiding(hidden: readonly string[]): IsHidden {
  const names = new Set([...CREDENTIALS, ...hidden])
  const known = new Map<string, boolean>()
  return (name) => {
    const found = known.get(name)
    if (found !== undefined) return found
    const isHidden = names.has(name.toLowerCase()) || soundsSecret(name) || CREDENTIAL_END.test(name)
    if (known.size >= MAX_KNOWN) known.clear()
    if (name.length <= MAX_KNOWN_CHARS) known.set(name, isHidden)
    return isHidden
  }
}

/**
 * A request target, or a whole URI, whose query and path parameters hold `***` for each value that is to be hidden; a name counts
 * however it is encoded.
 */
export function hideInTarget(target: string, isHidden: IsHidden): string {
  const query = target.search(SEPARATOR) + 1
  if (query === 0) return target
  let written = ''
  let copied = 0
  for (let from = query; from < target.length;) {
    const end = endOf(target, from)
    const equals = target.indexOf('=', from)
    if (equals > from && equals < end && isHidden(decoded(target.slice(from, equals)))) {
      written += target.slice(copied, equals + 1) + HIDDEN
      copied = end
    }
    from = end + 1
  }
  return copied === 0 ? target : written + target.slice(copied)
}

/** Where the pair ends that begins at `from`. */
function endOf(target: string, from: number): number {
  let at = from
  while (at < target.length && !SEPARATOR.test(target[at] as string)) at += 1
  return at
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
