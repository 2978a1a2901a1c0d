import { describe, expect, test } from 'bun:test'
import { formatDuration, formatSize, parseDurationMs, parseSizeBytes } from '../../../core/config/read/units.ts'

describe('durations', () => {
  test.each([
    ['0ms', 0],
    ['500ms', 500],
    ['5s', 5000],
    ['1.5s', 1500],
    ['1m', 60_000],
    ['24h', 86_400_000],
  ])('reads %p as ms', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms)
  })

  test.each([
    '',
    '5',
    's',
    '5 s',
    ' 5s',
    '5s ',
    '-5s',
    '+5s',
    '5S',
    '5sec',
    '1h30m',
    '.5s',
    '5.s',
    '1e3s',
    '0.1ms',
    '٥s',
    '9'.repeat(400) + 's',
    '5s\n',
  ])('refuses %p', (text) => {
    expect(parseDurationMs(text)).toBeUndefined()
  })

  test.each([
    [0, '0ms'],
    [1, '1ms'],
    [1500, '1500ms'],
    [90_000, '90s'],
    [3_600_000, '1h'],
  ])('writes %p ms in its shortest exact form', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
    expect(parseDurationMs(text)).toBe(ms)
  })
})

describe('sizes', () => {
  test.each([
    ['0B', 0],
    ['64KiB', 65_536],
    ['0.5KiB', 512],
    ['1MiB', 1_048_576],
    ['2GiB', 2_147_483_648],
  ])('reads %p as bytes', (text, bytes) => {
    expect(parseSizeBytes(text)).toBe(bytes)
  })

  test.each(['', '64', '64KB', '64kib', '64 KiB', '-1B', '0.3B', '999999999999999GiB'])('refuses %p', (text) => {
    expect(parseSizeBytes(text)).toBeUndefined()
  })

  test('writes the largest unit that divides', () => {
    expect([0, 1536, 65_536, 1_048_576].map(formatSize)).toEqual(['0B', '1536B', '64KiB', '1MiB'])
  })
})
