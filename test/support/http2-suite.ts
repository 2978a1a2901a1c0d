/**
 * What RFC 9113, 7541 and 8441 demand of a server, as cases in bytes: each is sent whole, and once more byte by byte. A fault of
 * a stream must leave the connection able to answer; one of the connection must end it by GOAWAY.
 */
import { describe, expect, test } from 'bun:test'
import * as type from '../../core/http2/frames.ts'
import { recordRequest } from './http1-ends.ts'
import { block, END_STREAM, frame, GET, number32, ping } from './http2.ts'
import { http2Client, type Http2ClientOptions } from './http2-client.ts'

/** What is sent, and all that comes back, in order, behind what a server says first. */
export type Case = readonly [title: string, sent: string, ...expected: string[]]

export const OK = ['HEADERS 1 :status=200 date=now content-length=2', 'DATA 1 end ok']
export const OK3 = ['HEADERS 3 :status=200 date=now content-length=2', 'DATA 3 end ok']
export const PADDED = type.FLAG_PADDED
export const PRIORITY = type.FLAG_PRIORITY
export const padded = (padding: number, content: string): string =>
  String.fromCharCode(padding) + content + '\0'.repeat(padding)
export const dependency = (on: number): string => `${number32(on)}\x10`
export const without = (...names: string[]): typeof GET => GET.filter(([name]) => !names.includes(name))
export const withField = (name: string, value: string): typeof GET => [...GET, [name, value]]
/** Who neither answers nor takes the body. */
export const waiting: Http2ClientOptions = { onRequest: (stream) => void recordRequest(stream) }

/** A request whose head comes in two frames. */
export const opening = frame(type.HEADERS, END_STREAM, 1, block(GET.slice(0, 2)))
export const rest = block(GET.slice(2))

/** What comes back is what is expected, in this order, behind what a server says first. */
function holds(sent: string, expected: readonly string[], options: Http2ClientOptions, pieceBytes: number): void {
  const client = http2Client({ ...options, isSilent: true })
  client.send(sent, pieceBytes)
  const lines = client.frames.lines.filter(
    (line) => !line.startsWith('SETTINGS') && !line.startsWith('WINDOW_UPDATE 0'),
  )
  expect(lines).toEqual([...expected])
  const isOver = expected.some((line) => line.startsWith('GOAWAY'))
  expect(client.socket.hasShut).toBe(isOver)
  if (!isOver) expect(client.send(ping('alive?!!'))).toEqual(['PING ack alive?!!'])
}

/** A section of the RFC. */
export function suite(section: string, cases: readonly Case[], options: Http2ClientOptions = {}): void {
  describe(section, () => {
    for (const [title, sent, ...expected] of cases) {
      test(title, () => {
        holds(sent, expected, options, Infinity)
        holds(sent, expected, options, 1)
      })
    }
  })
}
