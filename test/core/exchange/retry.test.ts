import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import {
  backoffMs,
  decideRetry,
  type Failure,
  isIdempotent,
  isRepeatable,
  isSafe,
  type Retryable,
  type RetryReason,
} from '../../../core/exchange/retry.ts'
import { testRetry } from '../../support/edge.ts'
import { parseRequest } from '../../support/http1-heads.ts'

const get: Retryable = { isRepeatable: true, isBodyLost: false, hasInterim: false, failed: 0, given: 1, refused: 0 }
const post: Retryable = { ...get, isRepeatable: false }
const lost: Retryable = { ...get, isBodyLost: true }
/** Sent to as many as it may be. */
const last: Retryable = { ...get, failed: 1, given: 2 }
const interim: Retryable = { ...get, hasInterim: true }

const failed = (cause: (Failure & { kind: 'failed' })['cause'], facts: object = {}): Failure => ({
  kind: 'failed',
  cause,
  wasReused: false,
  hasResponseBegun: false,
  ...facts,
})
/** On a pooled connection that was closed as the request came. */
const stale = failed('reset', { wasReused: true })
const died = failed('reset')
const begun = { hasResponseBegun: true }
const refused = failed('reset', { wasRefused: true })
const answered = (status: number, retryAfterMs?: number): Failure => ({ kind: 'answered', status, retryAfterMs })

const called = (grpcStatus: number, pushbackMs?: number): Failure => ({ kind: 'called', grpcStatus, pushbackMs })

const policy = testRetry({ statuses: [429, 502, 503], grpcStatuses: [14], maxRetryAfterMs: 1000 })

/** In words: what is done, with which cause, what it costs and how long it waits. */
function told(failure: Failure, request: Retryable, changes: Parameters<typeof testRetry>[0] = {}): string {
  const retry = decideRetry(failure, request, { ...policy, ...changes })
  if (retry.kind !== 'another') return retry.kind
  const { reason, isFree, backsOff, leastMs } = retry
  return ['another', reason, isFree ? 'free' : '', backsOff ? 'backs off' : '', leastMs > 0 ? `${leastMs} ms` : '']
    .filter((word) => word !== '')
    .join(' ')
}

describe('decideRetry', () => {
  test.each([
    ['a refused connect', failed('connect'), get, 'another connect'],
    ['a refused connect of a POST', failed('connect'), post, 'another connect'],
    ['a refused connect where one has failed it', failed('connect'), last, 'another connect'],
    ['a seventh refused connect', failed('connect'), { ...post, given: 7 }, 'another connect'],
    ['an eighth refused connect', failed('connect'), { ...post, given: 8 }, 'none'],
    ['an eighth lack of our own', failed('local'), { ...post, given: 8 }, 'none'],
    ['a reset behind refused connects', died, { ...get, given: 7 }, 'another reset backs off'],
    ['a reset behind seven refused connects', died, { ...get, given: 8 }, 'none'],
    ['a lack of our own', failed('local'), post, 'another local free'],
    ['a lack of our own where one has failed it', failed('local'), last, 'another local free'],
    ['a stale connection', stale, get, 'same'],
    ['a stale connection of the last attempt', stale, last, 'same'],
    ['a stale connection and a POST', stale, post, 'none'],
    ['a stale connection that took body bytes', stale, lost, 'none'],
    ['a stale connection behind a hundred', stale, { ...get, given: 100 }, 'same'],
    [
      'a kept connection that gave bytes',
      failed('reset', { wasReused: true, ...begun }),
      get,
      'another reset backs off',
    ],
    [
      'a kept connection that gave an interim response',
      failed('reset', { wasReused: true, ...begun }),
      interim,
      'none',
    ],
    ['a new connection that died', died, get, 'another reset backs off'],
    ['a new connection that died and a POST', died, post, 'none'],
    ['a new connection that died of the last backend', died, last, 'none'],
    ['a new connection that took body bytes', died, lost, 'none'],
    ['a new connection that gave bytes', failed('reset', begun), get, 'another reset backs off'],
    ['a new connection that gave bytes, and a POST', failed('reset', begun), post, 'none'],
    ['a new connection that gave bytes, of the last backend', failed('reset', begun), last, 'none'],
    ['a new connection that gave an interim response', failed('reset', begun), interim, 'none'],
    ['a refusal', refused, get, 'any'],
    ['a refusal of a POST', refused, post, 'any'],
    ['a refusal by the last backend', refused, { ...post, failed: 1, given: 8 }, 'any'],
    ['a refusal behind seven', refused, { ...post, refused: 7 }, 'any'],
    ['a refusal behind eight', refused, { ...post, refused: 8 }, 'another reset backs off'],
    ['a refusal behind eight, by the last backend', refused, { ...last, refused: 8 }, 'none'],
    ['a refusal that took body bytes', refused, lost, 'none'],
    ['a refusal behind an interim response', refused, interim, 'none'],
    ['a time-out', failed('timeout'), get, 'another timeout backs off'],
    ['a time-out over a kept connection', failed('timeout', { wasReused: true }), get, 'another timeout backs off'],
    ['a time-out and a POST', failed('timeout'), post, 'none'],
    ['a time-out in the middle of a head', failed('timeout', begun), get, 'another timeout backs off'],
    ['a time-out behind an interim response', failed('timeout', begun), interim, 'none'],
    ['a malformed response', failed('protocol'), get, 'none'],
    ['a status that is named', answered(503), get, 'another status backs off'],
    ['a status that is not', answered(500), get, 'none'],
    ['a status and a POST', answered(503), post, 'none'],
    ['a status whose request took body bytes', answered(503), lost, 'none'],
    ['a status of the last backend', answered(503), last, 'none'],
    ['a status behind an interim response', answered(503), interim, 'none'],
    ['a status that asks for a wait', answered(503, 700), get, 'another status backs off 700 ms'],
    ['a status that asks for the longest wait', answered(503, 1000), get, 'another status backs off 1000 ms'],
    ['a status that asks for a longer wait', answered(503, 1001), get, 'none'],
    ['a status that asks for an endless wait', answered(503, Infinity), get, 'none'],
    ['a 429', answered(429), get, 'none'],
    ['a 429 that says when', answered(429, 0), get, 'another status backs off'],
    ['a 429 that says too late', answered(429, 2000), get, 'none'],
    ['a call', called(14), post, 'another status backs off'],
    ['a call that came to what is not named', called(13), post, 'none'],
    ['a call that asks for a wait', called(14, 700), post, 'another status 700 ms'],
    ['a call that asks for none', called(14, 0), post, 'another status'],
    ['a call that asks for too long a wait', called(14, 1001), post, 'none'],
    ['a call that is not to be made again', called(14, Infinity), post, 'none'],
    ['a call whose messages are not kept', called(14), { ...post, isBodyLost: true }, 'none'],
    ['a call of the last backend', called(14), { ...post, failed: 1, given: 2 }, 'none'],
    ['a call behind an interim response', called(14), { ...post, hasInterim: true }, 'none'],
  ] as const)('for %s', (_, failure, request, expected) => {
    expect(told(failure, request)).toBe(expected)
  })

  test.each([
    ['connect', failed('connect')],
    ['reset', died],
    ['timeout', failed('timeout')],
    ['protocol', failed('protocol', begun)],
  ] as const)('leaves a %s alone that the policy does not name', (cause, failure) => {
    const on = policy.on.filter((named) => named !== cause)
    expect(told(failure, get, { on })).toBe('none')
    expect(told(failure, get, { on: [cause] })).toStartWith(`another ${cause satisfies RetryReason}`)
    expect(told(failure, get, { on: [cause], attempts: 1 })).toBe('none')
  })

  test('makes no retry of what never was HTTP for a POST, whatever is named', () => {
    expect(told(failed('protocol', begun), post, { on: ['protocol'] })).toBe('none')
  })

  test('leaves a lack of our own alone where there is one attempt', () => {
    expect(told(failed('local'), get, { attempts: 1 })).toBe('none')
  })

  test('goes on to as many as `attempts` says where that is more than eight', () => {
    const ninth = { ...get, given: 9 }
    expect(told(failed('connect'), ninth, { attempts: 10 })).toBe('another connect')
    expect(told(failed('connect'), { ...get, given: 10 }, { attempts: 10 })).toBe('none')
    expect(told(died, { ...ninth, failed: 8 }, { attempts: 10 })).toBe('another reset backs off')
  })
})

