/** An answer whose body is to be JSON; an object of it may say why a question is refused, as etcd and Kubernetes do. */
import type { Answer } from '../net/ask.ts'
import { type JsonObject, parseObject } from './json.ts'

export type JsonAnswer<T> =
  | { readonly kind: 'said'; readonly said: T; readonly fields: Headers }
  | { readonly kind: 'refused'; readonly status: number; readonly said: JsonObject; readonly fields: Headers }
  /** Nobody answers, or with what makes no sense; why, in words. */
  | { readonly kind: 'fault'; readonly reason: string }

export interface Expected<T> {
  /** What was asked with. */
  readonly maxBytes: number
  /** undefined: it is something else. */
  readonly parse: (text: string) => T | undefined
  /** Then it "says what is" this. */
  readonly otherwise: string
}

export function readJsonAnswer<T>(answer: Answer, { maxBytes, parse, otherwise }: Expected<T>): JsonAnswer<T> {
  if (answer.kind === 'failed') return { kind: 'fault', reason: `cannot be asked: ${answer.detail}` }
  const { status, body, fields } = answer
  if (body === undefined) return { kind: 'fault', reason: `answers with more than ${maxBytes} bytes` }
  if (status !== 200) return { kind: 'refused', status, said: parseObject(body.toString()) ?? {}, fields }
  const said = parse(body.toString())
  return said === undefined ? { kind: 'fault', reason: `says what is ${otherwise}` } : { kind: 'said', said, fields }
}
