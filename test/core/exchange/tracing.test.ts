import { describe, expect, test } from 'bun:test'
import { expectEnded } from '../../support/ended-exchange.ts'
import { answers, beginExchange, connected, fails, type FakeExchangeOptions } from '../../support/fake-streams.ts'
import { textOf, tracedBy, TRACEPARENT, UNSAMPLED } from '../../support/tracing.ts'
import type { exchangeRecord } from '../../support/exchange-record.ts'

const requestWith = (lines: string): string => `GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`

function begin(options: FakeExchangeOptions & { readonly sampleRatio?: number } = {}) {
  const traced = tracedBy({ sampleRatio: options.sampleRatio ?? 1 })
  const begun = beginExchange({ ...options, tracing: traced.tracing })
  return { begun, recorded: traced.recorded }
}

const spanIds = ({ attempts }: ReturnType<typeof exchangeRecord>) => attempts.map(({ spanId }) => spanId)

describe('an exchange that is traced', () => {
  test('is told of when it is over, with a span for its attempt', () => {
    const { begun, recorded } = begin({ idle: [1], request: requestWith(`traceparent: ${TRACEPARENT}\r\n`) })
    expect(recorded).toEqual([])
    answers(begun.sources[0]!.last)
    expect(recorded).toHaveLength(1)
    expect(recorded[0]?.record).toBe(begun.records[0])
    expect(spanIds(begun.records[0]!)).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/) as string])
    expect(begun.records[0]?.trace).toMatchObject({ traceId: recorded[0]?.traceId, spanId: recorded[0]?.spanId })
    expectEnded(begun)
  })

  test('has another span for each attempt, which its request says', () => {
    const { begun, recorded } = begin({ idle: [0, 0] })
    fails(begun.sources[0]!.last)
    const { last } = begun.sources[1]!
    connected(last)
    answers(last)
    const ids = spanIds(recorded[0]!.record)
    expect(new Set([recorded[0]!.spanId, ...ids]).size).toBe(3)
    expect(textOf(last.rewrites.at(-1)?.ownLines)).toContain(`-${ids[1]}-03\r\n`)
    expectEnded(begun)
  })

  test('has one for a hedge', () => {
    const latencies = {
      record: () => undefined,
      summary: () => ({ count: 100, meanMs: 5, p50Ms: 5, p95Ms: 20, p99Ms: 90, p999Ms: 95, maxMs: 99 }),
    }
    const { begun, recorded } = begin({ idle: [1, 1], hedge: { after: 'p95', leastMs: 10 }, latencies })
    begun.clock.advance(22)
    answers(begun.sources[1]!.last)
    const { attempts } = recorded[0]!.record
    expect(attempts.map(({ isHedge, outcome }) => [isHedge, outcome.kind])).toEqual([
      [false, 'abandoned'],
      [true, 'completed'],
    ])
    expect(new Set(spanIds(recorded[0]!.record)).size).toBe(2)
    expectEnded(begun)
  })

  test('is recorded though nobody else observes', () => {
    const { begun, recorded } = begin({ idle: [1], isObserved: false })
    answers(begun.sources[0]!.last)
    expect(spanIds(recorded[0]!.record)).toHaveLength(1)
  })

  test('is recorded when its client leaves first', () => {
    const { begun, recorded } = begin({ idle: [1] })
    begun.client.sink.onClientGone()
    expect(recorded[0]?.record.ending).toEqual({ kind: 'abandoned' })
    expectEnded(begun)
  })
})

describe('an exchange that is not recorded', () => {
  test('says so to its backends, and nothing is kept of it', () => {
    const { begun, recorded } = begin({ idle: [0, 0], sampleRatio: 0, isObserved: false })
    fails(begun.sources[0]!.last)
    connected(begun.sources[1]!.last)
    expect(textOf(begun.sources[1]!.last.rewrites.at(-1)?.ownLines)).toMatch(
      /^traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-02\r\n$/,
    )
    answers(begun.sources[1]!.last)
    expect([recorded, begun.records]).toEqual([[], []])
  })

  test('passes its client’s words on when these are valid', () => {
    const { begun } = begin({ idle: [1], request: requestWith(`traceparent: ${UNSAMPLED}\r\n`) })
    expect(begun.sources[0]!.last.rewrites.at(-1)).toMatchObject({ ownLines: undefined, drops: undefined })
    expect(begun.exchange.trace).toBeUndefined()
    answers(begun.sources[0]!.last)
  })

  test('without tracing has no trace at all', () => {
    const begun = beginExchange({ idle: [1] })
    expect(begun.exchange.trace).toBeUndefined()
    answers(begun.sources[0]!.last)
    expect(begun.records[0]?.trace).toBeUndefined()
  })
})
