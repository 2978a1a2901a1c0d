import { describe, expect, test } from 'bun:test'
import { formatLimits } from '../../../cli/text/status-limits.ts'
import { formatStatus } from '../../../cli/text/status-table.ts'
import type { LimitStatus } from '../../../core/report/limit-status.ts'
import { buildSnapshot } from '../../../core/report/snapshot.ts'
import { fakeEdge, fakeProcess } from '../../support/edge-view.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const plain = { color: false, width: undefined, ellipsis: '…' }
const counts = { kind: 'rate', keys: 12_345, evicted: 0, refused: 3, reported: 0 } as const
const limits: readonly LimitStatus[] = [
  { route: '/api/* to web', pool: null, name: 'per-address', ...counts },
  { route: null, pool: 'web', name: 'all', ...counts, keys: 1, refused: 0, reported: 7 },
]

describe('limits of a status', () => {
  test('are told with what they hold and whom they refused', () => {
    expect(formatLimits(limits, plain)).toBe(`\
limits
  of             limit          keys  refused  reported  evicted
  /api/* to web  per-address  12,345        3         0        0
  pool web       all               1        0         7        0
`)
  })

  test('are left out where there are none, and by balancers that know none', () => {
    expect([formatLimits([], plain), formatLimits(undefined, plain)]).toEqual(['', ''])
    const status = buildSnapshot(fakeEdge([]), fakeProcess, virtualClock())
    expect(formatStatus(status, { ...plain, previous: undefined })).not.toContain('limits')
    expect(formatStatus({ ...status, limits }, { ...plain, previous: undefined })).toContain('\nlimits\n  of ')
  })

  test('are cut to the width, and of what came over the wire only what is printable is shown', () => {
    const wild = [{ ...limits[0]!, route: `/${'a'.repeat(300)} \u001B[2J to web` }]
    const lines = formatLimits(wild, { ...plain, width: 80 }).split('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
    expect(lines.join('')).not.toContain('\u001B')
  })
})
