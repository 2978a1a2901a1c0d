import { describe, expect, test } from 'bun:test'
import { edgeLedger } from '../../../core/observe/counters.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { Collector } from '../../../core/trace/collector.ts'
import { answered, failure, fakeAsk } from '../../support/fake-ask.ts'
import { tracingPolicy } from '../../support/tracing.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const BATCH_CHARS = 256 * 1024
const MIB = 1024 * 1024

function collecting() {
  const clock = virtualClock()
  const counters = edgeLedger.create()
  const events: EdgeEvent[] = []
  const asks = fakeAsk()
  const policy = tracingPolicy({ endpoint: 'https://otel.example/v1/traces?key=hush', timeoutMs: 300 })
  const collector = new Collector({
    policy,
    envelope: { head: '<', tail: '>' },
    ask: asks.ask,
    clock,
    counters,
    emit: (event) => void events.push(event),
  })
  return {
    clock,
    counters,
    events,
    asks,
    collector,
    counted: () => [counters.traceSpans, counters.traceSpansLostToBacklog, counters.traceSpansLostToFailure],
  }
}

const kinds = (events: readonly EdgeEvent[]): string[] => events.map(({ kind }) => kind)
const well = answered(200, [], '{}')

describe('spans', () => {
  test('are gathered for a second, and posted together', () => {
    const { asks, clock, collector, counted } = collecting()
    collector.send('a')
    clock.advance(999)
    collector.send('b')
    expect(asks.asked).toHaveLength(0)
    clock.advance(1)
    expect(asks.last.question).toEqual({
      url: 'https://otel.example/v1/traces?key=hush',
      fields: [
        ['content-type', 'application/json'],
        ['authorization', 'Bearer hush'],
      ],
      body: '<a,b>',
      timeoutMs: 300,
      maxBodyBytes: 64 * 1024,
    })
    asks.last.answer(well)
    expect([counted(), clock.pending()]).toEqual([[2, 0, 0], 0])
  })

  test('go at once when there are many, and the next when the collector has answered', () => {
    const { asks, collector, counted } = collecting()
    const long = 'x'.repeat(BATCH_CHARS)
    for (const span of [long, long, 'b']) collector.send(span)
    expect(asks.asked).toHaveLength(1)
    asks.last.answer(well)
    expect(asks.last.question.body).toBe(`<${long}>`)
    asks.last.answer(well)
    expect(asks.asked).toHaveLength(2)
    expect(counted()).toEqual([2, 0, 0])
  })

  test('that a collector is too slow for are lost, the newest, and it is told once', () => {
    const { asks, collector, counted, events } = collecting()
    const long = 'x'.repeat(MIB)
    for (let index = 0; index < 10; index += 1) collector.send(long)
    expect(asks.asked).toHaveLength(1)
    expect(counted()).toEqual([0, 6, 0])
    expect(events).toEqual([{ kind: 'traces-away', to: 'https://otel.example/v1/traces', reason: 'it is too slow' }])
  })

  test.each([200, 202, 204])('count as taken by %p', (status) => {
    const { asks, clock, collector, counted } = collecting()
    collector.send('a')
    clock.advance(1000)
    asks.last.answer(answered(status, [], ''))
    expect(counted()).toEqual([1, 0, 0])
  })

  test('that the collector rejects count as lost, and the others as taken', () => {
    const { asks, clock, collector, counted, events } = collecting()
    for (const span of ['a', 'b', 'c']) collector.send(span)
    clock.advance(1000)
    asks.last.answer(answered(200, [], '{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}'))
    expect(counted()).toEqual([1, 0, 2])
    expect(events).toMatchObject([{ reason: 'it rejects spans: too old' }])
  })

  test('of which more are rejected than there were are lost, no more', () => {
    const { asks, clock, collector, counted } = collecting()
    collector.send('a')
    clock.advance(1000)
    asks.last.answer(answered(200, [], '{"partialSuccess":{"rejectedSpans":"9"}}'))
    expect(counted()).toEqual([0, 0, 1])
  })
})

