/** Whose request it is: the peer itself or, behind trusted proxies, the one that they tell of. */
import * as kind from '../http1/field-names.ts'
import type { FieldSection } from '../http1/field-section.ts'
import { COMMA, isWhitespace } from '../http1/grammar.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { parseNode } from '../ip/address.ts'
import type { ClientIdentity } from './identify.ts'

/** Trusted proxies behind one another that are looked behind; real chains have a few, made-up ones thousands. */
const MAX_PROXIES = 64
/** `[v6]:port` with an IPv4 part is the longest entry that can be an address. */
const MAX_ENTRY_BYTES = 53

/**
 * The right-most address of X-Forwarded-For that is no trusted proxy: what stands left of it, anybody may have made up
 * and is not looked at. In its canonical form, without port or brackets. An entry that is no address ends the search at
 * the last one that was believed; empty ones are none (RFC 9110 5.6.1).
 */
export function clientAddress(identity: ClientIdentity, head: RequestHead): string {
  const { fields } = head
  if (!identity.isTrusted || !fields.has(kind.FORWARDED_FOR)) return identity.address
  const entries = new EntriesFromRight(fields)
  let believed = identity.address
  for (let proxies = 0; proxies < MAX_PROXIES; proxies += 1) {
    const entry = entries.next()
    const address = entry === undefined ? undefined : parseNode(entry)
    if (address === undefined) return believed
    believed = address
    if (!identity.isTrustedProxy(address)) return believed
  }
  return believed
}

/** The non-empty entries of all X-Forwarded-For lines, the last one first, each cut out when it is asked for. */
class EntriesFromRight {
  private readonly fields: FieldSection
  /** Lines before this one are still to be read. */
  private line: number
  /** The part of the present line that is still to be read. */
  private start = 0
  private end = 0

  constructor(fields: FieldSection) {
    this.fields = fields
    this.line = fields.count
  }

  /** undefined when there is none left; '' for one too long to be an address. */
  next(): string | undefined {
    const { bytes } = this.fields
    for (;;) {
      while (this.end > this.start && isBetween(bytes[this.end - 1])) this.end -= 1
      if (this.end > this.start) break
      if (!this.readLine()) return undefined
    }
    const to = this.end
    let from = to
    while (from > this.start && bytes[from - 1] !== COMMA) from -= 1
    this.end = from
    while (isWhitespace(bytes[from])) from += 1
    return to - from > MAX_ENTRY_BYTES ? '' : bytes.toString('latin1', from, to)
  }

  private readLine(): boolean {
    const { fields } = this
    do this.line -= 1
    while (this.line >= 0 && fields.kinds[this.line] !== kind.FORWARDED_FOR)
    if (this.line < 0) return false
    this.start = (fields.colons[this.line] as number) + 1
    this.end = fields.ends[this.line] as number
    return true
  }
}

const isBetween = (byte: number | undefined): boolean => byte === COMMA || isWhitespace(byte)
