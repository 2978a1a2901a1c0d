/** An exchange that is over -> one line of text, in which nobody can write a line or a value of their own. */
import { asciiJson, HARMLESS } from '../ascii-json.ts'
import { clientAddress } from '../forward/client-address.ts'
import type { ExchangeRecord } from '../exchange/record.ts'
import type { FieldSection } from '../http1/field-section.ts'
import { grpcCodeOf, isGrpc, nameOfGrpcCode } from '../http1/grpc.ts'
import { INVALID } from '../trace/told.ts'
import { readTraceparent } from '../trace/trace-context.ts'
import { clfTime, isoTime } from './times.ts'
import { hideInField, hideInTarget, hiding, type IsHidden } from './hide.ts'
import type { FieldName, LineField, LineFormat } from './policy.ts'

/** As nginx has it: the client left before it had an answer. No status of HTTP. */
const CLIENT_LEFT = 499

type Value = string | number | undefined

/** A value of a line. */
type Read = (record: ExchangeRecord, wallTime: number) => Value

/** `wallTime`: epoch ms at the record's end. Without a line end. */
export type FormatLine = (record: ExchangeRecord, wallTime: number) => string

export function lineFormat(format: LineFormat, hidden: readonly string[]): FormatLine {
  const isHidden = hiding(hidden)
  if (format.kind === 'json') {
    const members = format.fields.map((name) => memberOf(name, isHidden))
    return (record, wallTime) => {
      let line = ''
      for (const textOf of members) {
        const text = textOf(record, wallTime)
        line = line.length === 0 && text.length > 0 ? `{${text.slice(1)}` : line + text
      }
      return line.length === 0 ? '{}' : `${line}}`
    }
  }
  const parts = format.parts.map((part) => (typeof part === 'string' ? asBytes(part) : textOf(part.field, isHidden)))
  return (record, wallTime) => {
    let line = ''
    for (const part of parts) line += typeof part === 'string' ? part : part(record, wallTime)
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
  'grpcStatus',
])
const MAX_KNOWN = 256
const MAX_KNOWN_CHARS = 256

/** Of a JSON object: with the comma before it; empty where there is no value. */
function memberOf(name: FieldName, isHidden: IsHidden): FormatLine {
  const start = `,${JSON.stringify(name)}:`
  const read = readerOf(name, isHidden)
  const textFor = (value: Value): string => (value === undefined ? '' : jsonOf(value, start))
  return OF_FEW.has(name) ? remembering(read, textFor) : (record, wallTime) => textFor(read(record, wallTime))
}

/** Short texts of the newest values are kept, and all of them thrown away once there are many. */
function remembering(read: Read, textFor: (value: Value) => string): FormatLine {
  const known = new Map<Value, string>()
  let [last, text]: [Value, string] = [undefined, '']
  return (record, wallTime) => {
    const value = read(record, wallTime)
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

const readers: Readonly<Record<Exclude<LineField, 'target'>, Read>> = {
  time: (_record, wallTime) => isoTime(wallTime),
  localTime: (_record, wallTime) => clfTime(wallTime),
  client: ({ client, identity }) =>
    identity.isTrusted ? clientAddress(identity, client.readHead()) : identity.address || undefined,
  method: ({ line }) => line.method || undefined,
  protocol: ({ line }) => line.protocol || undefined,
  scheme: ({ identity }) => identity.scheme,
  grpcStatus: callStatusOf,
  host: ({ client }) => client.readHead().fields.valueNamed('host'),
  status: (record) => statusOf(record),
  ending: ({ ending }) => ending.kind,
  reason: ({ ending }) => (ending.kind === 'refused' ? (ending.reason ?? ending.detail) : undefined),
  durationMs: ({ startedAt, endedAt }) => rounded(endedAt - startedAt),
  firstByteMs({ startedAt, attempts }) {
    const respondedAt = attempts.at(-1)?.respondedAt
    return respondedAt === undefined ? undefined : rounded(respondedAt - startedAt)
  },
  requestBytes: (record) => record.requestBytes,
  responseBytes: (record) => record.responseBytes,
  pool: (record) => record.pool,
  backend: ({ attempts }) => attempts.at(-1)?.backend,
  attempts: ({ attempts }) => attempts.length,
  user: ({ subject }) => subject && nameIn(subject.key),
  trace_id: (record) => record.trace?.traceId ?? traceIdIn(record.client.readHead().fields),
  span_id: (record) => record.trace?.spanId,
  proxy: ({ client }) => client.peer.proxied?.by || undefined,
  uniqueId: ({ client }) => shownId(client.peer.proxied?.uniqueId),
}

/** What a call of gRPC has come to, by name, an answer of ours included. */
function callStatusOf({ ending, attempts, client }: ExchangeRecord): string | undefined {
  if (ending.kind === 'refused')
    return isGrpc(client.readHead().fields) ? nameOfGrpcCode(grpcCodeOf(ending.status)) : undefined
  const code = ending.kind === 'answered' ? attempts.at(-1)?.grpcStatus : undefined
  return code === undefined ? undefined : nameOfGrpcCode(code)
}

/** Of the trace that a client tells of, though nothing of it is traced here. */
function traceIdIn(fields: FieldSection): string | undefined {
  const told = readTraceparent(fields)
  return told === INVALID ? undefined : told?.traceId
}

/** As text where it is one without blanks, else in hexadecimal digits. */
function shownId(id: Buffer | undefined): string | undefined {
  const text = id?.toString('latin1')
  return text === undefined || /^[!-~]+$/.test(text) ? text : id?.toString('hex')
}

/** `client 7` -> `7`; `token ["issuer","ann"]` -> `ann`. */
function nameIn(key: string): string {
  const name = key.slice(key.indexOf(' ') + 1)
  return name.startsWith('[') ? String((JSON.parse(name) as unknown[]).at(-1)) : name
}

function readerOf(name: FieldName, isHidden: IsHidden): Read {
  if (name === 'target') return ({ line }) => hideInTarget(line.target, isHidden) || undefined
  if (!name.startsWith('header:')) return readers[name as keyof typeof readers]
  const field = name.slice('header:'.length)
  return ({ client }) => {
    const value = client.readHead().fields.valueNamed(field)
    return value && hideInField(field, value, isHidden)
  }
}

/** A config's text, one character a byte. */
const asBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

/** A name stands without quotes in the well-known formats: it may not hold what ends it there. */
function textOf(name: FieldName, isHidden: IsHidden): FormatLine {
  const read = readerOf(name, isHidden)
  if (name !== 'user') return (record, wallTime) => plain(read(record, wallTime))
  return (record, wallTime) => plain(read(record, wallTime)).replace(/[ [\]]/g, asEscape)
}

const asEscape = (char: string): string => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000

/** `value` behind `start`, in one go. Of bytes as characters: what is not ASCII stands as an escape, whatever it was meant to be. */
function jsonOf(value: string | number, start: string): string {
  if (typeof value === 'number') {
    const whole = Math.floor(value)
    return `${start}${whole}${THOUSANDTHS[Math.round((value - whole) * 1000)]}`
  }
  return asciiJson(value, start)
}

/** Nothing, `.001` to `.999`, without zeros at the end. */
const THOUSANDTHS = Array.from({ length: 1000 }, (_, part) => String(part / 1000).slice(1))

/** As Apache and nginx write it: `-` for nothing, what could end a value or a line as `\xHH`. */
function plain(value: Value): string {
  if (value === undefined || value === '') return '-'
  if (typeof value === 'number') return String(value)
  if (HARMLESS.test(value)) return value
  return value.replace(/[^ !#-[\]-~]/g, asEscape)
}
