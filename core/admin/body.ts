/** Request bodies of the admin API: JSON, of bounded size and depth, said to be JSON. */
import { maxFileBytes, readTree } from '../config/read/tree.ts'
import { problem } from './problem.ts'

export type Body<T> =
  { readonly kind: 'body'; readonly value: T } | { readonly kind: 'refused'; readonly response: Response }

const refused = (response: Response) => ({ kind: 'refused', response }) as const

/** An edit has some hundred bytes. */
const maxEditBytes = 64 * 1024

/** A config file has up to as many. */
export const maxBodyBytes = maxFileBytes

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

/** Any JSON value without repeated keys. */
export async function readJson(request: Request): Promise<Body<unknown>> {
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

/** An object with some of these keys and no others. */
export async function readObject(request: Request, keys: readonly string[]): Promise<Body<Record<string, unknown>>> {
  const body = await readJson(request)
  if (body.kind === 'refused') return body
  const { value } = body
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refused(problem(400, `The body must be an object with the keys ${keys.join(', ')}.`))
  const unknown = Object.keys(value).filter((key) => !keys.includes(key))
  if (unknown.length === 0 && Object.keys(value).length > 0) return { kind: 'body', value: { ...value } }
  const problems = unknown.map((key) => ({ key, rule: 'is not a known key' }))
  return refused(
    problem(422, `The body must hold at least one of the keys ${keys.join(', ')}, and no others.`, { problems }),
  )
}
