/** An answer whose body is to be a JSON object: as the APIs of etcd and Kubernetes give it, and say in it why they refuse. */
import type { Answer } from '../net/ask.ts'
import { type JsonObject, parseObject } from './json.ts'

export type ObjectAnswer =
  | { readonly kind: 'said'; readonly said: JsonObject }
  | { readonly kind: 'refused'; readonly status: number; readonly said: JsonObject }
  /** Nobody answers, or with what makes no sense; why, in words. */
  | { readonly kind: 'fault'; readonly reason: string }

/** `maxBytes`: what was asked with. */
export function readObjectAnswer(answer: Answer, maxBytes: number): ObjectAnswer {
  if (answer.kind === 'failed') return { kind: 'fault', reason: `cannot be asked: ${answer.detail}` }
  const { status, body } = answer
  if (body === undefined) return { kind: 'fault', reason: `answers with more than ${maxBytes} bytes` }
  const said = parseObject(body.toString())
  if (status !== 200) return { kind: 'refused', status, said: said ?? {} }
  return said === undefined ? { kind: 'fault', reason: 'says what is not JSON' } : { kind: 'said', said }
}
