import { describe, expect, test } from 'bun:test'
import { MOST_REFUSED } from '../../../core/exchange/retry.ts'
import { expectEnded } from '../../support/ended-exchange.ts'
import { answers, beginExchange, refuses } from '../../support/fake-streams.ts'
import { bytesOf } from '../../support/http1-bytes.ts'

const POST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n'

type Options = Parameters<typeof beginExchange>[0]
type Begun = ReturnType<typeof beginExchange>

/** A POST whose body has been sent, to a pool of one backend. */
function posts(options: Options = {}): Begun {
  const begun = beginExchange({ request: POST, isWhole: false, idle: [99], mayRefuse: true, ...options })
  begun.client.sink.onRequestBody(bytesOf('abcdef'), 0, 6)
  begun.client.isWhole = true
  begun.client.sink.onRequestEnd(undefined)
  return begun
}

const sent = ({ sources }: Begun): number => sources[0]!.streams.length

/** As often as it comes again. */
function refuseAll(begun: Begun): void {
  for (let before = 0; before < sent(begun);) {
    before = sent(begun)
    refuses(begun.sources[0]!.last)
    begun.clock.advance(10_000)
  }
}

describe('a POST that its backend has refused', () => {
  test('is sent there again with its body, at once, and nobody is at fault', () => {
    const begun = posts()
    const [source] = begun.sources
    refuses(source!.last)
    expect(source!.last.log).toEqual(['POST', 'body abcdef', 'end'])
    answers(source!.last)
    expect(begun.client.log.slice(-3)).toEqual(['head 200', 'body hello', 'end'])
    expect(begun.backends[0]!.counters).toMatchObject({ failures: 0, localFailures: 1, retries: 1 })
    expectEnded(begun)
  })

  test('takes nothing from the budget', () => {
    const begun = posts({ budget: { ratio: 0, perSecond: 0 } })
    refuses(begun.sources[0]!.last)
    expect([sent(begun), begun.counters.retryBudgetExhausted]).toEqual([2, 0])
  })

  test('waits by chance when it is refused again', () => {
    const begun = posts({ random: () => 0.5, retry: { backoffMs: 100, maxBackoffMs: 1000 } })
    refuses(begun.sources[0]!.last)
    refuses(begun.sources[0]!.last)
    expect(sent(begun)).toBe(2)
    begun.clock.advance(1000)
    expect(sent(begun)).toBe(3)
  })

  test('is given up when it is refused for ever, which is a failure', () => {
    const begun = posts()
    refuseAll(begun)
    expect(sent(begun)).toBe(MOST_REFUSED + 1)
    expect(begun.client.log.at(-1)).toStartWith('refuse 502')
    expect(begun.backends[0]!.counters).toMatchObject({ failures: 1, localFailures: MOST_REFUSED })
    expectEnded(begun)
  })

  test('goes to another at last', () => {
    const begun = posts({ idle: [99, 1] })
    refuseAll(begun)
    expect(begun.sources[1]!.last.log).toEqual(['POST', 'body abcdef', 'end'])
  })

  test.each([
    ['where retries are off', { attempts: 1 }],
    ['whose body is too large to be kept', { retry: { maxBodyBytes: 5 } }],
    ['where backends do not speak HTTP/2', { mayRefuse: false }],
  ] as const)('is given up %s', (_, options) => {
    const begun = posts(options)
    refuses(begun.sources[0]!.last)
    expect([sent(begun), begun.client.log.at(-1)]).toEqual([1, expect.stringContaining('refuse 502')])
  })

  test('waits in the queue where there is no room', () => {
    const begun = posts({ queue: { length: 1, timeoutMs: 1000, order: 'fifo' } })
    const [source] = begun.sources
    source!.idle = 0
    source!.isFull = true
    refuses(source!.last)
    expect([sent(begun), begun.queue.length]).toEqual([1, 1])
  })
})
