// The Explain screen of top: whom it asks, when, and what it makes of the answers.
import { describe, expect, test } from 'bun:test'
import type { AdminAnswer } from '../../../cli/client/admin-client.ts'
import { explainLines } from '../../../cli/top/explain.ts'
import { explainedRows } from '../../../cli/top/rows.ts'
import type { UiState } from '../../../cli/top/state.ts'
import { createTheme } from '../../../cli/top/theme.ts'
import type { Message } from '../../../cli/top/update.ts'
import type { ToldExplanation } from '../../../core/explain/told.ts'
import { sampleStart } from '../../support/feed-frames.ts'
import { bothSeen } from '../../support/several-edges.ts'
import { toldAttempt, toldExplanation } from '../../support/told-explanation.ts'
import { keys, play, sampleState } from '../../support/ui-state.ts'

const tick = (second = 1): Message => ({ kind: 'tick', now: sampleStart + second * 1000 })

const answered = (explanations: readonly ToldExplanation[], edge = 0): Message => ({
  kind: 'explained',
  edge,
  answer: { kind: 'ok', body: { sampling: { rate: 0.01, kept: 1, keep: 200, seen: 1234 }, explanations } },
})
const refused = (answer: AdminAnswer): Message => ({ kind: 'explained', edge: 0, answer })

const one = toldExplanation({ id: 'x-1', target: '/one' })
const two = toldExplanation({ id: 'x-2', target: '/two', status: 502, pool: 'api' })
const three = toldExplanation({ id: 'x-3', target: '/three', attempts: [toldAttempt({ backend: 'c:80' })] })

const after = (...messages: readonly Message[]) => play(sampleState(), messages)
const targetsOf = (state: UiState): readonly string[] => explainedRows(state).map(({ target }) => target)

const textOf = (state: UiState, height = 20): string =>
  explainLines({ state, width: 80, height, theme: createTheme({ palette: 'none', ascii: false }) })
    .map((line) => line.map(({ text }) => text).join(''))
    .join('\n')

