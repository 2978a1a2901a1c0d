import { describe, expect, test } from 'bun:test'
import { FieldSection } from '../../../core/http1/field-section.ts'
import {
  GRPC_CODES,
  grpcCodeOf,
  grpcCodeOfReset,
  grpcMessage,
  httpStatusOf,
  isGrpc,
  parsePushback,
} from '../../../core/http1/grpc.ts'

/** Of a message of that Content-Type; undefined: without one. */
function sectionOf(type: string | undefined): FieldSection {
  const bytes = Buffer.from(`Accept: x\r\n${type === undefined ? '' : `Content-Type: ${type} \r\n`}\r\n`)
  const section = new FieldSection(4)
  section.parse(bytes, 0, bytes.length, { maxHeadBytes: 1000, maxTargetBytes: 100, maxFields: 4 })
  return section
}

describe('gRPC', () => {
  test.each([
    ['application/grpc', true],
    ['application/grpc+proto', true],
    ['Application/GRPC; x=1', true],
    ['application/grpc-web', false],
    ['application/json', false],
    ['application/grp', false],
    ['', false],
    [undefined, false],
  ])('is told by its type: %p is %p', (type, is) => expect(isGrpc(sectionOf(type))).toBe(is))

  test.each([
    [0, 200],
    [4, 504],
    [5, 404],
    [13, 500],
    [14, 503],
    [99, 500],
  ])('has its statuses in HTTP’s words: %d is %d', (code, status) => expect(httpStatusOf(code)).toBe(status))

  test.each([
    [401, 'UNAUTHENTICATED'],
    [404, 'UNIMPLEMENTED'],
    [413, 'RESOURCE_EXHAUSTED'],
    [503, 'UNAVAILABLE'],
    [504, 'DEADLINE_EXCEEDED'],
    [418, 'UNKNOWN'],
  ])('is told of ours in its own: %d is %s', (status, name) =>
    expect(GRPC_CODES[grpcCodeOf(status)]).toBe(name as never),
  )

  test.each([
    [0x0, 'INTERNAL'],
    [0x1, 'INTERNAL'],
    [0x2, 'INTERNAL'],
    [0x3, 'INTERNAL'],
    [0x7, 'UNAVAILABLE'],
    [0x8, 'CANCELLED'],
    [0x9, 'INTERNAL'],
    [0xb, 'RESOURCE_EXHAUSTED'],
    [0xc, 'PERMISSION_DENIED'],
    [0xd, 'INTERNAL'],
    [0xe, 'UNKNOWN'],
    [0xffffffff, 'UNKNOWN'],
  ])('is told of a reset in its own: %d is %s', (code, name) =>
    expect(GRPC_CODES[grpcCodeOfReset(code)]).toBe(name as never),
  )

  test.each([
    ['0', 0],
    ['1500', 1500],
    ['-1', Infinity],
    ['+1', Infinity],
    ['1e3', Infinity],
    ['', Infinity],
    ['9'.repeat(100_000), Infinity],
  ])('has waits that are asked for: %.9s is %d ms', (value, ms) => expect(parsePushback(value)).toBe(ms))

  test('has messages in percent', () => expect(grpcMessage('100 % zu\nviel: ü')).toBe('100 %25 zu%0Aviel: %C3%BC'))
})
