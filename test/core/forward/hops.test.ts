import { describe, expect, test } from 'bun:test'
import { forwardsLeft, stopOf } from '../../../core/forward/hops.ts'
import { parseRequest } from '../../support/http1-heads.ts'

const requestWith = (lines: string, method = 'GET') => parseRequest(`${method} /p HTTP/1.1\r\nHost: a\r\n${lines}\r\n`)

describe('stopOf', () => {
  test.each([
    'Via: 1.1 smartedge, 1.1 smartedge\r\n',
    'Via: 1.1 smartedge\r\nX: y\r\nvia: 1.0 x, HTTP/1.1 SmartEdge (a comment)\r\n',
    'Via: 1.1 a,,1.1\tsmartedge , 1.1 b\r\nVia: 1.1  smartedge\r\n',
    `Via: ${'1.1 smartedge, '.repeat(1000)}\r\n`,
  ])('tells a loop by %p', (lines) => {
    expect(stopOf(requestWith(lines))).toEqual({ kind: 'loop' })
    expect(stopOf(requestWith(`${lines}Max-Forwards: 0\r\n`, 'TRACE'))).toEqual({ kind: 'loop' })
  })

  test.each([
    '',
    'Via:\r\n',
    'Via: 1.1 smartedge\r\n',
    'Via: 1.1 smartedge, 1.1 smartedgex, 1.1 xsmartedge, 1.1 smartedge:80\r\n',
    'Via: 1.1 smartedge, smartedge, 1.1 a smartedge, 1.1\r\n',
    'X-Via: 1.1 smartedge, 1.1 smartedge\r\n',
    `Via: ${'1.1 other, '.repeat(1000)}\r\n`,
  ])('lets %p go on', (lines) => {
    expect(stopOf(requestWith(lines))).toBeUndefined()
  })

  test('ends OPTIONS and TRACE without forwards left, and no other method', () => {
    expect(stopOf(requestWith('Max-Forwards: 0\r\n', 'OPTIONS'))).toEqual({ kind: 'options' })
    expect(stopOf(requestWith('Max-Forwards: 00\r\n', 'TRACE'))).toMatchObject({ kind: 'trace' })
    for (const method of ['GET', 'POST', 'trace', 'OPTIONSX']) {
      expect(stopOf(requestWith('Max-Forwards: 0\r\n', method))).toBeUndefined()
    }
    for (const value of ['1', '', '-0', '0x0', '0, 0', 'x']) {
      expect(stopOf(requestWith(`Max-Forwards: ${value}\r\n`, 'TRACE'))).toBeUndefined()
    }
  })

  test('shows a TRACE what it came as, but for what may be secret', () => {
    const lines = 'via: 1.1 x\xff\r\nCookie: a=b\r\nAuthorization: c\r\nX-Api-Key: d\r\nMax-Forwards:0 \r\n'
    expect(stopOf(requestWith(lines, 'TRACE'))).toEqual({
      kind: 'trace',
      message: 'TRACE /p HTTP/1.1\r\nHost: a\r\nvia: 1.1 x\xff\r\nMax-Forwards:0 \r\n\r\n',
    })
  })
})

describe('forwardsLeft', () => {
  test.each([
    ['0', 0],
    ['1', 1],
    ['010', 10],
    ['255', 255],
    ['256', 256],
    ['257', 256],
    ['9'.repeat(1000), 256],
    ['', undefined],
    ['1.5', undefined],
    ['+1', undefined],
  ])('of %p is %p', (value, left) => {
    for (const method of ['OPTIONS', 'TRACE']) {
      expect(forwardsLeft(requestWith(`Max-Forwards: ${value}\r\n`, method))).toBe(left)
    }
    expect(forwardsLeft(requestWith(`Max-Forwards: ${value}\r\n`, 'GET'))).toBeUndefined()
  })

  test('is unbounded without the field', () => expect(forwardsLeft(requestWith('', 'TRACE'))).toBeUndefined())
})