describe('the Explain screen', () => {
  test('asks as it opens, then at each tick for what is new, one question at a time', () => {
    const opened = after(tick(), ...keys('7'), tick(2), tick(3))
    expect(opened.effects).toEqual([{ kind: 'fetch', path: '/api/explain?last=100', edge: 0 }])
    const next = play(opened.state, [answered([two, one]), ...keys('down', 'up'), tick(4), tick(5)])
    expect(next.effects).toEqual([{ kind: 'fetch', path: '/api/explain?last=100&after=x-2', edge: 0 }])
    expect(targetsOf(play(next.state, [answered([three])]).state)).toEqual(['/three', '/two', '/one'])
  })

  test('asks nobody while another one is open, or the picture frozen', () => {
    const left = after(...keys('7'), answered([one]), ...keys('1'), tick(2))
    expect(left.effects).toHaveLength(1)
    const frozen = play(left.state, [...keys('7', 'f'), answered([two]), tick(3)])
    expect(frozen.effects).toHaveLength(1)
    expect(targetsOf(frozen.state)).toEqual(['/one'])
    expect(play(frozen.state, [...keys('f'), tick(4)]).effects).toHaveLength(1)
  })

  test('keeps to the newest hundred', () => {
    const many = Array.from({ length: 100 }, (_, index) => toldExplanation({ id: `y-${100 - index}` }))
    const { state } = after(...keys('7'), answered(many), tick(2), answered([one]))
    expect(state.explained.list).toHaveLength(100)
    expect(targetsOf(state)[0]).toBe('/one')
  })

  test('leaves the cursor at the request that it is on', () => {
    const { state } = after(...keys('7'), answered([two, one]), ...keys('down'), tick(2), answered([three]))
    expect(textOf(state)).toMatch(/▸.*GET \/one/)
    expect(textOf(state)).toContain('3 of 3')
  })

  test.each([
    ['/one', ['/one']],
    ['API', ['/two']],
    ['502', ['/two']],
    ['c:80', ['/three']],
    ['nothing', []],
  ])('filtered by %j has %j', (text, targets) => {
    const { state } = after(...keys('7'), answered([three, two, one]), ...keys('/', ...Array.from(text), 'enter'))
    expect(targetsOf(state)).toEqual(targets)
  })

  test('has what went wrong alone where faults alone are wanted', () => {
    const left = toldExplanation({ id: 'x-4', target: '/left', status: null, ending: 'abandoned' })
    const { state } = after(...keys('7'), answered([left, two, one]), ...keys('!'))
    expect(targetsOf(state)).toEqual(['/left', '/two'])
  })

  test('shows one by itself, and goes back', () => {
    const attempts = Array.from({ length: 9 }, () => toldAttempt())
    const { state } = after(...keys('7'), answered([toldExplanation({ attempts })]))
    expect(textOf(state)).toContain('Enter shows more')
    const open = play(state, keys('enter')).state
    expect(textOf(open)).not.toContain('explained requests')
    expect(textOf(open)).toContain('smartedge explain shows all of it')
    expect(textOf(open, 120)).not.toContain('shows all of it')
    expect(textOf(play(open, keys('escape')).state)).toContain('explained requests')
  })

  test.each([
    [
      { kind: 'refused', reason: '409: Nobody has asked for explanations: put "explain": {} into it' },
      '│ Nobody has asked for explanations: put "explain": {} into it',
    ],
    [{ kind: 'unreachable', reason: 'nothing listens there' }, '│ nothing listens there'],
    [{ kind: 'ok', body: { explanations: [{ id: 3 }] } }, '│ that is no explanation'],
  ] satisfies [AdminAnswer, string][])('says of %j: %s', (answer, said) => {
    const { state } = after(...keys('7'), refused(answer))
    expect(textOf(state)).toContain(said)
    expect(targetsOf(play(state, [tick(2), answered([one])]).state)).toEqual(['/one'])
  })

  test('says why there is nothing to see', () => {
    const { state } = after(...keys('7'))
    expect(textOf(state)).toContain('Asking the balancer.')
    expect(textOf(play(state, [answered([])]).state)).toContain('None has been explained yet, of 1,234 requests')
    const filtered = play(state, [answered([one]), ...keys('/', 'zzz', 'enter')]).state
    expect(textOf(filtered)).toContain('None fits; Esc shows all again.')
  })

  test('is of one edge: where several are shown together it says so, and asks each by itself', () => {
    const together = play(bothSeen(), [...keys('7'), tick(70)])
    expect(together.effects).toEqual([])
    expect(textOf(together.state)).toContain('each of the 2 edges: e shows one by itself')
    const first = play(together.state, keys('e'))
    expect(first.effects).toMatchObject([{ kind: 'fetch', edge: 0 }])
    const seen = play(first.state, [answered([three], 0)]).state
    expect(targetsOf(seen)).toEqual(['/three'])
    // An answer of the first comes when the second is shown already.
    const second = play(seen, [...keys('e'), answered([one], 0), answered([two], 1)])
    expect(second.effects).toMatchObject([{ kind: 'fetch', edge: 1, path: '/api/explain?last=100' }])
    expect(targetsOf(second.state)).toEqual(['/two'])
    // The first is asked again before it has answered: both answers come.
    const back = play(first.state, [...keys('e', 'E'), answered([one], 0), answered([two, one], 0)])
    expect(targetsOf(back.state)).toEqual(['/two', '/one'])
  })

  test('lets nobody reach the terminal', () => {
    const evil = '\u001B[2J\u009B31m\u202Ex'
    const told = toldExplanation({ at: evil, target: evil, pool: evil, attempts: [toldAttempt({ backend: evil })] })
    const { state } = after(...keys('7'), answered([told]))
    expect(textOf(state)).not.toMatch(/[^\P{Cc}\n]|\u202E/u)
  })
})
