/**
 * What an auth service is told of a request: who asks, for what, and how it came. The method, the scheme, the host and the
 * target stand in X-Forwarded-*, as authelia, authentik, oauth2-proxy, Traefik and Caddy have it; of the request's own fields
 * all that may matter to who decides, nothing that is about its body, its connection, or a response that is not asked for.
 */
import { writeClientLines } from '../forward/client-lines.ts'
import { dropTable, markNamedByConnection } from '../forward/forwarded-fields.ts'
import { PSEUDONYM } from '../forward/hops.ts'
import type { ClientIdentity } from '../forward/identify.ts'
import { MAX_AUTHORITY_BYTES } from '../http1/authority.ts'
import * as kind from '../http1/field-names.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { VERSION } from '../version.ts'
import type { ForwardAuthPolicy } from './auth-policy.ts'
import { dropsOf } from './pass.ts'

/** Beside what is hop-by-hop: what we say ourselves, and what would be said of a body that is not there. */
const DROPS = [
  kind.HOST,
  kind.CONTENT_LENGTH,
  kind.EXPECT,
  kind.DISGUISED,
  kind.PROXY,
  kind.EXPLAIN,
  kind.MAX_FORWARDS,
  kind.VIA,
  kind.FORWARDED_FOR,
]
const TRUSTED_DROPS = dropTable(...DROPS)
const STRANGER_DROPS = dropTable(...DROPS, kind.FORWARDED_PROTO, kind.FORWARDED_HOST, kind.FORWARDING)

/** Of no use to who decides: codings, parts and versions of a response that nobody asks for; other hops' credentials. */
const IRRELEVANT =
  /^(?:accept-encoding|content-encoding|if-(?:match|none-match|modified-since|unmodified-since|range)|proxy-authorization|range|trailer|x-original-.*)$/

/** Whoever asks takes no more: what a service is not told might decide. */
const MAX_FIELDS = 200

type FieldPair = readonly [name: string, value: string]

type Told = Pick<ForwardAuthPolicy, 'requestFields' | 'responseFields'>

/**
 * Each name once, values one character a byte; undefined: there are too many. Marks lines of `head`, so it spoils it for
 * other use.
 */
export function subrequestFields(head: RequestHead, identity: ClientIdentity, told: Told): FieldPair[] | undefined {
  const fields = new Map([
    ['accept-encoding', 'identity'],
    ['user-agent', `smartedge/${VERSION}`],
    ...ownFields(head, identity, told),
    ...aboutRequest(head, identity),
  ])
  return fields.size > MAX_FIELDS ? undefined : [...fields]
}

/** How the request came and what it is for, in lower-case names: as a backend is told, and X-Forwarded-Method and -Uri. */
export function aboutRequest(head: RequestHead, identity: ClientIdentity): FieldPair[] {
  const { fields } = head
  const room = identity.forwardedFields.length + (fields.end - head.start) + MAX_AUTHORITY_BYTES + 128
  const lines = Buffer.allocUnsafe(room)
  const pairs = lines
    .toString('latin1', 0, writeClientLines(lines, 0, head, identity))
    .split('\r\n')
    .filter((line) => line !== '')
    .map((line): FieldPair => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)])
  const known = [kind.FORWARDED_PROTO, kind.FORWARDED_HOST].flatMap((told): FieldPair[] => {
    const value = identity.isTrusted ? fields.valueOf(told) : undefined
    const name = told === kind.FORWARDED_PROTO ? 'x-forwarded-proto' : 'x-forwarded-host'
    return value === undefined ? [] : [[name, value]]
  })
  const passed = fields.valuesNamed('via').filter((value) => value !== '')
  return [
    ...pairs,
    ...known,
    ['x-forwarded-method', head.method],
    ['x-forwarded-uri', targetOf(head)],
    // A service behind this very route would ask about its own subrequests: Via ends that (RFC 9110 7.6.3).
    ['via', [...passed, `1.${head.minorVersion} ${PSEUDONYM}`].join(', ')],
  ]
}

/** Path and query as they came, whichever form the target has. */
const targetOf = ({ bytes, pathStart, pathEnd, targetEnd }: RequestHead): string =>
  (pathStart === pathEnd ? '/' : '') + bytes.toString('latin1', pathStart, targetEnd)

function ownFields(head: RequestHead, { isTrusted }: ClientIdentity, told: Told): Map<string, string> {
  const { fields } = head
  if (fields.connection !== 0) markNamedByConnection(fields)
  const drops = isTrusted ? TRUSTED_DROPS : STRANGER_DROPS
  const own = new Map<string, string>()
  for (let index = 0; index < fields.count; index += 1) {
    if (drops[fields.kinds[index] as number] === 1) continue
    const name = fields.bytes.toString('latin1', fields.starts[index], fields.colons[index]).toLowerCase()
    if (!isTold(name, told)) continue
    const before = own.get(name)
    const value = fields.value(index)
    // Cookies are the one list that commas do not join (RFC 9113 8.2.3).
    own.set(name, before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`)
  }
  return own
}

/** What the service is to say itself it is not told by the client, or it might be taken in; credentials are what it asks for. */
function isTold(name: string, { requestFields, responseFields }: Told): boolean {
  if (requestFields !== undefined) return requestFields.includes(name)
  const known = name.replaceAll('_', '-')
  if (known === 'authorization' || known === 'cookie') return true
  return !IRRELEVANT.test(known) && !dropsOf(responseFields).includes(known)
}
