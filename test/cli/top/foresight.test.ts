import { describe, expect, test } from 'bun:test'
import type { AdminAnswer } from '../../../cli/client/admin-client.ts'
import { footerLine } from '../../../cli/top/footer.ts'
import type { UiState } from '../../../cli/top/state.ts'
import { createTheme } from '../../../cli/top/theme.ts'
import { keys, play, sampleState } from '../../support/ui-state.ts'

const press = (state: UiState, ...names: readonly string[]) => play(state, keys(...names))

const footerOf = (state: UiState): string =>
  footerLine({ state, width: 80, theme: createTheme({ palette: 'none', ascii: false }) })
    .map(({ text }) => text)
    .join('')
    .trimEnd()

describe('a question', () => {
  test('says what a reload or a rollback would change, once the balancer has told it', () => {
    const { state, effects } = press(sampleState(), 'b')
    const command = { kind: 'rollback' } as const
    expect(effects).toEqual([{ kind: 'foresee', command, path: '/api/rollback/plan', edge: 0 }])
    expect(press(sampleState(), 'r').effects).toMatchObject([{ path: '/api/config/plan' }])
    const asked = state.mode.kind === 'confirm' ? state.mode.command : command
    const told = (answer: AdminAnswer, before = state) => play(before, [{ kind: 'foreseen', command: asked, answer }])
    const plan = told({ kind: 'ok', body: { summary: 'pools.web: +a:1' } })
    expect([plan.state.mode, plan.effects]).toEqual([{ kind: 'confirm', command, foresight: 'pools.web: +a:1' }, []])
    expect(footerOf(plan.state)).toBe('  Go back a generation? pools.web: +a:1   y yes  n no')
    expect(footerOf(told({ kind: 'refused', reason: 'nowhere' }).state)).toContain('? nowhere ')
    expect(press(plan.state, 'y').effects).toEqual([{ kind: 'send', command, edge: 0 }])
    // It comes too late for what is not asked any more.
    const left = press(state, 'n').state
    expect(told({ kind: 'ok', body: {} }, left).state).toBe(left)
    const another = press(left, 'b').state
    expect(told({ kind: 'ok', body: {} }, another).state).toBe(another)
  })
})
