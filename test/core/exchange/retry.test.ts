import { describe, expect, test } from 'bun:test'
import { decideRetry, type FailedAttempt, isIdempotent } from '../../../core/exchange/retry.ts'

/** A GET on a pooled connection that was closed as the request came. */
const stale: FailedAttempt = {
  cause: 'reset',
  wasReused: true,
  hasResponseBegun: false,
  isIdempotent: true,
  hasSentBody: false,
  backendsLeft: 1,
}
const died: FailedAttempt = { ...stale, wasReused: false }
const refused: FailedAttempt = { ...stale, cause: 'connect', wasReused: false }

describe('decideRetry', () => {
  test.each([
    ['a refused connect', refused, 'another'],
    ['a refused connect of a POST', { ...refused, isIdempotent: false }, 'another'],
    ['a refused connect of the last attempt', { ...refused, backendsLeft: 0 }, 'none'],
    ['a lack of our own', { ...refused, cause: 'local' }, 'another'],
    ['a lack of our own, for the last attempt', { ...refused, cause: 'local', backendsLeft: 0 }, 'none'],
    ['a stale connection', stale, 'same'],
    ['a stale connection of the last attempt', { ...stale, backendsLeft: 0 }, 'same'],
    ['a stale connection and a POST', { ...stale, isIdempotent: false }, 'none'],
    ['a stale connection that took body bytes', { ...stale, hasSentBody: true }, 'none'],
    ['a stale connection that gave bytes', { ...stale, hasResponseBegun: true }, 'none'],
    ['a new connection that died', died, 'another'],
    ['a new connection that died and a POST', { ...died, isIdempotent: false }, 'none'],
    ['a new connection that died of the last backend', { ...died, backendsLeft: 0 }, 'none'],
    ['a new connection that took body bytes', { ...died, hasSentBody: true }, 'none'],
    ['a new connection that gave bytes', { ...died, hasResponseBegun: true }, 'none'],
    ['a time-out', { ...stale, cause: 'timeout' }, 'none'],
    ['a malformed response', { ...stale, cause: 'protocol' }, 'none'],
  ] as const)('for %s', (_, failed, retry) => {
    expect(decideRetry(failed)).toBe(retry)
  })
})

describe('isIdempotent', () => {
  test.each(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])('holds for %s', (method) => {
    expect(isIdempotent(method)).toBe(true)
  })

  test.each(['POST', 'PATCH', 'CONNECT', 'get', '', 'BREW', 'constructor'])('does not hold for %p', (method) => {
    expect(isIdempotent(method)).toBe(false)
  })
})
