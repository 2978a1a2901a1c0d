/** What may be said of bounds, queues and priorities, and what is told of the rest. */
import { describe, expect, test } from 'bun:test'
import { formatWarning } from '../../../core/config/problems.ts'
import { configOf, parse, problemsOf, withPool, withTop } from './read-config.ts'

const HUGE = 1e21

describe('bounds', () => {
  test('of backends and pools, queue and concurrency are read as they are said', () => {
    const config = configOf(
      withPool({
        backends: ['http://a', { url: 'http://b', maxInflight: 9 }],
        maxInflight: 40,
        concurrency: { start: 8, min: 4, max: 64, tolerance: 2 },
        queue: { length: 20, timeout: '2s', order: 'deadline' },
      }),
    )
    expect(config.pools[0]).toMatchObject({
      maxInflight: 40,
      concurrency: { start: 8, min: 4, max: 64, tolerance: 2 },
      queue: { length: 20, timeoutMs: 2000, order: 'deadline' },
    })
    expect(config.pools[0]?.members.map(({ maxInflight }) => maxInflight)).toEqual([undefined, 9])
  })

  test.each<readonly [string, object, string]>([
    ['0', { maxInflight: 0 }, 'pools.web.maxInflight must be a whole number from 1 to 1000000, got 0'],
    ['negative', { maxInflight: -1 }, 'pools.web.maxInflight must be a whole number from 1 to 1000000, got -1'],
    ['broken', { maxInflight: 1.5 }, 'pools.web.maxInflight must be a whole number from 1 to 1000000, got 1.5'],
    ['huge', { maxInflight: HUGE }, `pools.web.maxInflight must be a whole number from 1 to 1000000, got ${HUGE}`],
    [
      'a text',
      { maxInflight: '10' },
      'pools.web.maxInflight must be a whole number from 1 to 1000000, got "10" (did you mean 10, without quotes?)',
    ],
    [
      'an empty queue',
      { maxInflight: 1, queue: { length: 0 } },
      'pools.web.queue.length must be a whole number from 1 to 100000, got 0',
    ],
    [
      'a queue without end',
      { maxInflight: 1, queue: { length: HUGE } },
      `pools.web.queue.length must be a whole number from 1 to 100000, got ${HUGE}`,
    ],
    [
      'a queue without time',
      { maxInflight: 1, queue: { timeout: '0s' } },
      'pools.web.queue.timeout must be a duration from 10ms to 24h such as "5s", got "0s"',
    ],
    [
      'an order that there is not',
      { maxInflight: 1, queue: { order: 'lifo' } },
      'pools.web.queue.order must be one of "fifo", "deadline", got "lifo" (did you mean "fifo"?)',
    ],
    [
      'a queue that is none',
      { maxInflight: 1, queue: true },
      'pools.web.queue must be an object with the keys length, timeout, order, got true',
    ],
    [
      'a least limit above the most',
      { concurrency: { min: 30, max: 10 } },
      'pools.web.concurrency.min must not be larger than max, which is 10, got 30',
    ],
    [
      'a start out of bounds',
      { concurrency: { start: 5, min: 10 } },
      'pools.web.concurrency.start must be from min to max, which are 10 and 200, got 5',
    ],
    [
      'no limit at all',
      { concurrency: { min: 0 } },
      'pools.web.concurrency.min must be a whole number from 1 to 1000000, got 0',
    ],
    [
      'a tolerance of nothing',
      { concurrency: { tolerance: 0.5 } },
      'pools.web.concurrency.tolerance must be a number from 1 to 100, got 0.5',
    ],
  ])('of a pool are refused: %s', (_, facts, problem) => {
    const [found, ...others] = problemsOf(withPool(facts))
    expect([found?.replace(/^edge\.json:1:\d+: /, ''), others]).toEqual([problem, []])
  })

  test('of a backend are refused where they keep everybody away', () => {
    const source = { pools: { web: { backends: [{ url: 'http://a', maxInflight: 0 }] } } }
    expect(problemsOf(source)).toEqual([
      'edge.json:1:62: pools.web.backends[0].maxInflight must be a whole number from 1 to 1000000, got 0 ("drain": true keeps requests away)',
    ])
  })

  test.each([-1, 10, 2.5, 'high'])('leave no priority of %p', (priority) => {
    const [problem] = problemsOf(withTop({ routes: [{ pool: 'web', priority }] }))
    expect(problem).toContain('routes[0].priority must be a whole number from 0 to 9, got ')
  })

  test.each([
    [{}, { start: 20, min: 20, max: 200 }],
    [{ max: 10 }, { start: 10, min: 10, max: 10 }],
    [{ min: 300 }, { start: 300, min: 300, max: 300 }],
    [{ start: 5 }, { start: 5, min: 5, max: 200 }],
    [{ start: 500 }, { start: 500, min: 20, max: 500 }],
    [
      { min: 2, max: 8 },
      { start: 8, min: 2, max: 8 },
    ],
  ])('that are found give way to what is said: %j', (said, expected) => {
    expect(configOf(withPool({ concurrency: said })).pools[0]?.concurrency).toEqual({ ...expected, tolerance: 1.5 })
  })
})

