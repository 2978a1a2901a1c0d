/** A request as the admin API's routes see it, whatever it came by; and one that has been read from a head. */
import type { RequestHead } from '../http1/request-head.ts'

export interface AdminRequest {
  readonly method: string
  /** Of the target, as sent, without a query. */
  readonly path: string
  /** Behind the question mark, as sent; undefined: there is none. */
  readonly query: string | undefined
  /** Whether a body is announced; it may turn out to be empty. */
  readonly hasBody: boolean
  /** Value of the field of that lower-case name, of several lines as one list; undefined without. */
  field(name: string): string | undefined
  /** To be called once. Never rejects. */
  readBody(maxBytes: number): Promise<BodyRead>
}

export type BodyRead =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'too-large' }
  /** So many bytes of others' are held already. */
  | { readonly kind: 'no-room' }
  /** Nobody waits for an answer any more. */
  | { readonly kind: 'gone' }

/** What outlives the head, which is valid within one event only. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly query: string | undefined
  readonly isHead: boolean
  /** Bytes of the body as announced; undefined: it comes in chunks. */
  readonly contentLength: number | undefined
  readonly fields: ReadonlyMap<string, string>
}

export function readAsked(head: RequestHead): Asked {
  const { fields: section } = head
  const fields = new Map<string, string>()
  for (let index = 0; index < section.count; index += 1) {
    const name = section.bytes.toString('latin1', section.starts[index], section.colons[index]).toLowerCase()
    const before = fields.get(name)
    fields.set(name, before === undefined ? section.value(index) : `${before}, ${section.value(index)}`)
  }
  const contentLength = section.isChunked ? undefined : Math.max(0, section.contentLength)
  return { method: head.method, path: head.path, query: head.query, isHead: head.isHead, contentLength, fields }
}
