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
    const members = format.fields.map((name) => ({ key: `${JSON.stringify(name)}:`, read: readerOf(name) }))
    return (record, wallTime) => {
      const facts = { record, wallTime, isHidden }
      let line = ''
      for (const { key, read } of members) {
        const value = read(facts)
        if (value === undefined) continue
        line += `${line === '' ? '{' : ','}${key}${typeof value === 'number' ? value : quoted(value)}`
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

/** Microseconds are as much as the clock tells. */
const rounded = (ms: number): number => Math.round(ms * 1000) / 1000

const HARMLESS = /^[ !#-[\]-~]*$/

/** Of bytes as characters: what is not ASCII stands as an escape, whatever it was meant to be. */
function quoted(text: string): string {
  if (HARMLESS.test(text)) return `"${text}"`
  return JSON.stringify(text).replace(
    /[\x7f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** As Apache and nginx write it: `-` for nothing, what could end a value or a line as `\xHH`. */
function plain(value: Value): string {
  if (value === undefined || value === '') return '-'
  if (typeof value === 'number') return String(value)
  if (HARMLESS.test(value)) return value
  return value.replace(/[^ !#-[\]-~]/g, asEscape)
}