describe('a queue', () => {
  const backends = ['http://a', 'http://b']
  const warned = (facts: object): string[] => {
    const parsed = parse({ pools: { web: { backends, queue: {}, ...facts } } })
    return parsed.kind === 'config' ? parsed.warnings.map(formatWarning) : [parsed.kind]
  }

  test('has a length, a time and an order unless others are said', () => {
    const { queue } = configOf(withPool({ maxInflight: 1, queue: {} })).pools[0]!
    expect(queue).toEqual({ length: 1000, timeoutMs: 5000, order: 'fifo' })
  })

  test('in front of a pool that is never full is warned of', () => {
    const warning =
      'edge.json:1:61: warning: pools.web.queue is never used, since nothing bounds what every backend takes (set maxInflight, maxConnections or concurrency, or a maxInflight on each backend)'
    expect(warned({})).toEqual([warning])
    const one = [{ url: 'http://a', maxInflight: 1 }, 'http://b']
    expect(warned({ backends: one })).toHaveLength(1)
    expect(warned({ breaker: {} })).toHaveLength(1)
    expect(warned({ maxEjected: 1 })).toEqual([warning, expect.stringContaining('maxEjected does nothing')])
  })

  test.each([
    { maxInflight: 1 },
    { maxConnections: 1 },
    { concurrency: {} },
    { breaker: {}, maxEjected: 1 },
    { backends: backends.map((url) => ({ url, maxInflight: 1 })) },
  ])('in front of one that may be full is not: %j', (facts) => {
    expect(warned(facts)).toEqual([])
  })
})

describe('an overload', () => {
  const rule = 'must be a size from 64MiB to 1024GiB or a share from 10% to 99%, such as "1GiB" or "90%"'

  test.each([
    [{ lag: '200ms' }, { lagMs: 200, memory: undefined }],
    [{ memory: '512MiB' }, { lagMs: undefined, memory: { kind: 'bytes', bytes: 512 * 1024 ** 2 } }],
    [{ memory: '87.5%' }, { lagMs: undefined, memory: { kind: 'ratio', ratio: 0.875 } }],
  ])('may be %j', (said, expected) => {
    expect(configOf(withTop({ overload: said })).overload).toEqual(expected as never)
  })

  test('is nothing that anybody looks for by default', () => {
    expect(configOf(withTop({})).overload).toBeUndefined()
  })

  test.each<readonly [object, string]>([
    [{}, 'overload must give lag, memory or both, got {}'],
    [{ lag: '0ms' }, 'overload.lag must be a duration from 10ms to 1m such as "200ms", got "0ms"'],
    [{ lag: '-1s' }, 'overload.lag must be a duration from 10ms to 1m such as "200ms", got "-1s"'],
    [{ memory: '0' }, `overload.memory ${rule}, got "0"`],
    [{ memory: '9%' }, `overload.memory ${rule}, got "9%"`],
    [{ memory: '100%' }, `overload.memory ${rule}, got "100%"`],
    [{ memory: '63MiB' }, `overload.memory ${rule}, got "63MiB"`],
    [{ memory: '99999999GiB' }, `overload.memory ${rule}, got "99999999GiB"`],
    [{ memory: 90 }, `overload.memory ${rule}, got 90`],
  ])('is refused as %j', (said, problem) => {
    const found = problemsOf(withTop({ overload: said }))
    expect(found.map((one) => one.replace(/^edge\.json:1:\d+: /, ''))).toEqual([problem])
  })
})
