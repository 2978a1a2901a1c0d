import { describe, expect, test } from 'bun:test'
import { defaults } from '../../../core/config/defaults.ts'
import type { RetryPolicy } from '../../../core/pool/policy.ts'
import { testRetry } from '../../support/edge.ts'
import { configOf, problemsOf, withPool, withTop } from './read-config.ts'

const policyOf = (retry: object) => configOf(withPool({ retry })).pools[0]!.retry
const withRoute = (route: object) => withTop({ routes: [{ pool: 'web', ...route }] })
const routeOf = (route: object) => configOf(withRoute(route)).routes[0]!

const usual: RetryPolicy = testRetry({ backoffMs: 25, maxBackoffMs: 250 })

describe('a pool’s retry', () => {
  test.each<[string, object, Partial<RetryPolicy>]>([
    ['nothing', {}, {}],
    ['attempts', { attempts: 1 }, { attempts: 1 }],
    ['causes', { on: ['connect'] }, { on: ['connect'] }],
    ['the cause that is none by default', { on: ['protocol'] }, { on: ['protocol'] }],
    ['no cause', { on: [] }, { on: [] }],
    ['statuses of gRPC', { on: ['reset', 'unavailable'] }, { on: ['reset'], grpcStatuses: [14] }],
    [
      'every status of gRPC',
      { on: ['cancelled', 'deadline-exceeded', 'internal', 'resource-exhausted', 'unavailable'] },
      { on: [], grpcStatuses: [1, 4, 13, 8, 14] },
    ],
    ['statuses', { statuses: [502, 429] }, { statuses: [502, 429] }],
    ['a wait, whose longest is ten times that', { backoff: '100ms' }, { backoffMs: 100, maxBackoffMs: 1000 }],
    ['the longest wait', { maxBackoff: '1s' }, { maxBackoffMs: 1000 }],
    ['both', { backoff: '1s', maxBackoff: '1s' }, { backoffMs: 1000, maxBackoffMs: 1000 }],
    ['the longest first wait', { backoff: '10s' }, { backoffMs: 10_000, maxBackoffMs: 60_000 }],
    ['no wait', { backoff: '0ms' }, { backoffMs: 0, maxBackoffMs: 0 }],
    ['the longest Retry-After', { maxRetryAfter: '5s' }, { maxRetryAfterMs: 5000 }],
    ['no body', { maxBody: '0B' }, { maxBodyBytes: 0 }],
  ])('that says %s', (_, written, policy) => {
    expect(policyOf(written)).toEqual({ ...usual, ...policy })
  })

  test('has a budget', () => {
    const budgetOf = (budget: object) => configOf(withPool({ retry: { budget } })).pools[0]!.retry.budget
    expect(budgetOf({})).toEqual({ ratio: 0.2, perSecond: 3 })
    expect(budgetOf({ ratio: 0, perSecond: 0 })).toEqual({ ratio: 0, perSecond: 0 })
  })

  test('grows its waits tenfold by default, too', () => {
    const longest: number = defaults['pool.retry.maxBackoff'].value
    expect(longest).toBe(10 * defaults['pool.retry.backoff'].value)
  })

  test.each([
    [{ attempts: 0 }, 'attempts must be a whole number from 1 to 10, got 0'],
    [{ attempts: -1 }, 'attempts must be a whole number from 1 to 10, got -1'],
    [{ attempts: 1e9 }, 'attempts must be a whole number from 1 to 10, got 1000000000'],
    [{ on: 'connect' }, 'on must be a list, got "connect" (did you mean ["connect"]?)'],
    [{ on: 'conect' }, 'on must be a list, got "conect"'],
    [{ on: 14 }, 'on must be a list, got 14'],
    [{ statuses: 503 }, 'statuses must be a list, got 503 (did you mean [503]?)'],
    [{ statuses: '503' }, 'statuses must be a list, got "503"'],
    [
      { on: ['conect'] },
      'on[0] must be one of "connect", "reset", "timeout", "protocol", "cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable", got "conect" (did you mean "connect"?)',
    ],
    [
      { on: [14] },
      'on[0] must be one of "connect", "reset", "timeout", "protocol", "cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable", got 14',
    ],
    [{ statuses: [200] }, 'statuses[0] must be a whole number from 400 to 599, got 200'],
    [
      { statuses: [503, '502'] },
      'statuses[1] must be a whole number from 400 to 599, got "502" (did you mean 502, without quotes?)',
    ],
    [{ backoff: '-1ms' }, 'backoff must be a duration from 0ms to 10s such as "25ms", got "-1ms"'],
    [{ backoff: '11s' }, 'backoff must be a duration from 0ms to 10s such as "25ms", got "11s"'],
    [{ backoff: '2s', maxBackoff: '1s' }, 'backoff must not be longer than maxBackoff, got "2s"'],
    [{ maxRetryAfter: '1000h' }, 'maxRetryAfter must be a duration from 0ms to 1m such as "1s", got "1000h"'],
    [{ maxBody: '1GiB' }, 'maxBody must be a size from 0B to 1MiB such as "64KiB", got "1GiB"'],
    [{ budget: { ratio: 1.1 } }, 'budget.ratio must be a number from 0 to 1, got 1.1'],
    [{ budget: { perSecond: -1 } }, 'budget.perSecond must be a number from 0 to 100000, got -1'],
    [{ budget: 0.2 }, 'budget must be an object with the keys ratio, perSecond, got 0.2'],
  ])('%j is refused', (retry, problem) => {
    const [first, ...others] = problemsOf(withPool({ retry }))
    expect(first).toEndWith(`pools.web.retry.${problem}`)
    expect(others).toEqual([])
  })
})

