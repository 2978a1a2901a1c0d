import { describe, expect, test } from 'bun:test'
import type { Sticky } from '../../../core/sticky/sticky.ts'
import { answers, beginExchange, connected, fails, responds } from '../../support/fake-streams.ts'

interface SessionOptions {
  readonly attempts?: number
  readonly isFull?: boolean
}

/** An exchange of a session that is with the backend of this number; `log` tells how it was looked up and settled. */
function beginSession(home: number | undefined, { attempts = 2, isFull = false }: SessionOptions = {}) {
  const log: string[] = []
  const exchange = beginExchange({
    idle: [0, 0, 0],
    attempts,
    sticky(backends): Sticky {
      const backend = home === undefined ? undefined : backends[home]
      if (isFull && backend !== undefined) backend.room = { hasRoom: false }
      const settle = (by: unknown, head: { readonly status: number }): void =>
        void log.push(`with ${backends.findIndex((one) => one === by)} after ${head.status}`)
      return { hiddenCookie: 'own', sessionOf: () => (log.push('looked up'), { backend, settle }) }
    },
  })
  return { log, asked: () => exchange.sources.map(({ streams }) => streams.length), ...exchange }
}

describe('a session', () => {
  test('goes to its backend before anybody is picked', () => {
    const { sources, log, asked } = beginSession(2)
    expect(asked()).toEqual([0, 0, 1])
    connected(sources[2]!.last)
    answers(sources[2]!.last)
    expect(log).toEqual(['looked up', 'with 2 after 200'])
  })

  test('that is new is with whoever was picked and answers', () => {
    const { sources, log } = beginSession(undefined)
    connected(sources[0]!.last)
    answers(sources[0]!.last)
    expect(log).toEqual(['looked up', 'with 0 after 200'])
  })

  test('goes on with whoever answers when its own cannot be reached, looked up once', () => {
    const { sources, log, asked } = beginSession(2)
    fails(sources[2]!.last)
    expect(asked()).toEqual([1, 0, 1])
    connected(sources[0]!.last)
    answers(sources[0]!.last)
    expect(log).toEqual(['looked up', 'with 0 after 200'])
  })

  test('goes on past all that cannot be reached', () => {
    const { sources, log, asked } = beginSession(2)
    fails(sources[2]!.last)
    fails(sources[0]!.last)
    expect(asked()).toEqual([1, 1, 1])
    connected(sources[1]!.last)
    answers(sources[1]!.last)
    expect(log).toEqual(['looked up', 'with 1 after 200'])
  })

  test('goes to another when its own is full', () => {
    expect(beginSession(2, { isFull: true }).asked()).toEqual([1, 0, 0])
  })

  test('is with nobody else for an answer of our own', () => {
    const { sources, log, client } = beginSession(1, { attempts: 1 })
    fails(sources[1]!.last)
    expect(client.log[0]).toStartWith('refuse 502')
    expect(log).toEqual(['looked up'])
  })

  test('is settled by the final response, whatever its status, and by no other', () => {
    const { sources, log } = beginSession(1)
    connected(sources[1]!.last)
    sources[1]!.last.sink?.onInterim({ status: 103 } as never)
    expect(log).toEqual(['looked up'])
    responds(sources[1]!.last, 'HTTP/1.1 503 Busy\r\nContent-Length: 5\r\n\r\n')
    expect(log).toEqual(['looked up', 'with 1 after 503'])
  })
})
