import { describe, expect, test } from 'bun:test'
import { lookOf } from '../../../cli/top/theme.ts'
import { createTheme } from '../../../cli/top/theme.ts'
import { checkWords, eventWords, holdWords, stateOf } from '../../../cli/top/words.ts'
import { ageWords } from '../../../core/view/words.ts'
import type { BackendFrame } from '../../../core/report/frame.ts'
import { backendFrame, sampleStart } from '../../support/feed-frames.ts'

const theme = createTheme({ palette: 'none', ascii: false })
const stateText = (state: string) => stateOf({ backend: backendFrame({ state }), finding: undefined }, theme).text

describe('states', () => {
  test('have a glyph and a word each', () => {
    expect(['healthy', 'unhealthy', 'unchecked', 'draining'].map(stateText)).toEqual([
      '● healthy',
      '✖ down',
      '○ unchecked',
      '◐ draining',
    ])
  })

  test('say who holds one out that no check does, and what becomes of it', () => {
    const word = (facts: Partial<BackendFrame>) =>
      stateOf({ backend: backendFrame({ state: 'unhealthy', use: 'out', ...facts }), finding: undefined }, theme).text
    expect(word({ by: 'checks' })).toBe('✖ down')
    expect(word({ by: 'breaker' })).toBe('✖ open')
    expect(word({ by: 'ejection' })).toBe('✖ ejected')
    expect(word({ by: 'breaker', use: 'trial' })).toBe('✖ on trial')
    expect(word({ by: 'breaker', use: 'overruled' })).toBe('✖ overruled')
    expect(word({ state: 'healthy', use: 'spare' })).toBe('○ spare')
  })

  test('are what traffic shows where checks found nothing wrong, or nobody checks', () => {
    const finding = {
      kind: 'fails',
      pool: 'web',
      backend: 'a',
      why: '',
      since: sampleStart,
      seenAt: sampleStart,
    } as const
    const word = (state: string) => stateOf({ backend: backendFrame({ state }), finding }, theme).text
    expect(['healthy', 'unchecked', 'unhealthy', 'draining'].map(word)).toEqual([
      '✖ failing',
      '✖ failing',
      '✖ down',
      '◐ draining',
    ])
  })

  test('of a newer balancer are shown as they are called, without their codes', () => {
    expect(stateText('warming\u001B[31m')).toBe('? warming [31m')
    expect(stateText('')).toBe('? ')
  })
})

describe('what holds a backend out', () => {
  const hold = (why: string, until: number | null) => ({ by: 'checks', why, since: 0, until })

  test('is told of each, with the time that is left', () => {
    const holds = [hold('503', null), hold('breaker open', sampleStart + 4200)]
    expect(holdWords(backendFrame({ why: '503', holds }), sampleStart)).toBe('503; breaker open, 4 s left')
    expect(holdWords(backendFrame(), sampleStart)).toBe('')
  })

  test('is told of an older balancer as far as that tells it', () => {
    const { holds: _, ...older } = backendFrame({ why: 'refused', until: sampleStart + 1000 })
    expect(holdWords(older as BackendFrame, sampleStart)).toBe('refused, 1 s left')
    expect(holdWords({ ...older, why: undefined } as never, sampleStart)).toBe('')
  })
})

describe('events in words', () => {
  const event = (kind: string, fields: Record<string, unknown>) => eventWords({ id: 1, at: 0, kind, fields })

  test('are those of the log', () => {
    const { level, message } = event('backend-down', { pool: 'web', backend: 'a:80', detail: 'refused' })
    expect([level, message]).toEqual(['warn', 'web: a:80 is down (refused)'])
  })

  test('tell an unknown kind by its fields', () => {
    expect(event('new-kind', { pool: 'web', count: 3 })).toEqual({
      level: 'info',
      message: 'new-kind: pool web, count 3',
    })
    expect(event('new-kind', {}).message).toBe('new-kind:')
  })

  test('stay one line of printable text, whatever they hold', () => {
    for (const fields of [
      {},
      { detail: 5 },
      { problems: 'no list' },
      { detail: 'a\n\u001B[2Jb' },
      { detail: 'x'.repeat(1e5) },
    ]) {
      for (const kind of ['fault', 'reload-failed', 'ready', 'audit', 'toString']) {
        expect(event(kind, fields).message).not.toMatch(/\p{Cc}/u)
      }
    }
  })
})

describe('ages and checks', () => {
  test('are told in the largest fitting unit', () => {
    expect([0, 119, 120, 7199, 7200, 172_800].map(ageWords)).toEqual(['0 s', '119 s', '2 min', '120 min', '2 h', '2 d'])
    expect(ageWords(-5)).toBe('0 s')
    expect(ageWords(Number.NaN)).toBe('-')
  })

  test('say that there are no checks', () => {
    expect(checkWords(backendFrame(), sampleStart)).toBe('200 OK, 1 s ago')
    expect(checkWords(backendFrame({ check: null }), 0)).toBe('no checks')
  })
})

describe('the terminal', () => {
  const cases = [
    [{ LANG: 'C.UTF-8', TERM: 'xterm-256color' }, true, { palette: 'indexed', ascii: false }],
    [{ LANG: 'en_US.utf8', TERM: 'xterm' }, true, { palette: 'basic', ascii: false }],
    [{ LANG: 'C.UTF-8', TERM: 'xterm', COLORTERM: 'truecolor' }, true, { palette: 'indexed', ascii: false }],
    [{ LC_ALL: 'C', LANG: 'C.UTF-8', TERM: 'xterm-256color' }, true, { palette: 'indexed', ascii: true }],
    [{ TERM: 'linux', LANG: 'C.UTF-8' }, true, { palette: 'basic', ascii: true }],
    [{ TERM: 'xterm-256color', LANG: 'C.UTF-8' }, false, { palette: 'no-color', ascii: false }],
    [{}, false, { palette: 'no-color', ascii: true }],
  ] as const
  for (const [env, color, look] of cases) {
    test(`${JSON.stringify(env)} is drawn on as ${JSON.stringify(look)}`, () =>
      expect(lookOf(env, color)).toEqual(look))
  }
})
