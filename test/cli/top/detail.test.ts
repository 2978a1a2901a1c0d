import { describe, expect, test } from 'bun:test'
import { backendStrip } from '../../../cli/top/detail.ts'
import type { Finding } from '../../../core/view/findings.ts'
import { createTheme } from '../../../cli/top/theme.ts'
import type { BackendFrame } from '../../../core/report/frame.ts'
import { backendFrame, poolFrame, sampleStart } from '../../support/feed-frames.ts'
import { sampleState } from '../../support/ui-state.ts'

const theme = createTheme({ palette: 'none', ascii: false })
const slow: Finding = {
  kind: 'slow',
  pool: 'web',
  backend: 'localhost:8101',
  why: 'p50 210ms, peers 8.00ms',
  brief: 'is 26x slower',
  since: sampleStart - 60_000,
  seenAt: sampleStart,
}

/** The first lines of the box that tells of a slow backend: its state and why. */
function told(facts: Partial<BackendFrame>): string {
  const backend = backendFrame({ since: sampleStart - 5000, ...facts })
  const row = { id: 'web/localhost:8101', pool: poolFrame('web', [backend]), backend, finding: slow }
  const lines = backendStrip({ state: sampleState(), width: 120, height: 30, theme }, row)
  return lines
    .slice(1, 3)
    .map((line) => line.map((span) => span.text).join(''))
    .join('\n')
}

describe('the box of one backend', () => {
  test('dates a drain from the drain, not from what was wrong before', () => {
    const text = told({ state: 'draining', why: 'told to drain' })
    expect(text).toContain('draining since 11:59:55')
    expect(text).toContain('told to drain')
  })

  test('dates what traffic shows of a healthy one from when it began', () => {
    const text = told({})
    expect(text).toContain('slow since 11:59:00')
    expect(text).toContain('peers 8.00ms')
  })

  test('tells the reason of a balancer that tells nothing else', () => {
    const older = { ...backendFrame({ state: 'unhealthy', reason: 'refused' }), why: undefined as never }
    expect(told(older)).toContain('refused')
  })
})
