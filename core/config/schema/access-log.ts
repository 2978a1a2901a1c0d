/** `log.access`: what is written of the requests that were answered. */
import { isDeepStrictEqual } from 'node:util'
import {
  type AccessLogPolicy,
  defaultFields,
  type FieldName,
  lineFields,
  type LineFormat,
} from '../../access-log/policy.ts'
import { didYouMean } from '../../suggest.ts'
import { defaults } from '../defaults.ts'
import { list, object } from '../read/containers.ts'
import { convert, type Field, located, orElse } from '../read/field.ts'
import type { Reading } from '../read/reading.ts'
import { duration, number, type Parsed, text } from '../read/scalars.ts'
import { isToken } from './names.ts'
import { statusRange } from './status.ts'

const STDOUT = 'stdout'
const listed = lineFields.join(', ')

const formats: Readonly<Record<string, string>> = {
  common: '{client} - {user} [{localTime}] "{method} {target} {protocol}" {status} {responseBytes}',
  combined:
    '{client} - {user} [{localTime}] "{method} {target} {protocol}" {status} {responseBytes} "{header:referer}" "{header:user-agent}"',
}

const to = text({
  title: 'path, or stdout',
  description:
    'The file that lines are added to, or `stdout`. A file that was moved away is made anew within a second, at once upon SIGUSR1.',
  examples: ['access.log', STDOUT],
  rule: 'must be the path of a file, or "stdout"',
  parse: (written, reading): Parsed<string> =>
    written === '' || written.includes('\0')
      ? { kind: 'fault' }
      : { kind: 'value', value: written === STDOUT ? STDOUT : reading.resolve(written) },
})

function fieldOf(written: string): FieldName | undefined {
  const name = lineFields.find((field) => field === written)
  const header = /^header:(.+)$/.exec(written)?.[1]
  if (name !== undefined || header === undefined) return name
  return isToken(header) ? `header:${header.toLowerCase()}` : undefined
}

const field = text<FieldName>({
  title: 'value of a line',
  description: `One of ${listed}, or \`header:name\` for a field of the request.`,
  rule: `must be one of ${listed}, or "header:name"`,
  parse(written) {
    const value = fieldOf(written)
    return value === undefined ? { kind: 'fault', hint: didYouMean(written, lineFields) } : { kind: 'value', value }
  },
})

const format = text<LineFormat>({
  title: 'json, common, combined, or a text with {values}',
  description: `How a line is made: an object of JSON with the \`fields\`, a well-known format, or a text in which \`{name}\` stands for a value: ${listed}, or \`header:name\`.`,
  examples: ['combined', '{client} {method} {target} {status} {durationMs}'],
  rule: 'must be "json", "common", "combined", or a text with values such as "{client} {status}"',
  parse: parseFormat,
})

function parseFormat(written: string): Parsed<LineFormat> {
  if (written === 'json') return { kind: 'value', value: { kind: 'json', fields: defaultFields } }
  const template = formats[written] ?? written
  if (!/^([^{}\r\n\0]|\{[^{}]*\})*$/.test(template) || !template.includes('{'))
    return { kind: 'fault', hint: didYouMean(written, ['json', ...Object.keys(formats)]) }
  const parts: (string | { readonly field: FieldName })[] = []
  for (const [, literal = '', name] of template.matchAll(/([^{}]*)(?:\{([^{}]*)\})?/g)) {
    if (literal !== '') parts.push(literal)
    if (name === undefined) continue
    const value = fieldOf(name)
    if (value === undefined)
      return {
        kind: 'fault',
        hint: didYouMean(name, lineFields) ?? `there is no value {${name}}, only ${listed}, header:name`,
      }
    parts.push({ field: value })
  }
  return { kind: 'value', value: { kind: 'text', parts } }
}

const hidden = text({
  title: 'name',
  description: 'A parameter of a query, or a field.',
  rule: 'must be a name of a parameter or a field',
  parse: (written) =>
    /^[!-~]{1,128}$/.test(written) ? { kind: 'value', value: written.toLowerCase() } : { kind: 'fault' },
})

const always = object(
  {
    statuses: list(statusRange, {
      description: 'Statuses that are written, 499 standing for a client that left.',
      examples: [['400-599']],
    }),
    slower: duration(defaults['log.access.always.slower'], {
      description: 'Requests that took longer are written.',
      examples: ['500ms'],
    }),
  },
  { description: 'Which requests are written in any case; with it `sample` is 0 unless it is said.' },
)

const access = object(
  {
    to: orElse(to, STDOUT),
    format: orElse(format, { kind: 'json', fields: defaultFields }, 'json'),
    fields: located(
      list(field, { description: 'What an object of JSON holds, in this order.', ifEmpty: 'must not be empty' }),
    ),
    always,
    sample: number(defaults['log.access.sample'], {
      description:
        'What part of the requests is written that `always` does not name, by chance; by default all, with `always` none.',
      examples: [0.01],
    }),
    hide: list(hidden, {
      description:
        'Parameters of a query and fields whose values are not written, besides those that sound secret, such as `token`, `password` or `authorization`.',
      examples: [['email']],
    }),
  },
  { description: 'A line for each request that is over. Without it none is written, and it costs nothing.' },
)

type Body = NonNullable<ReturnType<typeof access.read>>

function policyOf(body: Body, reading: Reading): AccessLogPolicy {
  const { format: found, fields, always: anyway, sample, hide } = body
  if (fields !== undefined && found.kind !== 'json')
    reading.report(fields.node, { rule: 'goes with format "json" only', hint: 'name the values in the format' })
  return {
    path: body.to === STDOUT ? undefined : body.to,
    format: fields === undefined || found.kind !== 'json' ? found : { kind: 'json', fields: fields.value },
    always: anyway && { statuses: anyway.statuses ?? [], slowerMs: anyway.slower },
    sampleRatio: sample ?? (anyway === undefined ? 1 : 0),
    hidden: hide ?? [],
  }
}

/** The same by the keys of the file, for people who are told what a reload changed; what the file need not say is undefined. */
export function accessLogAsWritten({
  path,
  format: found,
  always: anyway,
  sampleRatio,
  hidden: hide,
}: AccessLogPolicy) {
  const isUsual = found.kind === 'text' || isDeepStrictEqual(found.fields, defaultFields)
  return {
    to: path ?? STDOUT,
    format: found.kind === 'json' ? 'json' : nameOf(found.parts),
    fields: isUsual ? undefined : found.fields,
    always: anyway,
    sample: sampleRatio,
    hide: hide.length === 0 ? undefined : hide,
  }
}

/** `combined`, where it is such a one; else the text. */
function nameOf(parts: (LineFormat & { readonly kind: 'text' })['parts']): string {
  const template = parts.map((part) => (typeof part === 'string' ? part : `{${part.field}}`)).join('')
  return Object.keys(formats).find((name) => formats[name] === template) ?? template
}

/** The top level's `log`. */
export const log: Field<{ readonly access: AccessLogPolicy | undefined } | undefined> = object(
  { access: convert(access, (body, _node, reading) => policyOf(body, reading)) },
  { description: 'What is written besides the events on standard error.' },
)
