import { describe, expect, test } from 'bun:test'
import { createAnswerReader } from '../../../core/health/answer.ts'
import type { Answer } from '../../../core/health/answer.ts'
import { ProtocolError } from '../../../core/errors.ts'

const limits = { maxHeadBytes: 1024, maxTargetBytes: 256, maxFields: 16 }

function readWhole(text: string): Answer | undefined {
  return createAnswerReader(limits)(Buffer.from(text, 'latin1'))
}

function readByteByByte(text: string): Answer | undefined {
  const read = createAnswerReader(limits)
  for (const byte of Buffer.from(text, 'latin1')) {
    const answer = read(Buffer.of(byte))
    if (answer !== undefined) return answer
  }
  return undefined
}

describe('createAnswerReader', () => {
  const answers: readonly (readonly [says: string, text: string, status: number, reason: string])[] = [
    ['a plain answer', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 200, 'OK'],
    ['an answer of HTTP/1.0', 'HTTP/1.0 503 Service Unavailable\r\n\r\n', 503, 'Service Unavailable'],
    ['an answer without a reason', 'HTTP/1.1 204 \r\n\r\n', 204, ''],
    ['an answer without the space before its reason', 'HTTP/1.1 204\r\n\r\n', 204, ''],
    [
      'the answer behind interim ones',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 X\r\nA: b\r\n\r\nHTTP/1.1 404 No\r\n\r\n',
      404,
      'No',
    ],
    ['101 as final', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nbytes', 101, 'Switching Protocols'],
    ['a reason of hostile bytes as question marks', 'HTTP/1.1 200 \x9b31m\xe9\r\n\r\n', 200, '?31m?'],
    ['no more than sixty chars of a reason', `HTTP/1.1 200 ${'x'.repeat(500)}\r\n\r\n`, 200, 'x'.repeat(60)],
  ]
  for (const [says, text, status, reason] of answers) {
    test(`reads ${says}`, () => {
      expect(readWhole(text)).toEqual({ status, reason })
      expect(readByteByByte(text)).toEqual({ status, reason })
    })
  }

  const unfinished: readonly (readonly [says: string, text: string])[] = [
    ['nothing', ''],
    ['half a status line', 'HTTP/1.1 20'],
    ['a head without its empty line', 'HTTP/1.1 200 OK\r\nA: b\r\n'],
    ['interim answers alone', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(50)],
  ]
  for (const [says, text] of unfinished) {
    test(`waits for more after ${says}`, () => {
      expect(readWhole(text)).toBeUndefined()
      expect(readByteByByte(text)).toBeUndefined()
    })
  }

  const invalid: readonly (readonly [says: string, text: string])[] = [
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['a TLS alert', '\x15\x03\x03\x00\x02\x02\x46'],
    ['HTTP/2', 'HTTP/2 200 OK\r\n\r\n'],
    ['a status of letters', 'HTTP/1.1 abc OK\r\n\r\n'],
    ['a status beyond 599', 'HTTP/1.1 999 OK\r\n\r\n'],
    ['bare line feeds', 'HTTP/1.1 200 OK\n\n'],
    ['both framing headers', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a head beyond the limit', `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(2000)}\r\n\r\n`],
    ['interim answers without end', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(65)],
    ['an endless head', `HTTP/1.1 200 ${'x'.repeat(2000)}`],
  ]
  for (const [says, text] of invalid) {
    test(`refuses ${says}`, () => {
      expect(() => readWhole(text)).toThrow(ProtocolError)
      expect(() => readByteByByte(text)).toThrow(ProtocolError)
    })
  }
})
