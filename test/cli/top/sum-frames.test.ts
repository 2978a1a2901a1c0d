import { describe, expect, test } from 'bun:test'
import { sumFrames } from '../../../cli/top/sum-frames.ts'
import type { BackendFrame, Frame, PoolFrame } from '../../../core/report/frame.ts'
import { backendFrame, frameOf, poolFrame } from '../../support/feed-frames.ts'

const none = { at: 7, countsOf: () => [], latencyOf: () => null }
const sum = (...frames: readonly Frame[]): Frame => sumFrames(frames, none)

/** One backend, as each of several balancers sees it. */
function backendOf(...parts: readonly Partial<BackendFrame>[]): BackendFrame | undefined {
  const frames = parts.map((part) => frameOf([poolFrame('web', [backendFrame({ id: 'a:1', ...part })])]))
  return sum(...frames).pools[0]?.backends[0]
}

const poolOf = (...parts: readonly Partial<PoolFrame>[]): PoolFrame | undefined =>
  sum(...parts.map((part) => frameOf([poolFrame('web', [backendFrame()], part)]))).pools[0]

describe('a sum of frames', () => {
  test('of one is that one, but for what is counted anew', () => {
    const frame = frameOf([poolFrame('web', [backendFrame({ id: 'a:1' }), backendFrame({ id: 'b:1' })])])
    const { pools, totals, ...rest } = sum(frame)
    expect(rest).toEqual({ ...rest, at: 7, uptimeMs: frame.uptimeMs, phase: 'serving', generation: null, reload: null })
    expect(totals).toEqual({ ...frame.totals, latency: null })
    expect(pools[0]).toMatchObject({ requestsPerSecond: 200, inflight: 6, usable: 2 })
    expect(pools[0]?.backends.map(({ id }) => id)).toEqual(['a:1', 'b:1'])
  })

  test('has the pools, backends and routes of all, each once', () => {
    const one = frameOf([poolFrame('web', [backendFrame({ id: 'a:1' }), backendFrame({ id: 'b:1' })])])
    const other = frameOf([
      poolFrame('api', [backendFrame({ id: 'a:1' })]),
      poolFrame('web', [backendFrame({ id: 'c:1' })]),
    ])
    const { pools, routes, totals } = sum(one, other)
    expect(pools.map(({ name, backends }) => [name, ...backends.map(({ id }) => id)])).toEqual([
      ['web', 'a:1', 'b:1', 'c:1'],
      ['api', 'a:1'],
    ])
    expect(routes).toHaveLength(2)
    expect(routes[0]?.requestsPerSecond).toBeCloseTo(80)
    expect(totals).toMatchObject({ requestsPerSecond: 400, inflight: 12, connections: 128 })
  })

  test('hands percentiles and counts through from who counted', () => {
    const latency = { count: 3, p50Ms: 1, p95Ms: 2, p99Ms: 3, p999Ms: 4 }
    const asked: string[] = []
    const frame = frameOf([poolFrame('web', [backendFrame({ id: 'a:1' })])])
    const told = sumFrames([frame, frame], {
      at: 0,
      countsOf: (subject) => (subject === 'web/a:1' ? [8, 5] : []),
      latencyOf: (subject) => (asked.push(subject), latency),
    })
    expect(asked.toSorted()).toEqual(['', 'web', 'web/a:1'])
    expect([told.totals.latency, told.pools[0]?.latency]).toEqual([latency, latency])
    expect(told.pools[0]?.backends[0]).toMatchObject({ latency, histogram: [8, 5] })
  })

  test('weighs a ratio by what it is a ratio of', () => {
    const cases: readonly (readonly [Partial<BackendFrame>, Partial<BackendFrame>, number])[] = [
      // 1 of 10 and 100 of 100 are 101 of 110.
      [{ errorRatio: 0.1, errors: 1 }, { errorRatio: 1, errors: 100 }, 101 / 110],
      // Where none failed, the answers count: 10 of 10 and 0 of 90.
      [{ errorRatio: 1, errors: 10 }, { latency: { count: 90, p50Ms: 1, p95Ms: 1, p99Ms: 1, p999Ms: 1 } }, 0.1],
      [{ errorRatio: 0, latency: null }, { errorRatio: 0, latency: null }, 0],
    ]
    for (const [one, other, expected] of cases) expect(backendOf(one, other)?.errorRatio).toBeCloseTo(expected)
    expect(
      poolOf({ errorRatio: 1, requestsPerSecond: 1 }, { errorRatio: 0, requestsPerSecond: 99 })?.errorRatio,
    ).toBeCloseTo(0.01)
    const idle = poolOf({ errorRatio: 1, requestsPerSecond: 0 }, { errorRatio: 0, requestsPerSecond: 0 })
    expect(idle?.errorRatio).toBeCloseTo(0.5)
  })

  test('tells of a backend the worse of its states, with its reason', () => {
    const down = { state: 'unhealthy', reason: 'refused', since: 5, use: 'out' }
    const order = ['healthy', 'unchecked', 'draining', 'unhealthy']
    for (const [index, state] of order.entries())
      for (const other of order.slice(0, index))
        expect([state, backendOf({ state: other }, { state })?.state]).toEqual([state, state])
    expect(backendOf({ state: 'healthy' }, down, { state: 'draining' })).toMatchObject(down)
    expect(backendOf({ use: 'used' }, { use: 'overruled' })?.use).toBe('overruled')
  })

  test('takes no backend of a pool for unusable because another balancer does not have it', () => {
    const web = (ids: readonly string[], usable: number) =>
      frameOf([
        poolFrame(
          'web',
          ids.map((id) => backendFrame({ id })),
          { usable },
        ),
      ])
    expect(sum(web(['a:1', 'b:1', 'c:1'], 3), web(['a:1', 'd:1'], 2)).pools[0]?.usable).toBe(4)
    expect(sum(web(['a:1', 'b:1', 'c:1'], 2), web(['a:1', 'd:1'], 0)).pools[0]?.usable).toBe(2)
  })

  test('adds bounds up where all have one', () => {
    expect(backendOf({ maxInflight: 3 }, { maxInflight: 4 })?.maxInflight).toBe(7)
    expect(backendOf({ maxInflight: 3 }, { maxInflight: null })?.maxInflight).toBeNull()
    expect(poolOf({ maxInflight: 1 }, { maxInflight: 2 })?.maxInflight).toBe(3)
  })

  test('keeps what each says of its own, as far as it can be one', () => {
    expect(poolOf({ usable: 1 }, { usable: 0 })?.usable).toBe(0)
    expect(poolOf({ degraded: null }, { degraded: 'too few' })?.degraded).toBe('too few')
    expect(poolOf({ deploy: null }, { deploy: 'waiting: a' })?.deploy).toBe('waiting: a')
    expect(poolOf({ sourceAway: null }, { sourceAway: 'dns a: SERVFAIL' })?.sourceAway).toBe('dns a: SERVFAIL')
    expect(backendOf({ weight: 1 }, { weight: 2 })?.weight).toBe(1.5)
    expect(backendOf({ ewmaMs: null }, { ewmaMs: null })?.ewmaMs).toBeNull()
    expect(backendOf({ ewmaMs: null }, { ewmaMs: 4 })?.ewmaMs).toBe(4)
    const check = (at: number) => ({ at, passed: true, detail: String(at) })
    expect(backendOf({ check: null }, { check: check(1) }, { check: check(2) })?.check?.detail).toBe('2')
    expect(sum(frameOf([]), frameOf([], { phase: 'draining' })).phase).toBe('draining')
    const [one, two] = ['p2c', 'random'].map((use) => ({ ...poolFrame('web', []).strategy, use }))
    expect(poolOf({ ...(one && { strategy: one }) }, { ...(two && { strategy: two }) })?.strategy.use).toBe(
      'p2c, random',
    )
  })

  test('takes balancers that tell less', () => {
    const { shedPerSecond: _, ...totals } = frameOf([]).totals
    const { waiting: _1, ...pool } = poolFrame('web', [])
    const old = { ...frameOf([]), totals, pools: [pool] } as unknown as Frame
    expect(sum(old, old).totals.shedPerSecond).toBe(0)
    expect(sum(old, old).pools[0]?.waiting).toBe(0)
  })
})
