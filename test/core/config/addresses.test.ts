import { describe, expect, test } from 'bun:test'
import { problemsOf, withTop } from './read-config.ts'

describe('addresses that cannot be bound together', () => {
  test.each([
    [
      { listeners: { a: { address: '0.0.0.0:1' }, b: { address: '127.0.0.1:1' } } },
      'listeners.b.address must differ from the address of listeners.a: both',
    ],
    [
      { listeners: { a: { address: '127.0.0.1:9900' } } },
      'listeners.a.address must differ from the address of admin: both',
    ],
    [{ admin: { address: '127.0.0.1:8080' } }, 'admin.address must differ from the address of listeners.default: both'],
    [
      { listeners: { a: { address: 'localhost:1' }, b: { address: '[::1]:1' } } },
      'listeners.b.address must differ from the address of listeners.a: both',
    ],
    [
      { listeners: { a: { address: '0.0.0.0:1' }, b: { address: 'localhost:1' } } },
      'listeners.b.address must differ from the address of listeners.a: both',
    ],
    [{ listeners: { a: {}, b: {} } }, 'listeners.b must differ from the address of listeners.a: both'],
  ])('%j are one problem', (top, part) => {
    const problems = problemsOf(withTop(top))
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(part)
  })

  test('are not guessed from an address that is itself faulty', () => {
    expect(problemsOf(withTop({ listeners: { a: { address: 'x' }, b: { address: '0.0.0.0:8080' } } }))).toHaveLength(1)
  })
})
