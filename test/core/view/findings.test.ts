import { describe, expect, test } from 'bun:test'
import { type Finding, findFaults, toneOf, verdictOf, whatOf } from '../../../core/view/findings.ts'
import type { BackendFrame, Frame, PoolFrame } from '../../../core/report/frame.ts'
import { backendFrame, frameOf, poolFrame, sampleFrames, sampleStart } from '../../support/feed-frames.ts'

const peers = [backendFrame({ id: 'a' }), backendFrame({ id: 'b' })]
const latencyOf = (p50Ms: number, count = 100) => ({
  count,
  p50Ms,
  p95Ms: p50Ms * 2,
  p99Ms: p50Ms * 3,
  p999Ms: p50Ms * 4,
})
const withOne = (overrides: Partial<BackendFrame>, frame: Partial<Frame> = {}) =>
  frameOf([poolFrame('web', [...peers, backendFrame({ id: 'x', ...overrides })])], frame)
const whats = (findings: readonly Finding[]) => findings.map((one) => `${one.backend ?? '-'} ${whatOf(one)}`)
const verdict = (frame: Frame, findings = findFaults(frame, [])) => verdictOf(findings, frame, () => '12:00:00')

describe('faults', () => {
  test('are none where all is well', () => {
    const frame = withOne({})
    expect(findFaults(frame, [])).toEqual([])
    expect(verdict(frame)).toEqual({ tone: 'good', wordings: ['All is well: 1 pool, 3 backends.'] })
    expect(verdict(frameOf([])).wordings).toEqual(['All is well: 0 pools, 0 backends.'])
  })

  test('name the slow and the failing backend, and since when each is so', () => {
    const frames = sampleFrames(60)
    let findings: readonly Finding[] = []
    for (const frame of frames) findings = findFaults(frame, findings)
    expect(whats(findings)).toEqual(['localhost:8102 fails', 'localhost:8103 is slow'])
    expect(findings.map(({ since }) => since)).toEqual([sampleStart - 24_750, sampleStart - 24_750])
    const newest = frames.at(-1) as Frame
    expect(verdictOf(findings, newest, () => '12:00:00').wordings[0]).toBe(
      'web is unwell since 12:00:00: localhost:8102 fails (48 % errors: 5xx answers), localhost:8103 is slow (p50 210ms, peers 8.00ms)',
    )
  })

  test('are told in the fewest words with the time of the one that is named', () => {
    const at = { why: '', seenAt: 9, pool: 'web' }
    const findings: readonly Finding[] = [
      { ...at, kind: 'down', backend: 'a', since: 5 },
      { ...at, kind: 'slow', backend: 'b', since: 1 },
    ]
    const { wordings } = verdictOf(findings, frameOf([]), String)
    expect(wordings[0]).toStartWith('web is unwell since 1: a is down')
    expect(wordings.at(-1)).toBe('web is unwell since 5: a is down, and 1 more')
  })

  test('name a pool that is full, and how many find no room', () => {
    const frame = frameOf([poolFrame('web', peers, { waiting: 12, turnedAwayPerSecond: 3 })])
    expect(verdict(frame)).toMatchObject({ tone: 'warn' })
    expect(verdict(frame).wordings[0]).toBe(
      'web is unwell since 12:00:00: it is full (12 requests waiting, 3.0/s turned away)',
    )
    expect(findFaults(frameOf([poolFrame('web', peers)]), [])).toEqual([])
  })

  const cases: readonly (readonly [string, Partial<BackendFrame>, string | undefined])[] = [
    [
      'a backend that checks hold to be down',
      { state: 'unhealthy', reason: 'refused', effectiveWeight: 0 },
      'x is down',
    ],
    ['a twentieth of errors', { errorRatio: 0.05, errors: 3 }, 'x fails'],
    ['fewer errors than that', { errorRatio: 0.049, errors: 30 }, undefined],
    ['two errors, which may be chance', { errorRatio: 1, errors: 2 }, undefined],
    ['a median three times the peers’', { latency: latencyOf(28.1) }, 'x is slow'],
    ['a median only twice the peers’', { latency: latencyOf(16) }, undefined],
    ['a slow one that answered too little', { latency: latencyOf(500, 4) }, undefined],
    ['one that answered nothing', { latency: null }, undefined],
    ['one that drains', { state: 'draining', effectiveWeight: 0 }, undefined],
  ]
  for (const [name, overrides, expected] of cases) {
    test(`${expected === undefined ? 'leave out' : 'tell of'} ${name}`, () => {
      expect(whats(findFaults(withOne(overrides), []))).toEqual(expected === undefined ? [] : [expected])
    })
  }

  test.each([
    [[10, 50], ['b1']],
    [
      [10, 50, 50],
      ['b1', 'b2'],
    ],
    [[10, 10, 50], ['b2']],
    [
      [10, 10, 50, 50],
      ['b2', 'b3'],
    ],
    [[100, 10, 8, 9], ['b0']],
    [[10], []],
  ])('compare each with the lower median of the others: %p', (times, slow) => {
    const backends = times.map((p50Ms, index) => backendFrame({ id: `b${index}`, latency: latencyOf(p50Ms) }))
    expect(findFaults(frameOf([poolFrame('web', backends)]), []).map(({ backend }) => backend)).toEqual(slow)
  })

  test('are found in as many looks as there are backends', () => {
    let looks = 0
    const backends = Array.from({ length: 400 }, (_, index) => {
      const latency = latencyOf(index === 7 ? 500 : 8)
      return Object.defineProperty(backendFrame({ id: `b${index}` }), 'latency', { get: () => (looks++, latency) })
    })
    expect(findFaults(frameOf([poolFrame('web', backends)]), []).map(({ backend }) => backend)).toEqual(['b7'])
    expect(looks).toBeLessThan(10 * backends.length)
  })

  test('are known again in as many looks as there are of them', () => {
    let looks = 0
    const counting = (one: Finding): Finding => ({
      ...one,
      get kind() {
        looks += 1
        return one.kind
      },
    })
    const frameWith = (facts: Partial<BackendFrame>, at: number) =>
      frameOf(
        [
          poolFrame(
            'web',
            Array.from({ length: 400 }, (_, index) => backendFrame({ id: `b${index}`, ...facts })),
          ),
        ],
        { at },
      )
    const failing = findFaults(frameWith({ errorRatio: 0.5, errors: 10 }, 1000), [])
    const later = findFaults(frameWith({ errorRatio: 0.5, errors: 10 }, 2000), failing.map(counting))
    expect([later.length, later.every(({ since }) => since === 1000)]).toEqual([400, true])
    expect(findFaults(frameWith({ latency: null }, 3000), failing.map(counting))).toHaveLength(400)
    expect(looks).toBeLessThan(20 * 400)
  })

  test('tell of a deploy while it is under way', () => {
    const deploy = 'canary: 12 of 300 s; new: no requests; old: no requests'
    const [found] = findFaults(frameOf([poolFrame('web', peers, { deploy })]), [])
    expect(found).toMatchObject({ kind: 'deploys', pool: 'web', backend: undefined, why: deploy })
    expect(toneOf(found as Finding)).toBe('warn')
  })

  test('make no pool unwell that is being deployed, and are silent of it where one is', () => {
    const verdict = (overrides: Partial<PoolFrame>) => {
      const frame = frameOf([poolFrame('web', peers, { deploy: 'waiting: a is unchecked', ...overrides })])
      return verdictOf(findFaults(frame, []), frame, () => '12:00')
    }
    expect(verdict({})).toEqual({
      tone: 'warn',
      wordings: ['web is being deployed: waiting: a is unchecked', 'web is being deployed'],
    })
    expect(verdict({ degraded: 'too few' }).wordings[0]).toBe(
      'web is unwell since 12:00: it uses who is held out (too few)',
    )
  })

  test('tell of a pool that uses who is held out', () => {
    const degraded = 'a is used though held out: more would be out than maxEjected allows'
    const [found] = findFaults(frameOf([poolFrame('web', peers, { degraded })]), [])
    expect(found).toMatchObject({ kind: 'degraded', pool: 'web', backend: undefined, why: degraded })
    expect(toneOf(found as Finding)).toBe('warn')
  })

  test('tell of a pool that asks another strategy than it says', () => {
    const { strategy } = poolFrame('web', peers)
    const reverted = { ...strategy, reverted: true, revertedBecause: 'had 10 faults' }
    const [found] = findFaults(frameOf([poolFrame('web', peers, { strategy: reverted })]), [])
    expect(found).toMatchObject({ kind: 'reverted', pool: 'web', backend: undefined, why: 'had 10 faults' })
  })

  test('compare no backend with itself, nor microseconds with each other', () => {
    const alone = frameOf([poolFrame('web', [backendFrame({ latency: latencyOf(5000) })])])
    expect(findFaults(alone, [])).toEqual([])
    const fast = frameOf([
      poolFrame('web', [
        backendFrame({ id: 'a', latency: latencyOf(0.1) }),
        backendFrame({ id: 'b', latency: latencyOf(9) }),
      ]),
    ])
    expect(findFaults(fast, [])).toEqual([])
  })

  test('are of the pool when nobody in it is usable', () => {
    const down = { state: 'unhealthy', effectiveWeight: 0, reason: 'connection refused' }
    const frame = frameOf([poolFrame('web', [backendFrame({ id: 'a', ...down }), backendFrame({ id: 'b', ...down })])])
    expect(verdict(frame).wordings[0]).toBe(
      'web is unwell since 12:00:00: it has no usable backend (2 backends, connection refused)',
    )
    expect(findFaults(frameOf([poolFrame('empty', [])]), [])).toEqual([])
  })

  test('are of a pool whose source is away, graver where nobody of it is known', () => {
    const sourceAway = 'consul web: cannot be asked: ECONNREFUSED'
    const [known, unknown] = [[backendFrame({ id: 'a' })], []].map((backends) =>
      verdict(frameOf([poolFrame('web', backends, { sourceAway })])),
    )
    expect([known?.tone, known?.wordings[0]]).toEqual([
      'warn',
      `web is unwell since 12:00:00: it has a source that is away (${sourceAway})`,
    ])
    expect([unknown?.tone, unknown?.wordings[0]]).toEqual([
      'bad',
      `web is unwell since 12:00:00: it has no usable backend (${sourceAway})`,
    ])
  })

  test('stay for a while when traffic no longer reaches the backend', () => {
    const slow = findFaults(withOne({ latency: latencyOf(300) }), [])
    const silent = (ms: number) => withOne({ latency: null }, { at: sampleStart + ms })
    expect(whats(findFaults(silent(29_000), slow))).toEqual(['x is slow'])
    expect(findFaults(silent(31_000), slow)).toEqual([])
    expect(findFaults(withOne({}, { at: sampleStart + 1000 }), slow)).toEqual([])
    expect(findFaults(frameOf([]), slow)).toEqual([])
  })

  test('tell an overload from a want of backends', () => {
    const { totals } = withOne({})
    const shed = { ...totals, refusedPerSecond: 5, shedPerSecond: 3 }
    const told = (frame: Frame) => findFaults(frame, []).map((one) => `${whatOf(one)}: ${one.why}`)
    expect(told(withOne({}, { shedding: true, totals: shed }))).toEqual([
      'is overloaded: 3.0/s refused for it',
      'refuses requests: 2.0/s, for want of backends or connections',
    ])
    expect(told(withOne({}, { totals: { ...shed, refusedPerSecond: 3 } }))).toEqual([])
  })

  test('count a refused reload, and clients that were refused', () => {
    const reload = { at: sampleStart, ok: false, origin: 'watch', problems: ['a.json:1:2: oops'] }
    const { totals } = withOne({})
    const frame = withOne({}, { reload, totals: { ...totals, refusedPerSecond: 2 } })
    expect(findFaults(frame, []).map((one) => [toneOf(one), one.why])).toEqual([
      ['bad', '2.0/s, for want of backends or connections'],
      ['warn', 'a.json:1:2: oops'],
    ])
    expect(findFaults(withOne({}, { reload: { ...reload, problems: [] } }), [])).toHaveLength(1)
  })

  test('find shorter words for narrow screens, down to one line', () => {
    const frame = frameOf([
      poolFrame(
        'web',
        Array.from({ length: 40 }, (_, index) => backendFrame({ id: `b${index}`, errorRatio: 1, errors: 9 })),
      ),
    ])
    const { wordings } = verdict(frame)
    expect(wordings.at(-1)).toBe('web is unwell since 12:00:00: b0 fails, and 39 more')
  })

  test('name whose each is when two are unwell', () => {
    const down = { state: 'unhealthy', effectiveWeight: 0, reason: 'refused' }
    const nobody = (name: string) => poolFrame(name, [backendFrame({ id: 'a', ...down })])
    const { totals } = withOne({})
    const both = verdict(frameOf([nobody('backend-api'), nobody('web')])).wordings
    expect(both.slice(0, 1)).toEqual([
      'backend-api and web are unwell since 12:00:00: backend-api has no usable backend (1 backend, refused), web has no usable backend (1 backend, refused)',
    ])
    expect(both[4]).toBe('backend-api has no usable backend, web has no usable backend')
    const edge = verdict(frameOf([nobody('web')], { totals: { ...totals, refusedPerSecond: 2 } })).wordings
    expect(edge[3]).toBe('web and the balancer are unwell: web has no usable backend, the balancer refuses requests')
    const one = verdict(
      frameOf([nobody('api'), poolFrame('web', [...peers, backendFrame({ id: 'x', ...down })])]),
    ).wordings
    expect(one[3]).toBe('api and web are unwell: api has no usable backend, web/x is down')
  })
})
