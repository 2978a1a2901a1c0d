import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { type DeadlineField, deadlineLine, readDeadline } from '../../../core/forward/deadline.ts'

const now = Date.UTC(2026, 10, 26, 12, 0, 0)

describe('readDeadline', () => {
  test.each([
    ['grpc-timeout', '1H', 3_600_000],
    ['grpc-timeout', '2M', 120_000],
    ['grpc-timeout', '3S', 3000],
    ['grpc-timeout', '250m', 250],
    ['grpc-timeout', '1500u', 1.5],
    ['grpc-timeout', '500000n', 0.5],
    ['grpc-timeout', '0m', 0],
    ['grpc-timeout', '99999999H', 99_999_999 * 3_600_000],
    ['x-request-deadline', '2026-11-26T12:00:00.250Z', 250],
    ['x-request-deadline', '2026-11-26T12:00:05Z', 5000],
    ['x-request-deadline', '2026-11-26T13:00:05+01:00', 5000],
    ['x-request-deadline', '2026-11-26T11:59:59Z', -1000],
    ['x-request-deadline', '1970-01-01T00:00:00Z', -now],
  ] as const)('%s: %s leaves %p ms', (field, value, ms) => {
    expect(readDeadline(field, value, now)).toBeCloseTo(ms, 6)
  })

  test.each([
    ['grpc-timeout', ''],
    ['grpc-timeout', '5'],
    ['grpc-timeout', 'S'],
    ['grpc-timeout', '5s'],
    ['grpc-timeout', '-5S'],
    ['grpc-timeout', '1.5S'],
    ['grpc-timeout', '123456789S'],
    ['grpc-timeout', '5S '],
    ['grpc-timeout', '5constructor'],
    ['x-request-deadline', ''],
    ['x-request-deadline', '1764158400'],
    ['x-request-deadline', '2026-11-26'],
    ['x-request-deadline', '2026-11-26T12:00:00'],
    ['x-request-deadline', '2026-13-26T12:00:00Z'],
    ['x-request-deadline', '2026-11-26T25:00:00Z'],
    ['x-request-deadline', 'tomorrow'],
  ] as const)('%s: %p says nothing', (field, value) => {
    expect(readDeadline(field, value, now)).toBeUndefined()
  })
})

describe('deadlineLine', () => {
  test.each([
    ['grpc-timeout', 0.0000001, '1n'],
    ['grpc-timeout', 0.25, '250000n'],
    ['grpc-timeout', 250.0009, '250000u'],
    ['grpc-timeout', 99_999_999, '99999999m'],
    ['grpc-timeout', 100_000_500, '100000S'],
    ['grpc-timeout', 99_999_999 * 3_600_000, '99999999H'],
    ['grpc-timeout', Infinity, '99999999H'],
    ['x-request-deadline', 250.9, '2026-11-26T12:00:00.250Z'],
  ] as const)('%s with %p ms left is %s', (field, leftMs, value) => {
    expect(deadlineLine(field, leftMs, now)).toEqual({ field, value })
  })

  test('is read as what it tells, less than a millisecond below it, and never as more', () => {
    const fields = fc.constantFrom<DeadlineField>('grpc-timeout', 'x-request-deadline')
    // Up to a day: no bound that anybody configures is longer.
    fc.assert(
      fc.property(fields, fc.double({ min: 1, max: 86_400_000, noNaN: true }), (field, leftMs) => {
        const read = readDeadline(field, deadlineLine(field, leftMs, now).value, now)
        // An instant has no more digits than a double.
        expect(read).toBeLessThanOrEqual(leftMs + 1e-3)
        expect(read).toBeGreaterThan(leftMs - 1)
      }),
    )
  })
})
