/** The limits of a head, each at its last valid value and one beyond. */
import { describe, expect, test } from 'bun:test'
import { bytesOf, limits } from '../../support/http1-bytes.ts'
import { readRequest } from '../../support/http1-heads.ts'
import { expectRequest, expectRequestRefused } from '../../support/http1-cases.ts'

const withTarget = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: a.example\r\n\r\n`

describe('limits of a request head', () => {
  const within = { maxHeadBytes: 256, maxTargetBytes: 32, maxFields: 4 }

  test.each([-1, 0, 1])('hold a target at its maximum %d', (delta) => {
    const target = `/${'t'.repeat(31 + delta)}`
    if (delta <= 0) expectRequest(withTarget(target), { target }, within)
    else expectRequestRefused(withTarget(target), /at most 32 bytes/, 414, within)
  })

  test('refuse a target that has not ended yet', () => {
    expect(readRequest([bytesOf(`GET /${'t'.repeat(31)}`)], within)).toEqual({ kind: 'incomplete' })
    expect(readRequest([bytesOf(`GET /${'t'.repeat(32)}`)], within)).toMatchObject({ status: 414 })
  })

  test.each([-1, 0, 1])('hold a method at 64 bytes %d', (delta) => {
    const method = 'M'.repeat(64 + delta)
    const head = `${method} / HTTP/1.1\r\nHost: a\r\n\r\n`
    if (delta <= 0) expectRequest(head, { method }, within)
    else expectRequestRefused(head, /method may have at most 64 bytes/, 400, within)
  })

  test('refuse a method that has not ended yet', () => {
    expect(readRequest([bytesOf('M'.repeat(64))], within)).toEqual({ kind: 'incomplete' })
    expect(readRequest([bytesOf('M'.repeat(65))], within)).toMatchObject({ kind: 'refused', status: 400 })
  })

  test.each([-1, 0, 1])('hold a head at its maximum %d', (delta) => {
    const head = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(224 + delta)}\r\n\r\n`
    expect(head.length).toBe(256 + delta)
    if (delta <= 0) expectRequest(head, { method: 'GET' }, within)
    else expectRequestRefused(head, /at most 256 bytes/, 431, within)
  })

  test.each([-1, 0, 1])('hold a head behind an empty line at its maximum %d', (delta) => {
    const head = `\r\nGET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(222 + delta)}\r\n\r\n`
    if (delta <= 0) expectRequest(head, { method: 'GET' }, within)
    else expectRequestRefused(head, /at most 256 bytes/, 431, within)
  })

  test('refuse a head that has not ended yet', () => {
    const head = (length: number) => bytesOf(`GET / HTTP/1.1\r\nX: ${'x'.repeat(length - 19)}`)
    expect(readRequest([head(255)], within)).toEqual({ kind: 'incomplete' })
    expect(readRequest([head(256)], within)).toMatchObject({ kind: 'refused', status: 431 })
    expect(readRequest([head(100), bytesOf('y'.repeat(156))], within)).toEqual({ kind: 'incomplete' })
    expect(readRequest([head(100), bytesOf('y'.repeat(157))], within)).toMatchObject({ kind: 'refused', status: 431 })
    expect(readRequest([bytesOf(`GET /t HTTP/1.1\r\n${'N'.repeat(239)}`)], within)).toMatchObject({ status: 431 })
  })

  test.each([-1, 0, 1])('hold fields at their maximum %d', (delta) => {
    const head = `GET / HTTP/1.1\r\nHost: a\r\n${'F: v\r\n'.repeat(3 + delta)}\r\n`
    if (delta <= 0) expectRequest(head, { method: 'GET' }, within)
    else expectRequestRefused(head, /at most 4 fields/, 431, within)
  })

  test('are 64 KiB, 16 KiB and 256 as configured by default', () => {
    const fields = 'F: v\r\n'.repeat(254)
    const start = `GET /${'t'.repeat(limits.maxTargetBytes - 1)} HTTP/1.1\r\nHost: a\r\n${fields}X: `
    const fill = limits.maxHeadBytes - start.length - 4
    expect(readRequest([bytesOf(`${start}${'x'.repeat(fill)}\r\n\r\n`)])).toMatchObject({ kind: 'head', rest: '' })
    expect(readRequest([bytesOf(`${start}${'x'.repeat(fill + 1)}\r\n\r\n`)])).toMatchObject({ status: 431 })
    expect(readRequest([bytesOf(`${start}x\r\nY: z\r\n\r\n`)])).toMatchObject({ status: 431 })
  })
})
