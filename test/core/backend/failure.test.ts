import { describe, expect, test } from 'bun:test'
import { type FailureRule, percentText, secondsText, verdictOn } from '../../../core/backend/failure.ts'

const rule: FailureRule = {
  causes: ['connect', 'timeout'],
  statuses: [
    { from: 500, to: 502 },
    { from: 429, to: 429 },
  ],
}

describe('verdictOn', () => {
  test.each([
    [{ kind: 'completed', status: 200 }, 'good'],
    [{ kind: 'completed', status: 499 }, 'good'],
    [{ kind: 'completed', status: 500 }, 'bad'],
    [{ kind: 'completed', status: 502 }, 'bad'],
    [{ kind: 'completed', status: 503 }, 'good'],
    [{ kind: 'completed', status: 429 }, 'bad'],
    [{ kind: 'completed', status: 101 }, 'good'],
    [{ kind: 'failed', cause: 'connect' }, 'bad'],
    [{ kind: 'failed', cause: 'timeout' }, 'bad'],
    [{ kind: 'failed', cause: 'reset' }, 'none'],
    [{ kind: 'abandoned' }, 'none'],
    [{ kind: 'local' }, 'none'],
  ] as const)('of %j is %s', (ending, verdict) => {
    expect(verdictOn(ending, rule)).toBe(verdict)
  })

  test('holds nothing for a failure where nothing is', () => {
    const none = { causes: [], statuses: [] }
    expect(verdictOn({ kind: 'completed', status: 599 }, none)).toBe('good')
    expect(verdictOn({ kind: 'failed', cause: 'connect' }, none)).toBe('none')
  })
})

test('figures in causes are short', () => {
  expect([secondsText(10_000), secondsText(1234.5), secondsText(50)]).toEqual(['10 s', '1.23 s', '0.05 s'])
  expect([percentText(1), percentText(2 / 3), percentText(0.001)]).toEqual(['100 %', '66.7 %', '0.1 %'])
})
