/** Request bodies of the admin API: JSON, of bounded size and depth, said to be JSON, as their schemas want them. */
import { maxFileBytes, readTree } from '../config/read/tree.ts'
import type { Bodies, BodyName } from './body-schemas.ts'
import { checkBody } from './check-body.ts'
import { problem, sentences } from './problem.ts'

export type Body<T> =
  { readonly kind: 'body'; readonly value: T } | { readonly kind: 'refused'; readonly response: Response }

const refused = (response: Response) => ({ kind: 'refused', response }) as const

/** An edit has some hundred bytes. */
const maxEditBytes = 64 * 1024

/** A config file has up to as many. */
export const maxBodyBytes = maxFileBytes

/** Whether one is announced; it may turn out to be empty. */
export const hasBody = (request: Request): boolean => request.body !== null

/**
 * Without the type, a form on any web page could send it: browsers ask before they send `application/json` elsewhere.
 * Empty when there is none.
 */
export async function readText(request: Request, maxBytes = maxBodyBytes): Promise<Body<string>> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/json *(?:;|$)/i.test(type))
    return refused(problem(415, 'Send the header "Content-Type: application/json".'))
  const tooLarge = () => refused(problem(413, `A body of at most ${maxBytes} bytes is read here.`))
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) return tooLarge()
  const bytes = await request.arrayBuffer()
  if (bytes.byteLength > maxBytes) return tooLarge()
  try {
    return { kind: 'body', value: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return refused(problem(400, 'The body must be text in UTF-8.'))
  }
}

/** A JSON value that its schema accepts, without repeated keys. */
export async function readBody<Name extends BodyName>(request: Request, name: Name): Promise<Body<Bodies[Name]>> {
  const json = await readJson(request)
  if (json.kind === 'refused') return json
  const checked = checkBody(name, json.value)
  if (checked.kind === 'body') return checked
  const { problems } = checked
  return refused(problem(422, sentences(problems, 'The body'), { problems }))
}

async function readJson(request: Request): Promise<Body<unknown>> {
  const text = await readText(request, maxEditBytes)
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