describe('a collector that fails', () => {
  test.each([
    [answered(302, [['location', '/']]), 'it answers 302'],
    [answered(400), 'it answers 400'],
    [answered(401), 'it answers 401'],
    [answered(500), 'it answers 500'],
  ])('for good is not asked again: %j', (answer, reason) => {
    const { asks, clock, collector, counted, events } = collecting()
    collector.send('a')
    clock.advance(1000)
    asks.last.answer(answer)
    clock.advance(60_000)
    expect(asks.asked).toHaveLength(1)
    expect(counted()).toEqual([0, 0, 1])
    expect(events).toMatchObject([{ kind: 'traces-away', reason }])
  })

  test.each([answered(429), answered(502), answered(503), answered(504), failure('ECONNREFUSED')])(
    'for now is asked four times, each wait twice as long: %j',
    (answer) => {
      const { asks, clock, collector, counted } = collecting()
      collector.send('a')
      clock.advance(1000)
      for (const waitMs of [1000, 2000, 4000]) {
        asks.last.answer(answer)
        const { length } = asks.asked
        clock.advance(waitMs - 1)
        expect(asks.asked).toHaveLength(length)
        clock.advance(1)
        expect(asks.asked).toHaveLength(length + 1)
        expect(asks.last.question.body).toBe('<a>')
      }
      asks.last.answer(answer)
      clock.advance(60_000)
      expect([asks.asked.length, counted(), clock.pending()]).toEqual([4, [0, 0, 1], 0])
    },
  )

  test('once, as a connection that died does, is no news', () => {
    const { asks, clock, collector, counted, events } = collecting()
    collector.send('a')
    clock.advance(1000)
    asks.last.answer(failure('ECONNRESET'))
    clock.advance(1000)
    asks.last.answer(well)
    expect([counted(), events]).toEqual([[1, 0, 0], []])
  })

  test('is told of once, and again when it has been well for ten seconds, with what was lost', () => {
    const { asks, clock, collector, events } = collecting()
    const post = (status: number): void => {
      collector.send('a')
      clock.advance(1000)
      asks.last.answer(answered(status))
    }
    for (const status of [500, 500, 200, 500]) post(status)
    expect(kinds(events)).toEqual(['traces-away'])
    for (let seconds = 0; seconds < 9; seconds += 1) post(200)
    expect(kinds(events)).toEqual(['traces-away'])
    post(200)
    expect(events.at(-1)).toEqual({ kind: 'traces-back', to: 'https://otel.example/v1/traces', lost: 3 })
  })

  test('is waited for as long as it asks, half a minute at most', () => {
    const { asks, clock, collector } = collecting()
    collector.send('a')
    clock.advance(1000)
    asks.last.answer(answered(503, [['retry-after', '9']]))
    clock.advance(8999)
    expect(asks.asked).toHaveLength(1)
    clock.advance(1)
    asks.last.answer(answered(429, [['retry-after', '99999']]))
    clock.advance(30_000)
    expect(asks.asked).toHaveLength(3)
  })

  test('keeps later spans waiting, which go when it is well', () => {
    const { asks, clock, collector, counted } = collecting()
    collector.send('a')
    clock.advance(1000)
    asks.last.answer(failure())
    collector.send('b')
    clock.advance(1000)
    asks.last.answer(well)
    clock.advance(1000)
    expect(asks.last.question.body).toBe('<b>')
    asks.last.answer(well)
    expect(counted()).toEqual([2, 0, 0])
  })
})

describe('the end', () => {
  test('sends what is there, batch after batch, and waits for the answers', async () => {
    const { asks, clock, collector, counted } = collecting()
    const long = 'x'.repeat(BATCH_CHARS)
    collector.send(long)
    collector.send('b')
    const ended = collector.end(1000)
    asks.last.answer(well)
    expect(asks.last.question.body).toBe('<b>')
    asks.last.answer(well)
    await ended
    expect([counted(), clock.pending()]).toEqual([[2, 0, 0], 0])
  })

  test('comes at once when there is nothing', async () => {
    const { clock, collector } = collecting()
    await collector.end(1000)
    expect(clock.pending()).toBe(0)
  })

  test('does not wait for what is gathered to be a second old', async () => {
    const { asks, collector } = collecting()
    collector.send('a')
    const ended = collector.end(1000)
    asks.last.answer(well)
    await ended
    expect(asks.asked).toHaveLength(1)
  })

  test('tries once more what waits for another try', async () => {
    const { asks, clock, collector, counted } = collecting()
    collector.send('a')
    clock.advance(1000)
    asks.last.answer(failure())
    const ended = collector.end(1000)
    asks.last.answer(failure())
    await ended
    expect([asks.asked.length, counted(), clock.pending()]).toEqual([2, [0, 0, 1], 0])
  })

  test('is no later than it may be: what is left is lost', async () => {
    const { asks, clock, collector, counted } = collecting()
    collector.send('x'.repeat(BATCH_CHARS))
    collector.send('b')
    const ended = collector.end(1000)
    clock.advance(1000)
    await ended
    expect([asks.last.isCancelled, counted(), clock.pending()]).toEqual([true, [0, 0, 2], 0])
  })
})
