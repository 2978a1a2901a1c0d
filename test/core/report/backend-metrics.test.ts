import { describe, expect, test } from 'bun:test'
import { BackendLatency } from '../../../core/observe/histogram.ts'
import { fakeBackend, fakeEdge, fakePool, fakeStanding } from '../../support/edge-view.ts'
import { pageOf, valueOf } from '../../support/metrics-page.ts'
import { parseMetrics } from '../../support/metrics-parser.ts'

const oneRequest = { ...fakeBackend().counters, requests: 1 }

describe('metrics of backends', () => {
  test('tells of each who holds a backend out, of what it is given, and of what a pool makes of it', () => {
    const holds = (['traffic', 'breaker'] as const).map((by) => ({ by, why: '', since: 0, until: undefined }))
    const backends = [
      fakeBackend({ standing: fakeStanding({ holds }), use: 'overruled', weight: 0.25 }),
      fakeBackend({ id: 'b:80', use: 'spare' }),
    ]
    const degraded = { cause: 'panic', detail: 'a is used' } as const
    const edge = fakeEdge([], { pools: [fakePool(backends, { degraded })] })
    const families = parseMetrics(pageOf(edge))
    const of = (name: string, labels: Record<string, string>) =>
      valueOf(families, `smartedge_${name}`, { pool: 'web', ...labels })
    const [held, spare] = [{ backend: '10.0.0.1:80' }, { backend: 'b:80' }]
    expect(['traffic', 'breaker', 'ejection'].map((by) => of('backend_held_out', { ...held, by }))).toEqual([1, 1, 0])
    expect([of('backend_effective_weight', held), of('backend_effective_weight', spare)]).toEqual([0.25, 0])
    expect([of('backend_usable', held), of('backend_usable', spare)]).toEqual([1, 1])
    expect(['panic', 'restraint'].map((cause) => of('pool_degraded', { cause }))).toEqual([1, 0])
  })

  test('says of a backend that has been asked nothing that it is there, and no zeros', () => {
    const page = pageOf(fakeEdge([fakeBackend()]))
    const families = parseMetrics(page).filter(({ name }) => name.startsWith('smartedge_backend_'))
    expect(families.map(({ name }) => name.slice('smartedge_backend_'.length))).toEqual([
      'up',
      'usable',
      'weight',
      'effective_weight',
    ])
    expect(families.flatMap(({ samples }) => samples.map(({ value }) => value))).not.toContain(0)
    const tenThousand = pageOf(
      fakeEdge(Array.from({ length: 10_000 }, (_, index) => fakeBackend({ id: `b${index}:80` }))),
    )
    expect(tenThousand.length).toBeLessThan(10_000 * 300)
  })

  test('tells how breakers stand, and times to connect, to the head and in all', () => {
    const latency = new BackendLatency({ generation: 0 })
    latency.recordConnect(0.3)
    latency.recordHead(20)
    latency.record(40)
    const facts = { breaker: { kind: 'half-open' } } as const
    const families = parseMetrics(pageOf(fakeEdge([fakeBackend({ counters: oneRequest, latency, facts })])))
    const labels = { pool: 'web', backend: '10.0.0.1:80' }
    const of = (name: string, more = {}) => valueOf(families, `smartedge_backend_${name}`, { ...labels, ...more })
    expect(['closed', 'half-open', 'open'].map((state) => of('breaker_state', { state }))).toEqual([0, 1, 0])
    const sums = ['connect', 'first_byte', 'request'].map((phase) => of(`${phase}_duration_seconds_sum`))
    expect(sums).toEqual([0.0003, 0.02, 0.04])
  })
})