describe('a route', () => {
  test('without times and retries of its own has none', () => {
    expect(Object.keys(routeOf({})).toSorted()).toEqual(['match', 'pool', 'priority'])
  })

  test('changes what it names of its pool’s retry', () => {
    expect(routeOf({ retry: { attempts: 3, backoff: '1ms' } }).retry).toEqual({
      attempts: 3,
      backoffMs: 1,
      maxBackoffMs: 10,
    })
    expect(routeOf({ retry: { on: ['internal'] } }).retry).toEqual({ on: [], grpcStatuses: [13] })
    expect(Object.keys(routeOf({ retry: {} }).retry ?? { no: 1 })).toEqual([])
  })

  test('has times', () => {
    const timeouts = { request: '10s', try: '10s', deadline: 'grpc-timeout', connect: '1s', response: '2s', idle: '3s' }
    expect(routeOf({ timeouts }).timeouts).toEqual({
      requestMs: 10_000,
      tryMs: 10_000,
      deadline: 'grpc-timeout',
      backend: { connectMs: 1000, responseMs: 2000, idleMs: 3000 },
    })
    const { backend } = routeOf({ timeouts: { try: '1s' } }).timeouts!
    expect(Object.keys(backend)).toEqual([])
  })

  test('hedges when it says so, by defaults of its own', () => {
    expect(routeOf({ hedge: {} }).hedge).toEqual({ after: 'p95', leastMs: 10 })
    expect(routeOf({ hedge: { after: 'p99', least: '0ms' } }).hedge).toEqual({ after: 'p99', leastMs: 0 })
  })

  test.each([
    [
      { timeouts: { request: '1s', try: '2s' } },
      'timeouts.try must not be longer than request, 1s, within which every attempt ends, got "2s"',
    ],
    [{ timeouts: { request: '0s' } }, 'timeouts.request must be a duration from 10ms to 24h such as "10s", got "0s"'],
    [{ timeouts: { request: '25h' } }, 'timeouts.request must be a duration from 10ms to 24h such as "10s", got "25h"'],
    [
      { timeouts: { try: 500 } },
      'timeouts.try must be a duration from 10ms to 24h such as "2s", got 500 (did you mean "500ms" or "500s"?)',
    ],
    [
      { timeouts: { deadline: 'grpc' } },
      'timeouts.deadline must be one of "grpc-timeout", "x-request-deadline", got "grpc"',
    ],
    [
      { timeouts: { keepAlive: '1s' } },
      'timeouts.keepAlive is not a known key (known here: request, try, deadline, connect, response, idle)',
    ],
    [{ hedge: true }, 'hedge must be an object with the keys after, least, got true'],
    [{ hedge: { after: 'p90' } }, 'hedge.after must be one of "p50", "p95", "p99", got "p90"'],
    [{ hedge: { least: '-5ms' } }, 'hedge.least must be a duration from 0ms to 1m such as "10ms", got "-5ms"'],
    [{ retry: { attempts: 0 } }, 'retry.attempts must be a whole number from 1 to 10, got 0'],
    [{ retry: { budget: {} } }, 'retry.budget is not a known key'],
  ])('%j is refused', (route, problem) => {
    const [first, ...others] = problemsOf(withRoute(route))
    expect(first).toContain(`routes[0].${problem}`)
    expect(others).toEqual([])
  })
})

describe('the memory of bodies that are kept', () => {
  test.each([
    [{}, 67_108_864],
    [{ replay: '0B' }, 0],
    [{ replay: '1GiB' }, 1_073_741_824],
  ])('%j is %p bytes', (limits, bytes) => {
    expect(configOf(withTop({ limits })).limits.maxReplayBytes).toBe(bytes)
  })

  test('has a bound', () => {
    expect(problemsOf(withTop({ limits: { replay: '17GiB' } }))[0]).toContain(
      'limits.replay must be a size from 0B to 16GiB',
    )
  })
})
