import { describe, expect, test } from 'bun:test'
import { expectEnded } from '../../support/ended-exchange.ts'
import { answers, beginExchange, type FakeStream, fails } from '../../support/fake-streams.ts'
import { bytesOf } from '../../support/http1-bytes.ts'
import { parseResponse } from '../../support/http1-heads.ts'

const call = (fields = ''): string =>
  `POST /t.T/Get HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\nContent-Length: 5\r\n${fields}\r\n`

type Options = Parameters<typeof beginExchange>[0]
type Begun = ReturnType<typeof beginExchange>

/** RESOURCE_EXHAUSTED and UNAVAILABLE. */
const retry = { grpcStatuses: [8, 14] }
const queue = { length: 9, timeoutMs: 1000, order: 'fifo' } as const

/** A call, whose message has been sent on. */
function calls({ request = call(), ...options }: Options = {}): Begun {
  const begun = beginExchange({ request, isWhole: false, idle: [1, 1], retry, ...options })
  begun.client.sink.onRequestBody(bytesOf('\0\0\0\0\0'), 0, 5)
  begun.client.isWhole = true
  begun.client.sink.onRequestEnd(undefined)
  return begun
}

/** A response that is its trailers alone. */
function refuses(stream: FakeStream, code: number, fields = ''): void {
  stream.hasBegun = true
  stream.grpcStatus = code
  const head = `HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\ngrpc-status: ${code}\r\n${fields}\r\n`
  stream.sink?.onResponse(parseResponse(head), 'until-close')
  stream.sink?.onResponseEnd(undefined)
}

const pushback = (value: string): string => `grpc-retry-pushback-ms: ${value}\r\n`
const asked = ({ sources }: Begun): number[] => sources.map(({ streams }) => streams.length)
const told = ({ rewrites }: FakeStream) => rewrites.map(({ lines, drops }) => ({ lines, drops }))

