/**
 * The head that a backend gets: the client's own bytes, minus hop-by-hop lines, plus what a gateway must say (RFC 9110
 * 7.6.3 Via; X-Forwarded-*; X-Request-Id). The bytes of path and query are never touched, but for a pair of the query that is
 * kept from the backend; the request line of an absolute target is made anew, in origin-form.
 */
import { MAX_AUTHORITY_BYTES } from '../http1/authority.ts'
import * as kind from '../http1/field-names.ts'
import type { FieldSection } from '../http1/field-section.ts'
import { forEachMember, UPGRADE_OPTION } from '../http1/field-values.ts'
import { ASTERISK, equalsIgnoringCase, SLASH } from '../http1/grammar.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { DeadlineLine } from './deadline.ts'
import { type ForwardedClient, writeClientLines } from './client-lines.ts'
import {
  copyLines,
  type DropTable,
  dropTable,
  markLine,
  markNamedByConnection,
  markNames,
  markRepeats,
} from './forwarded-fields.ts'
import { forwardsLeft, PSEUDONYM } from './hops.ts'
import { queryWithout } from './hidden-query.ts'
import { endLine } from './line-end.ts'
import { takeCookie } from './own-cookie.ts'
import type { WriteRequestId } from './request-id.ts'

export interface RequestRewrite {
  readonly client: ForwardedClient
  /** Sent as Host when an HTTP/1.0 request has none. */
  readonly backendHost: string
  readonly isUpgrade: boolean
  /** What the client speaks, where that is not what the head says; absent: it is. */
  readonly version?: '2' | '3' | undefined
  /** A cookie that is kept from the backend; undefined: there is none. */
  readonly hiddenCookie: string | undefined
  readonly writeRequestId: WriteRequestId
  /** What the backend is told of the client's deadline; absent: what the client says. */
  readonly deadline?: DeadlineLine | undefined
  /** Pairs of that name in the query go no further; undefined: there are none. */
  readonly hiddenQuery?: string | undefined
  /** Lower-case names of fields that go no further, with `_` for `-` neither; undefined: none. */
  readonly drops?: readonly string[] | undefined
  /** Lines of ours with CRLF each, one character a byte; undefined: none. */
  readonly lines?: string | undefined
  /** Others, which are written where they go; undefined: none. */
  readonly ownLines?: OwnLines | undefined
}

/** Lines with CRLF each. */
export interface OwnLines {
  /** In bytes. */
  readonly length: number
  /** Writes them at `at`; returns the offset behind them. */
  write(out: Buffer, at: number): number
}

const VIA_11 = Buffer.from(`Via: 1.1 ${PSEUDONYM}\r\n`)
const VIA_2 = Buffer.from(`Via: 2 ${PSEUDONYM}\r\n`)
const VIA_3 = Buffer.from(`Via: 3 ${PSEUDONYM}\r\n`)
const VIA_10 = Buffer.from(`Via: 1.0 ${PSEUDONYM}\r\n`)
const CHUNKED_LINE = Buffer.from('Transfer-Encoding: chunked\r\n')
const TE_LINES = Buffer.from('TE: trailers\r\nConnection: TE\r\n')
const REQUEST_ID_NAME = Buffer.from('X-Request-Id: ')
const HOST_NAME = Buffer.from('Host: ')
const VERSION = Buffer.from(' HTTP/1.1\r\n')
const TE_WORD = Buffer.from('te')
const TRAILERS_WORD = Buffer.from('trailers')

/**
 * Room for every text of ours, some 400 bytes in all, and for the authority in Host and again in X-Forwarded-Host. What
 * is written of X-Forwarded-For, Upgrade and Cookie was left out of the copy.
 */
const ADDED_BYTES = 512 + 2 * MAX_AUTHORITY_BYTES

const TRUSTED_DROPS = dropTable(kind.DISGUISED, kind.PROXY, kind.EXPLAIN, kind.FORWARDED_FOR)
const UNTRUSTED_DROPS = dropTable(
  kind.DISGUISED,
  kind.PROXY,
  kind.EXPLAIN,
  kind.FORWARDED_FOR,
  kind.FORWARDED_PROTO,
  kind.FORWARDED_HOST,
  kind.FORWARDING,
)