describe('backoffMs', () => {
  const waits = testRetry({ backoffMs: 25, maxBackoffMs: 250 })

  test('doubles its bound with each retry, up to the longest', () => {
    const bounds = [0, 1, 2, 3, 4, 50].map((earlier) => backoffMs(waits, earlier, () => 1))
    expect(bounds).toEqual([25, 50, 100, 200, 250, 250])
  })

  test('is anything between nothing and the bound', () => {
    fc.assert(
      fc.property(fc.nat(2000), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (earlier, draw) => {
        const waited = backoffMs(waits, earlier, () => draw)
        expect(waited).toBeGreaterThanOrEqual(0)
        expect(waited).toBeLessThanOrEqual(250)
      }),
    )
    expect(backoffMs(waits, 3, () => 0)).toBe(0)
    expect(backoffMs(testRetry({ backoffMs: 0, maxBackoffMs: 0 }), 9, () => 0.5)).toBe(0)
  })
})

describe('isIdempotent', () => {
  test.each(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY', 'PUT', 'DELETE'])('holds for %s', (method) => {
    expect(isIdempotent(method)).toBe(true)
  })

  test.each(['POST', 'PATCH', 'CONNECT', 'get', '', 'BREW', 'constructor'])('does not hold for %p', (method) => {
    expect(isIdempotent(method)).toBe(false)
  })
})

test.each([
  ['GET', true],
  ['QUERY', true],
  ['PUT', false],
  ['DELETE', false],
  ['POST', false],
])('isSafe for %s: %p', (method, safe) => {
  expect(isSafe(method)).toBe(safe)
})

describe('isRepeatable', () => {
  const head = (method: string, fields = '') => parseRequest(`${method} / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`)

  test.each([
    ['GET', '', true],
    ['GEX', '', false],
    ['XET', '', false],
    ['GETS', '', false],
    ['get', '', false],
    ['PUT', '', true],
    ['POST', '', false],
    ['POST', 'Idempotency-Key: "8e03978e-40d5-43dd-bc93-6894a57f9324"\r\n', true],
    ['PATCH', 'idempotency-key: 1\r\n', true],
    ['POST', 'Idempotency-Key:\r\n', false],
    ['POST', 'Idempotency-Key: \t \r\n', false],
    ['POST', 'X-Idempotency-Key: 1\r\n', false],
  ])('%s with %p: %p', (method, fields, repeatable) => {
    expect(isRepeatable(head(method, fields))).toBe(repeatable)
  })
})
