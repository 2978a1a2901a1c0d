/** Request bodies of the admin API: JSON, of bounded size and depth, said to be JSON, as their schemas want them. */
import { getNodePath } from 'jsonc-parser'
import { formatKey } from '../config/read/reading.ts'
import { type LocatedFault, readTree } from '../config/read/tree.ts'
import type { Bodies, BodyName } from './body-schemas.ts'
import { checkBody } from './check-body.ts'
import { problem, sentences } from './problem.ts'
import type { AdminRequest } from './request.ts'

export type Body<T> =
  { readonly kind: 'body'; readonly value: T } | { readonly kind: 'refused'; readonly response: Response }

const refused = (response: Response) => ({ kind: 'refused', response }) as const

/** An edit has some hundred bytes. More is for whoever may make changes: bodies that are held keep others' out. */
const maxEditBytes = 64 * 1024

export interface TextWanted {
  readonly maxBytes?: number
  /** What it may be, the first one by preference. None is a type that the forms of web pages send: browsers ask before they send others elsewhere. */
  readonly types?: readonly [string, ...string[]]
}

/** A text; empty when there is no body. A body without a type is taken for what is wanted (RFC 9110 8.3). */
export async function readText(request: AdminRequest, wanted: TextWanted = {}): Promise<Body<string>> {
  const { maxBytes = maxEditBytes, types = ['application/json'] } = wanted
  if (!request.hasBody) return { kind: 'body', value: '' }
  const type = (request.field('content-type') ?? types[0]).split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (!types.includes(type))
    return refused(problem(415, `Send ${nameOf(types[0])} with the header "Content-Type: ${types[0]}".`))
  const read = await request.readBody(maxBytes)
  switch (read.kind) {
    case 'bytes':
      return decode(read.bytes)
    case 'too-large':
      return refused(problem(413, `A body of at most ${maxBytes} bytes is read here.`))
    case 'no-room':
      return refused(problem(503, 'Too many bodies are being read; try again.', { headers: { 'retry-after': '1' } }))
    case 'gone':
      return refused(problem(400, 'The body did not come to its end.'))
    default:
      return read satisfies never
  }
}

function decode(bytes: Uint8Array): Body<string> {
  try {
    return { kind: 'body', value: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return refused(problem(400, 'The body must be text in UTF-8.'))
  }
}

/** A JSON value that its schema accepts, without repeated keys. */
export async function readBody<Name extends BodyName>(request: AdminRequest, name: Name): Promise<Body<Bodies[Name]>> {
  const json = await readJson(request)
  if (json.kind === 'refused') return json
  const checked = checkBody(name, json.value)
  if (checked.kind === 'body') return checked
  const { problems } = checked
  return refused(problem(422, sentences(problems, 'The body'), { problems }))
}

async function readJson(request: AdminRequest): Promise<Body<unknown>> {
  const text = await readText(request)
  if (text.kind === 'refused') return text
  const value = readValue(text.value)
  return value.kind === 'value'
    ? { kind: 'body', value: value.value }
    : refused(problem(400, `The body${value.rule.startsWith('must ') ? '' : ':'} ${value.rule}.`))
}

export type JsonValue =
  { readonly kind: 'value'; readonly value: unknown } | { readonly kind: 'fault'; readonly rule: string }

/** The value of a JSON text whose depth is bounded, without repeated keys and `__proto__`; or what is wrong with it. Never throws. */
export function readValue(text: string): JsonValue {
  // The tree first: it bounds the depth, which those who walk the value rely on.
  const [fault] = readTree(text).faults
  if (fault !== undefined) return { kind: 'fault', rule: inWords(fault) }
  try {
    return { kind: 'value', value: JSON.parse(text) }
  } catch {
    return { kind: 'fault', rule: 'must be JSON, without comments and trailing commas' }
  }
}

/** With the key, where it is one that is at fault. */
const inWords = ({ at, rule }: LocatedFault): string =>
  typeof at === 'number' ? rule : `${formatKey(getNodePath(at))} ${rule}`

const nameOf = (type: string): string => (type === 'application/json' ? 'JSON' : 'JSON lines')