/** An upper bound of what `writeRequestHead` writes. */
export function requestHeadRoom(head: RequestHead, rewrite: RequestRewrite): number {
  return (
    head.fields.end -
    head.start +
    rewrite.client.forwardedFields.length +
    rewrite.backendHost.length +
    (rewrite.lines?.length ?? 0) +
    (rewrite.ownLines?.length ?? 0) +
    ADDED_BYTES
  )
}

/** Writes the head at `at`; returns the offset behind its empty line. Marks lines of `head`, so it spoils it for other use. */
export function writeRequestHead(out: Buffer, at: number, head: RequestHead, rewrite: RequestRewrite): number {
  const { fields } = head
  const cookies = markRequest(head, rewrite)
  const drops = dropsOf(rewrite)
  let end: number
  if (hasOwnRequestLine(head, rewrite)) {
    end = copyLines(out, writeRequestLine(out, at, head, rewrite), fields, head.lineEnd, drops)
  } else {
    end = copyLines(out, at, fields, head.start, drops)
    // Whatever the client speaks, we speak HTTP/1.1: the minor version is the last byte before the request line's CRLF.
    out[at + (head.lineEnd - head.start) - 3] = 0x31
  }
  if (cookies !== '') end += out.write(cookies, end, 'latin1')
  return endLine(out, writeAddedLines(out, end, head, rewrite))
}

/** Kinds of lines that go no further, beside those that are marked. */
export const dropsOf = ({ client }: RequestRewrite): DropTable => (client.isTrusted ? TRUSTED_DROPS : UNTRUSTED_DROPS)

/** Marks lines that go no further whatever their kind; returns what is to be written for some of them, '' for nothing. */
export function markRequest(head: RequestHead, { deadline, drops, hiddenCookie }: RequestRewrite): string {
  const { fields } = head
  if (fields.connection !== 0) markNamedByConnection(fields)
  if (head.minorVersion === 0 && fields.has(kind.EXPECT)) markAll(head, kind.EXPECT)
  if (head.authorityStart >= 0) markAll(head, kind.HOST)
  if (fields.contentLength !== -1) markRepeats(fields, kind.CONTENT_LENGTH)
  if (deadline !== undefined) markNamed(fields, Buffer.from(deadline.field))
  if (drops !== undefined) markNames(fields, drops)
  if (fields.has(kind.MAX_FORWARDS) && forwardsLeft(head) !== undefined) markAll(head, kind.MAX_FORWARDS)
  return hiddenCookie === undefined ? '' : takeCookie(fields, hiddenCookie)
}

/** Whether the request line is another than the client's. */
export const hasOwnRequestLine = (head: RequestHead, { hiddenQuery }: RequestRewrite): boolean =>
  head.authorityStart >= 0 || hiddenQuery !== undefined

/** Writes at `at` what a backend is told beside the client's own lines; returns the offset behind. */
export function writeAddedLines(out: Buffer, at: number, head: RequestHead, rewrite: RequestRewrite): number {
  const { fields } = head
  const { client, deadline } = rewrite
  const forwards = fields.has(kind.MAX_FORWARDS) ? forwardsLeft(head) : undefined
  let end = writeHost(out, at, head, rewrite)
  end += viaOf(head, rewrite).copy(out, end)
  end = writeClientLines(out, end, head, client)
  if (!fields.has(kind.REQUEST_ID)) {
    end += REQUEST_ID_NAME.copy(out, end)
    end = rewrite.writeRequestId(out, end)
    end = endLine(out, end)
  }
  if (forwards !== undefined) end += out.write(`Max-Forwards: ${forwards - 1}\r\n`, end, 'latin1')
  if (deadline !== undefined) end += out.write(`${deadline.field}: ${deadline.value}\r\n`, end, 'latin1')
  if (rewrite.lines !== undefined) end += out.write(rewrite.lines, end, 'latin1')
  if (rewrite.ownLines !== undefined) end = rewrite.ownLines.write(out, end)
  if (fields.isChunked) end += CHUNKED_LINE.copy(out, end)
  if (rewrite.isUpgrade) end = writeUpgrade(out, end, head)
  else if (acceptsTrailers(head)) end += TE_LINES.copy(out, end)
  return end
}

