import { describe, expect, test } from 'bun:test'
import { type Command, outcomeOf, questionOf, requestOf } from '../../../core/view/commands.ts'
import type { BackendFrame } from '../../../core/report/frame.ts'
import { backendFrame, frameOf, poolFrame } from '../../support/feed-frames.ts'

const at = { pool: 'a/b', backend: '[::1]:80' }
const path = '/api/pools/a%2Fb/backends/%5B%3A%3A1%5D%3A80'
const all: readonly (readonly [Command, object])[] = [
  [
    { kind: 'drain', ...at },
    { method: 'PATCH', path, body: { state: 'draining' } },
  ],
  [
    { kind: 'resume', ...at },
    { method: 'PATCH', path, body: { state: 'active' } },
  ],
  [
    { kind: 'weight', ...at, weight: 2 },
    { method: 'PATCH', path, body: { weight: 2 } },
  ],
  [
    { kind: 'check', ...at },
    { method: 'POST', path: `${path}/check` },
  ],
  [
    { kind: 'strategy', pool: 'web', strategy: 'p2c' },
    { method: 'PATCH', path: '/api/pools/web', body: { strategy: 'p2c' } },
  ],
  [{ kind: 'reload' }, { method: 'POST', path: '/api/reload' }],
  [{ kind: 'rollback' }, { method: 'POST', path: '/api/rollback' }],
]

describe('commands', () => {
  for (const [command, request] of all) {
    test(`${command.kind} asks, sends and tells`, () => {
      expect(requestOf(command)).toEqual(request as never)
      expect(questionOf(command, undefined)).toMatch(/^\S.*[?.]$/)
      expect(outcomeOf(command, { kind: 'ok', body: { generation: 7 } }).text).toEndWith(': generation 7.')
      expect(outcomeOf(command, { kind: 'ok', body: 'odd' }).text).toEndWith('.')
      expect(outcomeOf(command, { kind: 'unreachable', reason: 'gone' })).toEqual({
        tone: 'bad',
        text: 'Not done: gone',
      })
    })
  }

  test('warn before the last usable backend drains', () => {
    const [up, down] = [backendFrame({ id: 'a' }), backendFrame({ id: 'b', effectiveWeight: 0, use: 'out' })]
    const spare = backendFrame({ id: 'c', effectiveWeight: 0, use: 'spare' })
    const ask = (backend: string, ...backends: readonly BackendFrame[]) =>
      questionOf({ kind: 'drain', pool: 'web', backend }, frameOf([poolFrame('web', backends)]))
    const warning = 'Drain a, the last usable backend of web? Nothing could be answered without it.'
    expect(ask('a', up, down)).toBe(warning)
    expect(ask('a', up, spare)).toBe('Drain a in web? It gets no new requests.')
    expect(ask('b', up, down)).toBe('Drain b in web? It gets no new requests.')
    const overruled = backendFrame({ id: 'b', use: 'overruled' })
    expect(ask('a', up, overruled)).toBe(warning)
    expect(ask('b', overruled, { ...down, id: 'c' })).toContain('the last usable backend')
    const older = (id: string, state: string) => backendFrame({ id, state, use: undefined as never })
    expect(ask('a', older('a', 'healthy'), older('b', 'unhealthy'))).toBe(warning)
    expect(ask('a', older('a', 'healthy'), older('b', 'unchecked'))).toBe('Drain a in web? It gets no new requests.')
  })

  test('say when nothing had changed, and what stayed behind', () => {
    const reload = (body: unknown) => outcomeOf({ kind: 'reload' }, { kind: 'ok', body })
    expect(reload({ kind: 'unchanged', generation: { number: 7 } }).text).toBe('Nothing had changed.')
    expect(reload({ kind: 'applied', kept: ['api'], generation: { number: 8 } })).toEqual({
      tone: 'bad',
      text: 'Reloaded, but for api, kept as before: the events say why.',
    })
  })
})