describe('a call that a backend has refused with a status that is named', () => {
  test('is made again at another, with its message, and tells of the attempts before', () => {
    const begun = calls()
    const [first, second] = begun.sources
    refuses(first!.last, 14)
    expect(second!.last.log).toEqual(['POST', 'body \0\0\0\0\0', 'end'])
    expect(told(first!.last)).toEqual([{ lines: undefined, drops: undefined }])
    expect(told(second!.last)).toEqual([
      { lines: 'grpc-previous-rpc-attempts: 1\r\n', drops: ['grpc-previous-rpc-attempts'] },
    ])
    answers(second!.last)
    expect(begun.client.log.slice(-3)).toEqual(['head 200', 'body hello', 'end'])
    expect(begun.backends[0]!.counters).toMatchObject({ responses5xx: 1, failures: 0, retries: 1 })
    expect(begun.counters).toMatchObject({ retries: 1, retriesAfterStatus: 1 })
    expectEnded(begun)
  })

  test('is on record with what each attempt has come to', () => {
    const begun = calls({ isObserved: true })
    const [first, second] = begun.sources.map(({ streams }) => streams)
    refuses(first![0]!, 14)
    second![0]!.grpcStatus = 0
    answers(second![0]!)
    expect(begun.records.map(({ attempts }) => attempts.map(({ grpcStatus }) => grpcStatus))).toEqual([[14, 0]])
  })

  test.each([
    ['2', 3],
    ['99999', 1],
    ['-1', 1],
  ])('adds those that its client tells of: %s', (earlier, sum) => {
    const begun = calls({ request: call(`grpc-previous-rpc-attempts: ${earlier}\r\n`) })
    refuses(begun.sources[0]!.last, 14)
    expect(begun.sources[1]!.last.rewrites[0]!.lines).toBe(`grpc-previous-rpc-attempts: ${sum}\r\n`)
    answers(begun.sources[1]!.last)
    expectEnded(begun)
  })

  test('counts no backend that could not be reached among its attempts', () => {
    const begun = calls({ idle: [0, 1, 1] })
    fails(begun.sources[0]!.last, 'connect')
    expect(told(begun.sources[1]!.last)).toEqual([{ lines: undefined, drops: undefined }])
    refuses(begun.sources[1]!.last, 14)
    expect(begun.sources[2]!.last.rewrites[0]!.lines).toBe('grpc-previous-rpc-attempts: 1\r\n')
    answers(begun.sources[2]!.last)
    expectEnded(begun)
  })

  test('still streaming has the rest sent to the other', () => {
    const begun = beginExchange({ request: call(), isWhole: false, idle: [1, 1], retry })
    const { sink } = begun.client
    sink.onRequestBody(bytesOf('abc'), 0, 3)
    refuses(begun.sources[0]!.last, 14)
    sink.onRequestBody(bytesOf('de'), 0, 2)
    begun.client.isWhole = true
    sink.onRequestEnd(undefined)
    expect(begun.sources[1]!.last.log).toEqual(['POST', 'body abc', 'body de', 'end'])
    answers(begun.sources[1]!.last)
    expectEnded(begun)
  })

  test.each<[string, Options, number, string]>([
    ['when it is not named', {}, 13, ''],
    ['when none is named', { retry: {} }, 14, ''],
    ['when it says OK', {}, 0, ''],
    ['when no attempt is left', { attempts: 1 }, 14, ''],
    ['when no other backend is left', { idle: [1] }, 14, ''],
    ['when others are full, though it could wait for them', { idle: [1, 0], full: [1], queue }, 14, ''],
    ['when its message is not kept', { retry: { ...retry, maxBodyBytes: 4 } }, 14, ''],
    ['when the budget is used up', { budget: { ratio: 0, perSecond: 0 } }, 14, ''],
    ['when the backend does not want it again', {}, 14, pushback('-1')],
    ['when the backend asks for no number', {}, 14, pushback('soon')],
    ['when the backend asks for nothing', {}, 14, pushback('')],
    ['when the backend asks for a part of a millisecond', {}, 14, pushback('0.5')],
    ['when the backend asks for too long', {}, 14, pushback('1001')],
    ['when the backend asks for a number without end', {}, 14, pushback('9'.repeat(400))],
    ['when its client waits no longer than that', { request: call('grpc-timeout: 500m\r\n') }, 14, pushback('500')],
  ])('is passed on %s', (_, options, code, fields) => {
    const begun = calls(options)
    refuses(begun.sources[0]!.last, code, fields)
    expect(begun.client.log.slice(-2)).toEqual(['head 200', 'end'])
    expect(begun.counters.retries).toBe(0)
    expectEnded(begun)
  })

  test('is passed on once its head has come, whatever its trailers say', () => {
    const begun = calls()
    const { last } = begun.sources[0]!
    last.sink?.onResponse(parseResponse('HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\n\r\n'), 'until-close')
    last.grpcStatus = 14
    last.sink?.onResponseEnd(undefined)
    expect(begun.client.log.slice(-2)).toEqual(['head 200', 'end'])
    expectEnded(begun)
  })

  test.each([0, 1, 1000])('that asks for a wait of %d ms is made again then, and not by chance', (waitMs) => {
    const begun = calls({ retry: { ...retry, backoffMs: 5000, maxBackoffMs: 5000 }, random: () => 0.9 })
    refuses(begun.sources[0]!.last, 8, pushback(String(waitMs)))
    if (waitMs > 0) {
      begun.clock.advance(waitMs - 1)
      expect(asked(begun)).toEqual([1, 0])
      begun.clock.advance(1)
    }
    expect(asked(begun)).toEqual([1, 1])
    answers(begun.sources[1]!.last)
    expectEnded(begun)
  })

  test('waits the first wait again behind one that was asked for', () => {
    const waits = { backoffMs: 100, maxBackoffMs: 1000 }
    const begun = calls({ idle: [1, 1, 1, 1], attempts: 4, retry: { ...retry, ...waits }, random: () => 0.5 })
    const [first, second, third, fourth] = begun.sources
    refuses(first!.last, 14)
    begun.clock.advance(50)
    refuses(second!.last, 14, pushback('0'))
    refuses(third!.last, 14)
    begun.clock.advance(49)
    expect(fourth!.streams).toEqual([])
    begun.clock.advance(1)
    answers(fourth!.last)
    expectEnded(begun)
  })

  test('waits no longer than its client', () => {
    const begun = calls()
    refuses(begun.sources[0]!.last, 14, pushback('1000'))
    begun.client.sink.onClientGone()
    begun.clock.advance(1000)
    expect(asked(begun)).toEqual([1, 0])
    expectEnded(begun)
  })

  test('is told so when the others have gone by the time of the retry', () => {
    const begun = calls()
    refuses(begun.sources[0]!.last, 8, pushback('1000'))
    begun.sources[1]!.isFull = true
    begun.sources[1]!.idle = 0
    begun.clock.advance(1000)
    expect(begun.client.log.at(-1)).toBe('refuse 503 a backend answered RESOURCE_EXHAUSTED, and no other is usable now')
    expectEnded(begun)
  })
})

test('the message of a request that is no call is not kept for its sake', () => {
  const begun = calls({ request: call().replace('application/grpc', 'application/grpc-web') })
  expect(begun.counters.replayBytes).toBe(0)
  answers(begun.sources[0]!.last)
  expectEnded(begun)
})
