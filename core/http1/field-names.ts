/**
 * The field names that a proxy itself must understand, each with a small number. Everything else is `OTHER` and only
 * passes through. Looking a name up costs one look by length and first letter and, on a hit, one comparison.
 */
import { equalsIgnoringCase } from './grammar.ts'

export const OTHER = 0
export const HOST = 1
export const CONNECTION = 2
export const CONTENT_LENGTH = 3
export const TRANSFER_ENCODING = 4
export const KEEP_ALIVE = 5
export const PROXY_CONNECTION = 6
export const TE = 7
export const UPGRADE = 8
export const EXPECT = 9
export const FORWARDED_FOR = 10
export const FORWARDED_PROTO = 11
export const FORWARDED_HOST = 12
export const REQUEST_ID = 13
export const VIA = 14
/**
 * A name that becomes one of framing's or of ours where `_` and `-` are the same, as in CGI and WSGI variables:
 * `X_Forwarded_For`. Such a field says nothing here, and must not be believed behind us.
 */
export const DISGUISED = 15
/** No field at all, yet CGI makes of it the variable HTTP_PROXY, which names a proxy for the backend's own requests. */
export const PROXY = 16
/** Tells, beside the three above, who a client is or how its request came: a proxy may, a stranger may not. */
export const FORWARDING = 17
export const MAX_FORWARDS = 18
export const DATE = 19
/** Asks for an explanation, with a token that is no business of the backends. */
export const EXPLAIN = 20
/** Tells of the trace that a request is part of. */
export const TRACE = 21
export const KIND_COUNT = 22

const NAMES: readonly (readonly [kind: number, ...names: string[]])[] = [
  [HOST, 'host'],
  [CONNECTION, 'connection'],
  [CONTENT_LENGTH, 'content-length'],
  [TRANSFER_ENCODING, 'transfer-encoding'],
  [KEEP_ALIVE, 'keep-alive'],
  [PROXY_CONNECTION, 'proxy-connection'],
  [TE, 'te'],
  [UPGRADE, 'upgrade'],
  [EXPECT, 'expect'],
  [FORWARDED_FOR, 'x-forwarded-for'],
  [FORWARDED_PROTO, 'x-forwarded-proto'],
  [FORWARDED_HOST, 'x-forwarded-host'],
  [REQUEST_ID, 'x-request-id'],
  [VIA, 'via'],
  [PROXY, 'proxy'],
  [MAX_FORWARDS, 'max-forwards'],
  [DATE, 'date'],
  [EXPLAIN, 'x-smartedge-explain'],
  // W3C Trace Context; B3 in one field and in several.
  [TRACE, 'traceparent', 'tracestate', 'b3'],
  [TRACE, 'x-b3-traceid', 'x-b3-spanid', 'x-b3-parentspanid', 'x-b3-sampled', 'x-b3-flags'],
  // Whatever begins with X-Forwarded is found by that. The others: what the widely used proxies and CDNs write and
  // frameworks read; an address, a scheme, a target before it was rewritten, or the client's certificate.
  // RFC 7239; RFC 9440, which has us drop what clients send of it.
  [FORWARDING, 'forwarded', 'client-cert', 'client-cert-chain'],
  // nginx, Apache, Zeus; read by Rails; ingress-nginx, Envoy.
  [FORWARDING, 'x-real-ip', 'x-client-ip', 'x-cluster-client-ip', 'client-ip'],
  [FORWARDING, 'x-original-forwarded-for', 'x-envoy-external-address'],
  // Akamai, Cloudflare, Fastly, Fly, Azure, Google, WebLogic.
  [FORWARDING, 'true-client-ip', 'cf-connecting-ip', 'cf-connecting-ipv6', 'fastly-client-ip', 'fly-client-ip'],
  [FORWARDING, 'x-azure-clientip', 'x-appengine-user-ip', 'x-proxyuser-ip', 'proxy-client-ip', 'wl-proxy-client-ip'],
  // ingress-nginx, Microsoft, Azure, IIS.
  [FORWARDING, 'x-scheme', 'front-end-https', 'x-original-host', 'x-original-url', 'x-rewrite-url'],
]

/** What a backend believes because a proxy says it, or cuts messages by; and what it is not to see, however it is written. */
const BELIEVED = new Set([
  CONTENT_LENGTH,
  TRANSFER_ENCODING,
  FORWARDED_FOR,
  FORWARDED_PROTO,
  FORWARDED_HOST,
  FORWARDING,
  EXPLAIN,
])

const HYPHEN = 0x2d
const UNDERSCORE = 0x5f
const X_FORWARDED = Buffer.from('x-forwarded')

interface NameEntry {
  readonly kind: number
  readonly lower: Uint8Array
  /** Its last byte, which tells most other names of its slot apart. */
  readonly last: number
  readonly isBelieved: boolean
  /** Another name of the same slot. */
  readonly next: NameEntry | undefined
}

const LONGEST = Math.max(...NAMES.flatMap(([, ...names]) => names.map((name) => name.length)))

/** Letters have numbers of their own in either case; what other bytes share with them, the comparison tells apart. */
const slotOf = (length: number, first: number): number => (length << 5) | (first & 31)

const SLOTS: (NameEntry | undefined)[] = Array.from({ length: slotOf(LONGEST + 1, 0) }, () => undefined)
for (const [kind, ...names] of NAMES) {
  for (const name of names) {
    const lower = Buffer.from(name)
    const slot = slotOf(name.length, lower[0] as number)
    const last = lower[lower.length - 1] as number
    SLOTS[slot] = { kind, lower, last, isBelieved: BELIEVED.has(kind), next: SLOTS[slot] }
  }
}

/** The kind of the field name in bytes[start..end). */
export function fieldKind(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start
  if (length <= LONGEST) {
    const last = (bytes[end - 1] as number) | 0x20
    let entry = SLOTS[slotOf(length, bytes[start] as number)]
    for (; entry !== undefined; entry = entry.next) {
      if (entry.last !== last) continue
      if (equalsIgnoringCase(bytes, start, end, entry.lower)) return entry.kind
      if (entry.isBelieved && isDisguised(bytes, start, entry.lower)) return DISGUISED
    }
  }
  // The third letter tells most other names with X- apart.
  if (length < X_FORWARDED.length || ((bytes[start + 2] as number) | 0x20) !== 0x66) return OTHER
  if (!isDisguised(bytes, start, X_FORWARDED)) return OTHER
  for (let index = start; index < end; index += 1) if (bytes[index] === UNDERSCORE) return DISGUISED
  return FORWARDING
}

/** Whether the name at `start` begins with `lower` but for its case and underscores where hyphens belong. */
function isDisguised(bytes: Uint8Array, start: number, lower: Uint8Array): boolean {
  for (let index = 0; index < lower.length; index += 1) {
    const byte = bytes[start + index] as number
    const folded = byte === UNDERSCORE ? HYPHEN : byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
    if (folded !== lower[index]) return false
  }
  return true
}
