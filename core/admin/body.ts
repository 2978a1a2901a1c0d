/** Request bodies of the admin API: JSON, of bounded size and depth, said to be JSON, as their schemas want them. */
import { readTree } from '../config/read/tree.ts'
import type { Bodies, BodyName } from './body-schemas.ts'
import { checkBody } from './check-body.ts'
import { problem, sentences } from './problem.ts'
import type { AdminRequest } from './request.ts'

export type Body<T> =
  { readonly kind: 'body'; readonly value: T } | { readonly kind: 'refused'; readonly response: Response }

const refused = (response: Response) => ({ kind: 'refused', response }) as const

/** An edit has some hundred bytes. More is for whoever may make changes: bodies that are held keep others' out. */
const maxEditBytes = 64 * 1024

/** JSON as text; empty when there is no body. A body without a type is taken for JSON (RFC 9110 8.3). */
export async function readText(request: AdminRequest, maxBytes = maxEditBytes): Promise<Body<string>> {
  if (!request.hasBody) return { kind: 'body', value: '' }
  // Forms of web pages send other types: browsers ask before they send this one elsewhere.
  if (!/^application\/json *(?:;|$)/i.test(request.field('content-type') ?? 'application/json'))
    return refused(problem(415, 'Send JSON with the header "Content-Type: application/json".'))
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
  // The tree first: it bounds the depth, which those who walk the value rely on.
  const [fault] = readTree(text.value).faults
  if (fault !== undefined) return refused(problem(400, `The body: ${fault.rule}.`))
  try {
    return { kind: 'body', value: JSON.parse(text.value) }
  } catch {
    return refused(problem(400, 'The body must be JSON, without comments and trailing commas.'))
  }
}
