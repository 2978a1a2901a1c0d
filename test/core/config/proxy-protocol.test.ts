/** What may be said of PROXY headers, and what is told of the rest. */
import { describe, expect, test } from 'bun:test'
import { configOf, problemsOf, withTop } from './read-config.ts'

const listening = (proxyProtocol: unknown): object =>
  withTop({ listeners: { web: { address: '127.0.0.1:8080', proxyProtocol } } })

describe('PROXY headers', () => {
  test.each<readonly [string, unknown, object | undefined]>([
    ['nothing', undefined, undefined],
    ['required', 'required', { from: undefined, others: 'refuse', timeoutMs: 5000 }],
    ['an empty object', {}, { from: undefined, others: 'refuse', timeoutMs: 5000 }],
    [
      'all of it',
      { from: ['10.0.0.0/8', '::1', 'unix:'], others: 'plain', timeout: '1s' },
      { from: ['10.0.0.0/8', '::1', 'unix:'], others: 'plain', timeoutMs: 1000 },
    ],
  ])('by %s are read as it is said', (_what, written, read) => {
    expect(configOf(listening(written)).listeners[0]?.proxyProtocol).toEqual(read as never)
  })

  test.each<readonly [unknown, string]>([
    [true, 'proxyProtocol must be "required" or an object with the keys from, others, timeout, got true'],
    ['optional', 'proxyProtocol must be "required" or an object with the keys from, others, timeout, got "optional"'],
    [{ from: [] }, 'proxyProtocol.from must name somebody; without proxyProtocol nobody sends one, got []'],
    [{ from: ['proxy.internal'] }, 'proxyProtocol.from[0] must be '],
    [{ from: '10.0.0.1' }, 'proxyProtocol.from must be a list, got "10.0.0.1"'],
    [{ others: 'allow' }, 'proxyProtocol.others must be one of "refuse", "plain", got "allow"'],
    [{ timeout: '0s' }, 'proxyProtocol.timeout must be a duration from 10ms to 1m such as "5s", got "0s"'],
    [{ trusted: [] }, 'proxyProtocol.trusted is not a known key'],
  ])('by %j are refused', (written, problem) => {
    const problems = problemsOf(listening(written))
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(`listeners.web.${problem}`)
  })
})
