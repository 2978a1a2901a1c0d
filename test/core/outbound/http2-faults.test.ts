/** What a backend sends beyond what it may, and what becomes of the windows. */
import { describe, expect, test } from 'bun:test'
import { data, END_HEADERS, headers } from '../../support/http2.ts'
import { http2Backend } from '../../support/http2-backend.ts'
import { head } from '../../support/http2-backend-suite.ts'
import { inEvent } from '../../support/memory-socket.ts'

test('more content than its window fails a response', () => {
  const { end, stream, sink } = http2Backend().begin()
  end.send(head(1))
  inEvent(() => stream.pauseResponse())
  expect(end.send(data(1, 'a'.repeat(16_384)).repeat(4))).toEqual(['RST_STREAM 1 FLOW_CONTROL_ERROR'])
  expect(sink.log.at(-1)).toStartWith('protocol: ')
})

describe('what a failed response has sent', () => {
  const PIECE = 'x'.repeat(4096)
  const SENT = 40 * 4 * PIECE.length
  /** What the backend is told that it may send anew on all streams together. */
  const widenedBy = (lines: readonly string[]): number =>
    lines.reduce((sum, line) => sum + Number(/^WINDOW_UPDATE 0 \+(\d+)$/.exec(line)?.[1] ?? 0), 0)

  test('is given back to its connection, which others use', () => {
    const backend = http2Backend()
    const { end } = backend.begin()
    const lines = Array.from({ length: 40 }, (_, index) => {
      if (index > 0) backend.ask()
      const id = 2 * index + 1
      return end.send(
        headers(
          id,
          [
            [':status', '200'],
            ['content-length', '1'],
          ],
          END_HEADERS,
        ) + data(id, PIECE.repeat(4)),
      )
    })
    expect(widenedBy(lines.flat())).toBe(524_288)
  })

  test('is given back once where it is given up while it is passed on', () => {
    const backend = http2Backend()
    const { end, ...first } = backend.begin()
    const lines = Array.from({ length: 40 }, (_, index) => {
      const { stream, sink } = index === 0 ? first : backend.ask()
      const id = 2 * index + 1
      stream.pauseResponse()
      const sent = end.send(headers(id, [[':status', '200']], END_HEADERS) + data(id, PIECE).repeat(4))
      sink.onBody = () => stream.abort()
      inEvent(() => stream.resumeResponse())
      return [...sent, ...end.got()]
    })
    expect(widenedBy(lines.flat())).toBe(SENT - 131_072)
  })
})
