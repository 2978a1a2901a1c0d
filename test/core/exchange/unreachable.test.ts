/** Requests that are given to backends which cannot be reached: nothing was sent, so others are asked. */
import { describe, expect, test } from 'bun:test'
import type { FailureCause } from '../../../core/stream/backend-stream.ts'
import { expectEnded } from '../../support/ended-exchange.ts'
import { answers, beginExchange, connected, type FakeExchangeOptions, fails } from '../../support/fake-streams.ts'

const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n'

const asked = ({ sources }: ReturnType<typeof beginExchange>): number[] => sources.map(({ streams }) => streams.length)

interface Case {
  readonly causes: readonly FailureCause[]
  /** Streams that each backend was asked for. */
  readonly streams: readonly number[]
  readonly options?: FakeExchangeOptions
}

describe('a request', () => {
  test.each<[string, Case]>([
    ['the first that can be reached', { causes: ['connect', 'connect', 'connect'], streams: [1, 1, 1, 1, 0] }],
    [
      'the first that can be reached, as a POST too',
      { causes: ['connect', 'connect'], streams: [1, 1, 1, 0, 0], options: { request: post, isWhole: false } },
    ],
    [
      'as many as it may be sent to, and those beside',
      { causes: ['connect', 'reset', 'connect', 'reset'], streams: [1, 1, 1, 1, 0] },
    ],
    ['those behind a lack of our own', { causes: ['local', 'local', 'reset', 'reset'], streams: [1, 1, 1, 1, 0] }],
    [
      'eight, however many there are',
      {
        causes: Array(8).fill('connect'),
        streams: [1, 1, 1, 1, 1, 1, 1, 1, 0, 0],
        options: { idle: Array(10).fill(0) },
      },
    ],
    ['one that has one attempt', { causes: ['connect'], streams: [1, 0, 0, 0, 0], options: { attempts: 1 } }],
    [
      'one that has one attempt, though it is for a lack of our own',
      { causes: ['local'], streams: [1, 0, 0, 0, 0], options: { attempts: 1 } },
    ],
    [
      'as many as the budget has',
      {
        causes: ['connect', 'connect', 'connect'],
        streams: [1, 1, 1, 0, 0],
        options: { budget: { ratio: 0, perSecond: 0.2 } },
      },
    ],
  ])('is given to %s', (_, { causes, streams, options }) => {
    const begun = beginExchange({ idle: [0, 0, 0, 0, 0], ...options })
    for (const [index, cause] of causes.entries()) {
      const { last } = begun.sources[index]!
      if (cause === 'reset') connected(last)
      fails(last, cause)
    }
    expect(asked(begun)).toEqual([...streams])
    if (begun.records.length === 0) begun.client.sink.onClientGone()
    expectEnded(begun)
  })

  test('is answered behind any number of connections that had died, whose backends are dead', () => {
    const begun = beginExchange({ idle: [1, 1, 1, 1] })
    for (const source of begun.sources.slice(0, 3)) {
      fails(source.last, 'reset')
      fails(source.last, 'connect')
    }
    expect(asked(begun)).toEqual([2, 2, 2, 1])
    answers(begun.sources[3]!.last)
    expect(begun.client.log).toEqual(['head 200', 'body hello', 'end'])
    expectEnded(begun)
  })

  test('is told of the last when there is nobody else', () => {
    const begun = beginExchange({ idle: [0, 0, 0] })
    for (const { last } of begun.sources) fails(last)
    expect(begun.client.log).toEqual(['refuse 502 no connection to a backend: because'])
    expect(begun.counters).toMatchObject({ retries: 2, retriesAfterConnect: 2, unavailable: 0 })
    expectEnded(begun)
  })
})
