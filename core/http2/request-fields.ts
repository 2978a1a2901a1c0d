/**
 * The fields of an HTTP/2 request -> the one form that heads have here: an HTTP/1.1 head in bytes, and where its lines lie. Names
 * and values have been held to the parser's rules once for all (`field.ts`); it judges the rest, like that of any other head.
 * What only HTTP/2 forbids is judged here (RFC 9113 8.2, 8.3): such a request is malformed.
 */
import * as names from '../http1/field-names.ts'
import type { FieldSection } from '../http1/field-section.ts'
import { ASTERISK, SLASH } from '../http1/grammar.ts'
import { type Field, type FieldKind, invalidWords, makeField, nameOf, valueEnd, valueOf, valueStart } from './field.ts'
import { type FieldLimits, HeadWriter } from './head-writer.ts'
import type { FieldSink } from './hpack-decoder.ts'

/** 'head': bytes[start..end) of `bytes` are one, and its lines have been added to the section that `begin` was given. 'malformed': a stream's fault. 'tooLarge': of a request that is answered 431. */
export type Built =
  | { readonly kind: 'head'; readonly bytes: Buffer; readonly start: number; readonly end: number }
  | { readonly kind: 'malformed'; readonly detail: string }
  | { readonly kind: 'tooLarge'; readonly detail: string }

const VERSION_LINE = Buffer.from(' HTTP/1.1\r\n')
const HOST_NAME = Buffer.from('host: ')
const COOKIE_NAME = Buffer.from('cookie: ')
const CRUMB_END = Buffer.from('; ')
const LINE_END = Buffer.from('\r\n')
const CHUNKED = makeField('transfer-encoding', 'chunked')
const GET = Buffer.from('GET ')
const CONNECT_LENGTH = 'CONNECT'.length
const PSEUDO = ['method', 'scheme', 'authority', 'path', 'protocol'] as const
type Pseudo = (typeof PSEUDO)[number]

export class RequestFields implements FieldSink {
  private limits: FieldLimits = { maxHeadBytes: 0, maxFields: 0 }
  private readonly pseudo: { [P in Pseudo]: Field | undefined } = nothingPseudo()
  private crumbs: Field[] = []
  private hasRegular = false
  private hasLength = false
  private count = 0
  private detail: string | undefined = undefined
  private tooLarge: string | undefined = undefined
  private readonly head = new HeadWriter()

  /** `fields`: of the head that the request becomes. */
  begin(limits: FieldLimits, fields: FieldSection): void {
    this.limits = limits
    for (const kind of PSEUDO) this.pseudo[kind] = undefined
    this.crumbs.length = 0
    this.hasRegular = false
    this.hasLength = false
    this.count = 0
    this.detail = undefined
    this.tooLarge = undefined
    this.head.begin(limits, fields)
  }

  onField(field: Field): void {
    // A faulty one is still read to its end, since the tables of both sides go on.
    if (this.detail !== undefined || this.tooLarge !== undefined) return
    const { kind } = field
    switch (kind) {
      case 'regular':
        return this.onRegular(kind, field)
      case 'invalid':
        return this.spoil(invalidWords(field))
      case 'connection':
        return this.spoil(`the field ${shown(field)} belongs to connections of HTTP/1`)
      case 'status':
        return this.spoil(':status belongs to responses')
      case 'method':
      case 'scheme':
      case 'authority':
      case 'path':
      case 'protocol':
        return this.onPseudo(kind, field)
      case 'cookie':
      case 'host':
      case 'length':
      case 'te':
        this.onRegular(kind, field)
    }
  }

  /** The block is over. `hasBody`: content may follow. `key`: for an upgrade, made anew each time. */
  finish(hasBody: boolean, key: () => string): Built {
    if (!this.hasRegular) this.beginHead()
    if (this.tooLarge !== undefined) return { kind: 'tooLarge', detail: this.tooLarge }
    if (this.detail !== undefined) return { kind: 'malformed', detail: this.detail }
    this.writeCookie()
    if (this.pseudo.protocol !== undefined) this.writeUpgrade(this.pseudo.protocol, key())
    else if (hasBody && !this.hasLength) this.writeLine(CHUNKED)
    this.write(LINE_END, 0, LINE_END.length)
    if (this.tooLarge !== undefined) return { kind: 'tooLarge', detail: this.tooLarge }
    const { head } = this
    return { kind: 'head', bytes: head.bytes, start: head.start, end: head.end }
  }

  /** The head that was built last is wanted: where it lies from now on. One that is not kept is written over by the next. */
  settle(): { readonly bytes: Buffer; readonly start: number; readonly end: number } {
    this.head.settle()
    return this.head
  }

  /** It stays there. */
  keep(): void {
    this.head.keep()
  }

  /** It asks for a tunnel (RFC 8441). */
  get isExtendedConnect(): boolean {
    return this.pseudo.protocol !== undefined
  }

  private onPseudo(kind: Pseudo, field: Field): void {
    if (this.hasRegular) return this.spoil(`:${kind} stands behind a regular field`)
    if (this.pseudo[kind] !== undefined) return this.spoil(`:${kind} stands twice`)
    this.pseudo[kind] = field
  }

