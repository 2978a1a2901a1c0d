import { describe, expect, test } from 'bun:test'
import type { Backend } from '../../../core/backend/backend.ts'
import { type AttemptObserver, beginAttempt } from '../../../core/balance/attempt.ts'
import { Balancer } from '../../../core/balance/balancer.ts'
import type { AttemptView, Outcome } from '../../../core/strategy/strategy.ts'
import { makeBackend } from '../../support/make-backend.ts'
import { poolOfAttempts } from '../../support/pool-of-attempts.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const completed = (status: number): Outcome => ({ kind: 'completed', status, elapsedMs: 3 })
const failed = (cause: 'connect' | 'timeout' | 'reset' | 'protocol'): Outcome => ({
  kind: 'failed',
  cause,
  elapsedMs: 3,
})

/** Writes down what it hears, and the figures as they are by then. */
function listening(name: string, log: unknown[]): AttemptObserver {
  const figures = ({ inflight, counters }: Backend) => [inflight, counters.requests, counters.responses2xx]
  return {
    onStart: (backend, now) => log.push([name, 'start', now, ...figures(backend)]),
    onResponse: (backend, ttfbMs, now) => log.push([name, 'response', ttfbMs, now, ...figures(backend)]),
    onEnd: (backend, outcome, now) => log.push([name, outcome.kind, now, ...figures(backend)]),
  }
}

