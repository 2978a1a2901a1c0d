/** An exchange that is over -> one line of text, in which nobody can write a line or a value of their own. */
import { clientAddress } from '../forward/client-address.ts'
import type { ExchangeRecord } from '../exchange/record.ts'
import type { FieldSection } from '../http1/field-section.ts'
import { INVALID } from '../trace/told.ts'
import { readTraceparent } from '../trace/trace-context.ts'
import { clfTime, isoTime } from './times.ts'
import { hideInField, hideInTarget, hiding, type IsHidden } from './hide.ts'
import type { FieldName, LineField, LineFormat } from './policy.ts'

/** As nginx has it: the client left before it had an answer. No status of HTTP. */
export const CLIENT_LEFT = 499

type Value = string | number | undefined

/** What the values of one line are made of. */
interface Facts {
  readonly record: ExchangeRecord
  /** Epoch ms of its end. */
  readonly wallTime: number
  readonly isHidden: IsHidden
}

/** `wallTime`: epoch ms at the record's end. Without a line end. */
export type FormatLine = (record: ExchangeRecord, wallTime: number) => string

export function lineFormat(format: LineFormat, hidden: readonly string[]): FormatLine {
  const isHidden = hiding(hidden)
  if (format.kind === 'json') {
    const members = format.fields.map(memberOf)
    return (record, wallTime) => {
      const facts = { record, wallTime, isHidden }
      let line = ''
      for (const textOf of members) {
        const text = textOf(facts)
        line = line === '' && text !== '' ? `{${text.slice(1)}` : line + text
      }
      return line === '' ? '{}' : `${line}}`
    }
  }
  const parts = format.parts.map((part) => (typeof part === 'string' ? asBytes(part) : textOf(part.field)))
  return (record, wallTime) => {
    const facts = { record, wallTime, isHidden }
    let line = ''
    for (const part of parts) line += typeof part === 'string' ? part : part(facts)
    return line
  }
}

/** Most of their values are among the last few. */
const OF_FEW = new Set<FieldName>([
  'time',
  'localTime',
  'client',
  'method',
  'status',
  'ending',
  'requestBytes',
  'pool',
  'backend',
  'attempts',
  'host',
  'protocol',
  'scheme',
])
const MAX_KNOWN = 256
const MAX_KNOWN_CHARS = 256

/** Of a JSON object: with the comma before it; empty where there is no value. */
function memberOf(name: FieldName): (facts: Facts) => string {
  const start = `,${JSON.stringify(name)}:`
  const read = readerOf(name)
  const textFor = (value: Value): string => (value === undefined ? '' : jsonOf(value, start))
  return OF_FEW.has(name) ? remembering(read, textFor) : (facts) => textFor(read(facts))
}

/** Short texts of the newest values are kept, and all of them thrown away once there are many. */
function remembering(read: (facts: Facts) => Value, textFor: (value: Value) => string): (facts: Facts) => string {
  const known = new Map<Value, string>()
  let [last, text]: [Value, string] = [undefined, '']
  return (facts) => {
    const value = read(facts)
    if (value === last) return text
    last = value
    const found = known.get(value)
    if (found !== undefined) return (text = found)
    text = textFor(value)
    if (text.length > MAX_KNOWN_CHARS) return text
    if (known.size >= MAX_KNOWN) known.clear()
    // In one piece: a text of pieces would be put together in each line anew.
    text = Buffer.from(text, 'latin1').toString('latin1')
    known.set(value, text)
    return text
  }
}

export const statusOf = ({ ending }: ExchangeRecord): number =>
  ending.kind === 'abandoned' ? CLIENT_LEFT : ending.status