function viaOf({ minorVersion }: RequestHead, { version }: RequestRewrite): Buffer {
  if (version === '2') return VIA_2
  if (version === '3') return VIA_3
  return minorVersion === 0 ? VIA_10 : VIA_11
}

/** Whether the client lists `trailers` in TE (RFC 9110 10.1.4), and so may be sent some. */
export function acceptsTrailers(head: RequestHead): boolean {
  const { fields } = head
  if (!fields.has(kind.TE) || head.minorVersion === 0) return false
  let accepts = false
  // By name: a line that Connection names, as it must name this one, has lost its kind once it has been forwarded.
  for (let index = fields.lineNamed(TE_WORD, 0); index >= 0; index = fields.lineNamed(TE_WORD, index + 1)) {
    forEachMember(fields.bytes, fields.valueStart(index), fields.valueEnd(index), (from, to) => {
      accepts ||= equalsIgnoringCase(fields.bytes, from, to, TRAILERS_WORD)
    })
  }
  return accepts
}

/**
 * Whether the request asks for another protocol that we pass on: it must be bodiless HTTP/1.1, and not h2c, which would
 * let a client speak HTTP/2 past every rule of ours.
 */
export function isUpgrade(head: RequestHead): boolean {
  const { fields } = head
  if ((fields.connection & UPGRADE_OPTION) === 0 || head.minorVersion === 0) return false
  if (fields.isChunked || fields.contentLength > 0) return false
  const protocol = fields.valueOf(kind.UPGRADE)
  return protocol !== undefined && protocol !== '' && !/(^|[\s,])h2c/i.test(protocol)
}

/** Leaves out every line of that lower-case name. */
function markNamed(fields: FieldSection, lower: Uint8Array): void {
  for (let index = fields.lineNamed(lower, 0); index >= 0; index = fields.lineNamed(lower, index + 1))
    markLine(fields, index)
}

function markAll(head: RequestHead, fieldKind: number): void {
  const { fields } = head
  for (let index = 0; index < fields.count; index += 1) {
    if (fields.kinds[index] === fieldKind) markLine(fields, index)
  }
}

/**
 * The request line for an absolute target: an origin server is sent path and query only (RFC 9112 3.2.1), with `/` for an
 * empty path and `*` for the OPTIONS of no path at all (3.2.4); and whatever the form, what is hidden of the query is left out.
 */
export function writeRequestLine(out: Buffer, at: number, head: RequestHead, { hiddenQuery }: RequestRewrite): number {
  const { bytes, pathStart, pathEnd, targetEnd } = head
  let end = at + bytes.copy(out, at, head.start, head.methodEnd + 1)
  if (pathStart === pathEnd) out[end++] = pathStart === targetEnd && head.method === 'OPTIONS' ? ASTERISK : SLASH
  if (hiddenQuery === undefined) end += bytes.copy(out, end, pathStart, targetEnd)
  else end += out.write(head.path.slice(0, pathEnd - pathStart) + queryWithout(head, hiddenQuery), end, 'latin1')
  return end + VERSION.copy(out, end)
}

/** The authority of an absolute target replaces Host (RFC 9112 3.2.2); an HTTP/1.0 request may lack both. */
function writeHost(out: Buffer, at: number, head: RequestHead, rewrite: RequestRewrite): number {
  if (head.authorityStart < 0 && head.fields.hostCount > 0) return at
  let end = at + HOST_NAME.copy(out, at)
  if (head.authorityStart >= 0) end += head.bytes.copy(out, end, head.authorityStart, head.authorityEnd)
  else end += out.write(rewrite.backendHost, end, 'latin1')
  return endLine(out, end)
}

function writeUpgrade(out: Buffer, at: number, head: RequestHead): number {
  return at + out.write(`Connection: Upgrade\r\nUpgrade: ${head.fields.valueOf(kind.UPGRADE) ?? ''}\r\n`, at, 'latin1')
}