describe('an attempt', () => {
  test('tells its observers in their order, figures first', () => {
    const log: unknown[] = []
    const attempt = beginAttempt(makeBackend(1), poolOfAttempts([listening('one', log), {}, listening('two', log)]), 10)
    attempt.respond(200, 12)
    attempt.end(completed(204), 15)
    expect(log).toEqual([
      ['one', 'start', 10, 1, 1, 0],
      ['two', 'start', 10, 1, 1, 0],
      ['one', 'response', 2, 12, 1, 1, 0],
      ['two', 'response', 2, 12, 1, 1, 0],
      ['one', 'completed', 15, 0, 1, 1],
      ['two', 'completed', 15, 0, 1, 1],
    ])
  })

  test.each<readonly [Outcome, boolean, readonly number[]]>([
    [{ kind: 'abandoned', elapsedMs: 9 }, false, [7]],
    [failed('timeout'), false, [7]],
    [{ kind: 'abandoned', elapsedMs: 7 }, true, []],
    [failed('timeout'), true, []],
    [failed('reset'), false, []],
    [failed('connect'), false, []],
    [{ kind: 'local', elapsedMs: 7 }, false, []],
    [completed(200), true, []],
  ])('that ends with %j, its head there: %p, went unanswered for %j ms', (outcome, hasHead, expected) => {
    const heard: number[] = []
    const observer = { onUnanswered: (_: Backend, waitedMs: number) => void heard.push(waitedMs) }
    const attempt = beginAttempt(makeBackend(1), poolOfAttempts([{}, observer]), 0)
    attempt.awaitResponse(2)
    if (hasHead) attempt.respond(200, 1)
    attempt.end(outcome, 9)
    expect(heard).toEqual([...expected])
  })

  test('is waited for once its request is whole, and not while a client still sends that', () => {
    const heard: unknown[] = []
    const observer: AttemptObserver = {
      onResponse: (_, ttfbMs) => void heard.push(['answered', ttfbMs]),
      onUnanswered: (_, waitedMs) => void heard.push(['unanswered', waitedMs]),
    }
    const begin = () => beginAttempt(makeBackend(1), poolOfAttempts([observer]), 10)
    const [slow, early, left] = [begin(), begin(), begin()]
    slow.awaitResponse(5000)
    slow.respond(200, 5003)
    early.respond(413, 14)
    left.end({ kind: 'abandoned', elapsedMs: 9000 }, 9010)
    expect(heard).toEqual([
      ['answered', 3],
      ['answered', 4],
    ])
  })

  test('tells the strategy last, once inflight has fallen', () => {
    const log: unknown[] = []
    const strategy = {
      pick: () => makeBackend(9),
      onStart: ({ candidate }: AttemptView) => void log.push(['strategy', candidate.inflight]),
      onEnd: ({ candidate }: AttemptView) => void log.push(['strategy', candidate.inflight]),
    }
    const balancer = new Balancer({
      strategy,
      reports: { onFault: (what) => log.push(what), onSlow: () => undefined },
      clock: virtualClock(),
      observers: [listening('fact', log)],
    })
    balancer.begin(makeBackend(1), 0).end(completed(200), 1)
    expect(log).toEqual([
      ['fact', 'start', 0, 1, 1, 0],
      ['strategy', 1],
      ['fact', 'completed', 1, 0, 1, 1],
      ['strategy', 0],
    ])
  })

  test('is one frozen object to strategies, from its start to its end', () => {
    const seen: AttemptView[] = []
    const backend = makeBackend(1)
    backend.inflight = 3
    const observer: AttemptObserver = {
      onStart: (_, __, { view }) => void seen.push(view),
      onResponse(_, __, ___, { view, status }) {
        expect(status).toBe(404)
        seen.push(view)
      },
      onEnd: (_, __, ___, { view }) => void seen.push(view),
    }
    const attempt = beginAttempt(backend, poolOfAttempts([observer]), 10, true)
    attempt.respond(404, 12)
    attempt.end(completed(404), 15)
    expect(new Set(seen).size).toBe(1)
    expect(seen).toHaveLength(3)
    expect(seen[0]).toEqual({ candidate: backend.candidate, startedAt: 10, inflightBefore: 3, isRetry: true })
    expect(Object.isFrozen(seen[0])).toBeTrue()
  })

  test('makes nothing for strategies that ask for nothing', () => {
    const backend = makeBackend(1)
    let asked = 0
    Object.defineProperty(backend, 'candidate', { get: () => (asked += 1) })
    const balancer = new Balancer({
      strategy: { pick: ([first]) => first },
      reports: { onFault: () => undefined, onSlow: () => undefined },
      clock: virtualClock(),
      observers: [listening('fact', [])],
    })
    const attempt = balancer.begin(backend, 0)
    attempt.respond(200, 1)
    attempt.end(completed(200), 2)
    expect(asked).toBe(0)
  })

  test('refuses to be ended twice, and counts once', () => {
    const backend = makeBackend(1)
    const attempt = beginAttempt(backend, poolOfAttempts(), 0)
    attempt.end(completed(200), 1)
    expect(() => attempt.end(completed(200), 1)).toThrow('ended twice')
    expect([backend.inflight, backend.counters.responses2xx]).toEqual([0, 1])
  })

  test.each([
    [completed(101), { upgrades: 1 }],
    [completed(302), { responses3xx: 1 }],
    [completed(599), { responses5xx: 1 }],
    [failed('connect'), { failures: 1, connectFailures: 1 }],
    [failed('timeout'), { failures: 1, timeouts: 1 }],
    [failed('reset'), { failures: 1, resets: 1 }],
    [failed('protocol'), { failures: 1, protocolErrors: 1 }],
    [{ kind: 'abandoned', elapsedMs: 3 } as const, { failures: 0, abandoned: 1 }],
    [{ kind: 'local', elapsedMs: 3 } as const, { failures: 0, localFailures: 1 }],
  ])('counts %j for its backend', (outcome, counters) => {
    const backend = makeBackend(1)
    const nothing = { ...backend.counters }
    beginAttempt(backend, poolOfAttempts(), 0).end(outcome, 3)
    expect(backend.counters).toEqual({ ...nothing, requests: 1, ...counters })
  })

  test('records how long a completed one took, and no other', () => {
    const times: number[] = []
    const backend = makeBackend(1)
    Object.defineProperty(backend, 'latency', { value: { record: (ms: number) => times.push(ms) } })
    for (const outcome of [completed(200), failed('reset'), { kind: 'abandoned', elapsedMs: 9 } as const]) {
      beginAttempt(backend, poolOfAttempts(), 0).end(outcome, 3)
    }
    expect(times).toEqual([3])
  })
})
