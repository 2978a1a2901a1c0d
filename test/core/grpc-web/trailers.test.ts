import { describe, expect, test } from 'bun:test'
import { frameOfTrailers, problemFrame, takeTrailers, trailerFrame } from '../../../core/grpc-web/trailers.ts'
import { copyLines, dropTable, markNames } from '../../../core/forward/forwarded-fields.ts'
import { textOf } from '../../support/http1-bytes.ts'
import { parseResponse } from '../../support/http1-heads.ts'

const fieldsOf = (lines: string) => parseResponse(`HTTP/1.1 200 OK\r\n${lines}\r\n`).fields

/** Its lines, once the prefix has been found to be what it must be. */
function linesOf(frame: Buffer): string {
  expect([frame[0], frame.readUInt32BE(1)]).toEqual([0x80, frame.length - 5])
  return textOf(frame.subarray(5))
}

describe('the frame of trailers', () => {
  test('has their lines, with names in lower case', () => {
    const frame = frameOfTrailers(fieldsOf('GRPC-Status:  0 \r\nX-A: \xfc\r\nx-a:\r\n'))
    expect(linesOf(frame)).toBe('grpc-status: 0\r\nx-a: \xfc\r\nx-a: \r\n')
  })

  test('leaves out what trailers must not carry, and what admission keeps from clients', () => {
    const fields = fieldsOf('grpc-status: 0\r\nset-cookie: a\r\nx-secret: b\r\ncontent-length: 3\r\n')
    markNames(fields, ['x-secret'])
    expect(linesOf(frameOfTrailers(fields))).toBe('grpc-status: 0\r\n')
  })

  test.each([
    ['no trailers', undefined, ''],
    ['others', fieldsOf('x-a: 1\r\n'), 'x-a: 1\r\n'],
  ])('says that there is no status when there are %s', (_, fields, lines) => {
    expect(linesOf(frameOfTrailers(fields))).toBe(
      `${lines}grpc-status: 2\r\ngrpc-message: the backend told no status\r\n`,
    )
  })

  test('tells of a problem of ours', () => {
    expect(linesOf(problemFrame({ status: 503, detail: 'nobody: ü' }))).toBe(
      'grpc-status: 14\r\ngrpc-message: nobody: %C3%BC\r\n',
    )
    expect(linesOf(problemFrame({ status: 502, detail: 'reset', grpcStatus: 13 }))).toStartWith('grpc-status: 13\r\n')
  })

  test('may be long', () => expect(linesOf(trailerFrame('x'.repeat(70_000)))).toHaveLength(70_000))
})

describe('a head that is the whole response', () => {
  test('gives its status away, and tells of metadata in both places', () => {
    const head =
      'date: now\r\nserver: x\r\ncontent-type: application/grpc\r\ngrpc-status: 5\r\ngrpc-message: no\r\n' +
      'grpc-status-details-bin: AA\r\ngrpc-encoding: gzip\r\nx-a: 1\r\n'
    const fields = fieldsOf(head)
    expect(linesOf(takeTrailers(fields)!)).toBe(
      'grpc-status: 5\r\ngrpc-message: no\r\ngrpc-status-details-bin: AA\r\nx-a: 1\r\n',
    )
    const out = Buffer.alloc(1000)
    const end = copyLines(out, 0, fields, fields.start, dropTable())
    expect(textOf(out.subarray(0, end))).toBe(
      'date: now\r\nserver: x\r\ncontent-type: application/grpc\r\ngrpc-encoding: gzip\r\nx-a: 1\r\n',
    )
  })

  test('is none without a status', () => expect(takeTrailers(fieldsOf('x-a: 1\r\n'))).toBeUndefined())
})
