import { expect, test } from 'bun:test'
import { sourceLedger } from '../../../core/observe/counters.ts'
import { createMeter } from '../../../core/report/meter.ts'
import { poolFrame } from '../../../core/report/pool-feed.ts'
import type { SourceView } from '../../../core/report/view.ts'
import { fakePool } from '../../support/edge-view.ts'

const sourceOf = (name: string, presence: SourceView['presence']): SourceView => ({
  name,
  members: 0,
  presence,
  knownAt: undefined,
  ageMs: 0,
  skipped: { count: 0, first: [] },
  heldBack: undefined,
  counters: sourceLedger.create(),
})

test('a pool names the first of its sources that is away, and counts the others', () => {
  const away = { kind: 'away', since: 0, reason: 'nobody answers' } as const
  const [file, dns, consul] = [
    sourceOf('file a.json', { kind: 'present' }),
    sourceOf('dns web', away),
    sourceOf('consul web', away),
  ]
  const told = (sources?: readonly SourceView[]) =>
    poolFrame(fakePool([], sources && { sources }), { backends: new Map(), meter: createMeter() }, 0).sourceAway
  expect([told(), told([file])]).toEqual([null, null])
  expect(told([file, dns])).toBe('dns web: nobody answers')
  expect(told([dns, file, consul])).toBe('dns web: nobody answers, and 1 more')
})
