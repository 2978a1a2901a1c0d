/** What a parsed head says, in plain values. */
import type { FieldSection } from '../../core/http1/field-section.ts'
import type { RequestHead } from '../../core/http1/request-head.ts'
import type { ResponseHead } from '../../core/http1/response-head.ts'

export type Field = readonly [name: string, value: string]

export const fieldsOf = (section: FieldSection): Field[] =>
  Array.from({ length: section.count }, (_, index) => [
    section.bytes.toString('latin1', section.starts[index], section.colons[index]),
    section.value(index),
  ])

export interface RequestView {
  readonly method: string
  readonly target: string
  readonly minorVersion: number
  readonly fields: readonly Field[]
  readonly contentLength: number
  readonly isChunked: boolean
}

export interface ResponseView {
  readonly status: number
  readonly minorVersion: number
  readonly fields: readonly Field[]
  readonly contentLength: number
  readonly isChunked: boolean
}

export const viewRequest = (head: RequestHead): RequestView => ({
  method: head.method,
  target: head.bytes.toString('latin1', head.methodEnd + 1, head.targetEnd),
  minorVersion: head.minorVersion,
  fields: fieldsOf(head.fields),
  contentLength: head.fields.contentLength,
  isChunked: head.fields.isChunked,
})

export const viewResponse = (head: ResponseHead): ResponseView => ({
  status: head.status,
  minorVersion: head.minorVersion,
  fields: fieldsOf(head.fields),
  contentLength: head.fields.contentLength,
  isChunked: head.fields.isChunked,
})