const readers: Readonly<Record<LineField, (facts: Facts) => Value>> = {
  time: ({ wallTime }) => isoTime(wallTime),
  localTime: ({ wallTime }) => clfTime(wallTime),
  client: ({ record: { client, identity } }) =>
    identity.isTrusted ? clientAddress(identity, client.readHead()) : identity.address || undefined,
  method: ({ record: { line } }) => line.method || undefined,
  target: ({ record: { line }, isHidden }) => hideInTarget(line.target, isHidden) || undefined,
  protocol: ({ record: { line } }) => line.protocol || undefined,
  scheme: ({ record: { identity } }) => identity.scheme,
  host: ({ record: { client } }) => client.readHead().fields.valueNamed('host'),
  status: ({ record }) => statusOf(record),
  ending: ({ record: { ending } }) => ending.kind,
  reason: ({ record: { ending } }) => (ending.kind === 'refused' ? (ending.reason ?? ending.detail) : undefined),
  durationMs: ({ record: { startedAt, endedAt } }) => rounded(endedAt - startedAt),
  firstByteMs({ record: { startedAt, attempts } }) {
    const respondedAt = attempts.at(-1)?.respondedAt
    return respondedAt === undefined ? undefined : rounded(respondedAt - startedAt)
  },
  requestBytes: ({ record }) => record.requestBytes,
  responseBytes: ({ record }) => record.responseBytes,
  pool: ({ record }) => record.pool,
  backend: ({ record: { attempts } }) => attempts.at(-1)?.backend,
  attempts: ({ record: { attempts } }) => attempts.length,
  user: ({ record: { subject } }) => subject && nameIn(subject.key),
  trace_id: ({ record }) => record.trace?.traceId ?? traceIdIn(record.client.readHead().fields),
  span_id: ({ record }) => record.trace?.spanId,
}

/** Of the trace that a client tells of, though nothing of it is traced here. */
function traceIdIn(fields: FieldSection): string | undefined {
  const told = readTraceparent(fields)
  return told === INVALID ? undefined : told?.traceId
}

/** `client 7` -> `7`; `token ["issuer","ann"]` -> `ann`. */
function nameIn(key: string): string {
  const name = key.slice(key.indexOf(' ') + 1)
  return name.startsWith('[') ? String((JSON.parse(name) as unknown[]).at(-1)) : name
}

function readerOf(name: FieldName): (facts: Facts) => Value {
  if (!name.startsWith('header:')) return readers[name as LineField]
  const field = name.slice('header:'.length)
  return ({ record: { client }, isHidden }) => {
    const value = client.readHead().fields.valueNamed(field)
    return value && hideInField(field, value, isHidden)
  }
}

/** A config's text, one character a byte. */
const asBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

/** A name stands without quotes in the well-known formats: it may not hold what ends it there. */
function textOf(name: FieldName): (facts: Facts) => string {
  const read = readerOf(name)
  if (name !== 'user') return (facts) => plain(read(facts))
  return (facts) => plain(read(facts)).replace(/[ [\]]/g, asEscape)
}

const asEscape = (char: string): string => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000

/** `value` behind `start`, in one go. Of bytes as characters: what is not ASCII stands as an escape, whatever it was meant to be. */
function jsonOf(value: string | number, start: string): string {
  if (typeof value === 'number') {
    const whole = Math.floor(value)
    return `${start}${whole}${THOUSANDTHS[Math.round((value - whole) * 1000)]}`
  }
  if (HARMLESS.test(value)) return `${start}"${value}"`
  return (
    start +
    JSON.stringify(value).replace(/[\x7f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
  )
}

/** ``, `.001` to `.999`, without zeros at the end. */
const THOUSANDTHS = Array.from({ length: 1000 }, (_, part) => String(part / 1000).slice(1))

const HARMLESS = /^[ !#-[\]-~]*$/

/** As Apache and nginx write it: `-` for nothing, what could end a value or a line as `\xHH`. */
function plain(value: Value): string {
  if (value === undefined || value === '') return '-'
  if (typeof value === 'number') return String(value)
  if (HARMLESS.test(value)) return value
  return value.replace(/[^ !#-[\]-~]/g, asEscape)
}