  private onRegular(kind: FieldKind, field: Field): void {
    if (!this.hasRegular) this.beginHead()
    this.count += 1
    if (this.count > this.limits.maxFields) {
      this.tooLarge = `a message may have at most ${this.limits.maxFields} fields`
      return
    }
    if (kind === 'cookie') {
      this.crumbs.push(field)
      return
    }
    if (kind === 'host' && this.isSameHost(field)) return
    if (kind === 'length') this.hasLength = true
    this.writeLine(field)
  }

  /** Of `:authority` there is a line already. */
  private isSameHost(field: Field): boolean {
    const { authority } = this.pseudo
    if (authority === undefined) return false
    if (valueOf(field).toLowerCase() !== valueOf(authority).toLowerCase())
      this.spoil('host is not what :authority says')
    return true
  }

  /** Of the pseudo-fields, which are all there now. */
  private beginHead(): void {
    this.hasRegular = true
    const { method, authority } = this.pseudo
    this.detail ??= this.faultOfPseudo()
    if (this.detail !== undefined || method === undefined) return
    if (this.pseudo.protocol !== undefined) this.write(GET, 0, GET.length)
    else {
      this.write(method.line, valueStart(method), valueEnd(method))
      this.write(SPACE, 0, 1)
    }
    // A CONNECT has no path: the parser tells that it is not served.
    const target = this.pseudo.path ?? authority
    if (target !== undefined) this.write(target.line, valueStart(target), valueEnd(target))
    this.write(VERSION_LINE, 0, VERSION_LINE.length)
    if (authority === undefined) return
    const at = this.head.length
    this.write(HOST_NAME, 0, HOST_NAME.length)
    this.write(authority.line, valueStart(authority), authority.line.length)
    this.head.endLine(at, HOST_NAME.length - 2, names.HOST)
  }

  /** RFC 9113 8.3.1; for CONNECT 8.5 and RFC 8441 4. */
  private faultOfPseudo(): string | undefined {
    const { method, scheme, path, protocol, authority } = this.pseudo
    if (method === undefined) return ':method is missing'
    // Most others are told apart by their length.
    const isConnect = valueEnd(method) - valueStart(method) === CONNECT_LENGTH && valueOf(method) === 'CONNECT'
    if (protocol !== undefined && !isConnect) return ':protocol belongs to CONNECT'
    if (isConnect && protocol === undefined) {
      if (scheme !== undefined || path !== undefined) return 'CONNECT has no :scheme and no :path'
      return authority === undefined ? ':authority is missing' : undefined
    }
    if (scheme === undefined) return ':scheme is missing'
    if (path === undefined) return ':path is missing'
    // In any other form it would name another authority than the one that is judged.
    const first = path.line[valueStart(path)]
    const isAsterisk = first === ASTERISK && valueEnd(path) - valueStart(path) === 1
    if (first !== SLASH && !isAsterisk) return ':path must begin with /'
    if (valueStart(method) === valueEnd(method)) return ':method is empty'
    return undefined
  }

  /** RFC 9113 8.2.3. */
  private writeCookie(): void {
    if (this.crumbs.length === 0) return
    const at = this.head.length
    let between = COOKIE_NAME
    for (const crumb of this.crumbs) {
      this.write(between, 0, between.length)
      this.write(crumb.line, valueStart(crumb), valueEnd(crumb))
      between = CRUMB_END
    }
    this.write(LINE_END, 0, LINE_END.length)
    this.head.endLine(at, COOKIE_NAME.length - 2, COOKIE_KIND)
    this.crumbs.length = 0
  }

  /** What HTTP/1.1 asks a backend for instead of an extended CONNECT (RFC 8441 5, RFC 6455 4.1). */
  private writeUpgrade(protocol: Field, key: string): void {
    this.writeLine(makeField('connection', 'upgrade'))
    this.writeLine(makeField('upgrade', valueOf(protocol)))
    this.writeLine(makeField('sec-websocket-key', key))
  }

  private writeLine(field: Field): void {
    this.head.writeLine(field)
    if (this.head.isOver) this.overflow()
  }

  private write(bytes: Buffer, start: number, end: number): void {
    this.head.write(bytes, start, end)
    if (this.head.isOver) this.overflow()
  }

  private overflow(): void {
    this.tooLarge ??= `a head may have at most ${this.limits.maxHeadBytes} bytes`
  }

  private spoil(detail: string): void {
    this.detail = detail
  }
}

const SPACE = Buffer.from(' ')
const COOKIE_KIND = names.fieldKind(COOKIE_NAME, 0, COOKIE_NAME.length - 2)

const nothingPseudo = (): { [P in Pseudo]: Field | undefined } => ({
  method: undefined,
  scheme: undefined,
  authority: undefined,
  path: undefined,
  protocol: undefined,
})

/** A name for people, where it is short and safe. */
const shown = (field: Field): string => JSON.stringify(nameOf(field).slice(0, 40))
