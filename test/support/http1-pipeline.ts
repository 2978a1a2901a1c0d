/** The messages that a pipeline holds. */
import { ProtocolError } from '../../core/errors.ts'
import { createBodyReader } from '../../core/http1/body-reader.ts'
import { INCOMPLETE } from '../../core/http1/field-section.ts'
import { frameRequest } from '../../core/http1/framing.ts'
import { RequestHead } from '../../core/http1/request-head.ts'
import { bytesOf, limits } from './http1-bytes.ts'
import { viewRequest } from './http1.ts'

export interface Message {
  readonly method: string
  readonly target: string
  readonly body: string
}

/** The whole messages at the start of a pipeline, as the codec finds them. */
export function readPipeline(text: string): Message[] {
  const bytes = bytesOf(text)
  const head = new RequestHead(limits.maxFields)
  const messages: Message[] = []
  let position = 0
  try {
    for (;;) {
      const headEnd = head.parse(bytes, position, bytes.length, limits)
      if (headEnd === INCOMPLETE) return messages
      const { method, target, contentLength } = viewRequest(head)
      const reader = createBodyReader(frameRequest(head.fields), contentLength, limits, false)
      let body = ''
      const sink = {
        onBody: (from: Buffer, start: number, end: number) => void (body += from.toString('latin1', start, end)),
      }
      position = reader?.read(bytes, headEnd, bytes.length, sink) ?? headEnd
      if (reader !== undefined && !reader.isDone) return messages
      messages.push({ method, target, body })
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    return messages
  }
}
