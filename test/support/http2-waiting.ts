/** A client of HTTP/2 whose requests wait for the test to answer them. */
import type { ClientStream } from '../../core/stream/client-stream.ts'
import { bytesOf } from './http1-bytes.ts'
import { recordRequest, type RecordedRequest } from './http1-ends.ts'
import { parseResponse } from './http1-heads.ts'
import { http2Client, type Http2ClientOptions } from './http2-client.ts'
import { inEvent } from './memory-socket.ts'

export function connect(options: Http2ClientOptions = {}) {
  const records: RecordedRequest[] = []
  const client = http2Client({ onRequest: (stream) => void records.push(recordRequest(stream)), ...options })
  const stream = (index = 0): ClientStream => client.requests[index]!
  const request = (index = 0): RecordedRequest => records[index]!
  /** Does something as a backend's event would; returns the lines that the client gets. */
  const act = (task: () => void): string[] => {
    inEvent(task)
    return client.got()
  }
  return { ...client, stream, request, act }
}

/** Some of the body of a response. */
export const send = (stream: ClientStream, text: string): void => stream.sendBody(bytesOf(text), 0, text.length)
export const HEAD = 'HTTP/1.1 200 OK\r\nDate: now\r\n\r\n'
export const headOf = (text: string) => parseResponse(text)
