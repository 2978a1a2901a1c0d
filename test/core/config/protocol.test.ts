/** What may be said of the protocol that backends are spoken to in. */
import { describe, expect, test } from 'bun:test'
import { formatWarning } from '../../../core/config/problems.ts'
import { configOf, parse, problemsOf, withPool } from './read-config.ts'

const HTTPS = ['https://a.example']
const HTTP = ['http://a.example']

describe('the protocol of a pool', () => {
  test.each([
    ['h2', HTTPS],
    ['h2c', HTTP],
    ['auto', [...HTTPS, ...HTTP, 'unix:/run/a']],
    ['http/1.1', HTTPS],
  ])('may be %s at %j', (protocol, backends) => {
    expect(configOf(withPool({ protocol, backends })).pools[0]?.protocol).toBe(protocol as 'h2')
  })

  test('is HTTP/1.1 where nothing is said', () => {
    expect(configOf(withPool({ backends: HTTPS })).pools[0]?.protocol).toBeUndefined()
  })

  test.each(['H2', 'http2', 'http/2', 'spdy/3', '', ' h2', 'a'.repeat(1000), 2, true, null, [['h2']], { h2: true }])(
    'is not %j',
    (protocol) => {
      const problems = problemsOf(withPool({ protocol }))
      expect(problems).toHaveLength(1)
      expect(problems[0]).toContain('pools.web.protocol must be one of "http/1.1", "h2", "h2c", "auto", got ')
    },
  )

  test.each<[string, readonly unknown[], number, string]>([
    [
      'h2',
      HTTP,
      0,
      'https://, since the protocol of its pool is "h2", got "http://a.example" (write https://, or "protocol": "h2c" for HTTP/2 without TLS)',
    ],
    [
      'h2',
      [...HTTPS, 'http://b', ...HTTP, 'unix:/a'],
      1,
      'https://, since the protocol of its pool is "h2", and so must 2 more, got "http://b" (write https://, or "protocol": "h2c" for HTTP/2 without TLS)',
    ],
    [
      'h2',
      ['unix:/run/a'],
      0,
      'https://, since the protocol of its pool is "h2", got "unix:/run/a" (write "protocol": "h2c" for HTTP/2 without TLS)',
    ],
    [
      'h2c',
      [...HTTP, { url: 'https://b' }, ...HTTPS],
      1,
      'http:// or unix:, since the protocol of its pool is "h2c", and so must 1 more, got an object (write http://, or "protocol": "h2" for HTTP/2 over TLS)',
    ],
  ])('names who does not fit: %s at %j', (protocol, backends, index, words) => {
    expect(problemsOf(withPool({ protocol, backends }))).toEqual([
      expect.stringContaining(`pools.web.backends[${index}] must be at ${words}`),
    ])
  })

  test('names who does not fit in the file of the members', () => {
    const members = { '/app/m.json': '{ "backends": [\n"https://a",\n"http://b"] }' }
    expect(problemsOf(withPool({ protocol: 'h2', backends: { file: 'm.json' } }), { members })).toEqual([
      expect.stringMatching(/^m\.json:3:1: backends\[1\] must be at https:\/\//),
    ])
  })

  test.each([
    ['h2', HTTPS],
    ['h2c', HTTP],
    ['auto', HTTPS],
  ])('is not %s with proxyProtocol', (protocol, backends) => {
    expect(problemsOf(withPool({ protocol, backends, proxyProtocol: 'v2' }))).toEqual([
      expect.stringContaining(
        `pools.web.protocol must not be ${protocol} with proxyProtocol: in HTTP/2 connections belong to no client alone, got "${protocol}" (leave it out)`,
      ),
    ])
  })

  test('that is to be agreed on does nothing where nobody is at https', () => {
    const warningsOf = (backends: readonly string[]): string[] => {
      const parsed = parse(withPool({ protocol: 'auto', backends }))
      return parsed.kind === 'config' ? parsed.warnings.map((warning) => formatWarning(warning)) : ['no config']
    }
    expect(warningsOf([...HTTPS, ...HTTP])).toEqual([])
    expect(warningsOf(HTTP)).toEqual([
      expect.stringContaining(
        'pools.web.protocol does nothing: no backend is at https://, where it is agreed on what is spoken',
      ),
    ])
  })
})
