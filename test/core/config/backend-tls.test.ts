/** What may be said of TLS to backends, and what is told of the rest. */
import { describe, expect, test } from 'bun:test'
import { formatWarning } from '../../../core/config/problems.ts'
import { configOf, parse, problemsOf, withPool } from './read-config.ts'

const files = { present: ['/app/ca.pem', '/app/more.pem', '/app/edge.pem', '/app/edge.key'] }
const secure = (tls: unknown): object => withPool({ backends: ['https://a.example'], tls })

describe('TLS to backends', () => {
  test('is for members at https, each another backend than at http', () => {
    const [pool] = configOf(
      withPool({ backends: ['https://a.example', 'http://a.example:443', 'https://[::1]:8443'] }),
    ).pools
    expect(pool?.members.map(({ id, scheme, address }) => [id, scheme, address])).toEqual([
      ['https://a.example:443', 'https', { kind: 'tcp', host: 'a.example', port: 443 }],
      ['a.example:443', 'http', { kind: 'tcp', host: 'a.example', port: 443 }],
      ['https://[::1]:8443', 'https', { kind: 'tcp', host: '::1', port: 8443 }],
    ])
    expect(pool?.tls).toBeUndefined()
  })

  test('is read as it is said', () => {
    const tls = { ca: ['ca.pem', './more.pem'], serverName: 'App.Internal', cert: 'edge.pem', key: 'edge.key' }
    expect(configOf(secure(tls), files).pools[0]?.tls).toEqual({
      ca: ['/app/ca.pem', '/app/more.pem'],
      serverName: 'app.internal',
      shown: { cert: '/app/edge.pem', key: '/app/edge.key' },
      verifies: true,
    })
    expect(configOf(secure({ ca: 'ca.pem', verify: false }), files).pools[0]?.tls).toEqual({
      ca: ['/app/ca.pem'],
      serverName: undefined,
      shown: undefined,
      verifies: false,
    })
  })

  test.each<readonly [string, unknown, string]>([
    ['no object', true, 'pools.web.tls must be an object with the keys ca, serverName, cert, key, verify, got true'],
    ['a file that is not there', { ca: 'none.pem' }, 'pools.web.tls.ca must name a file that exists, got "none.pem"'],
    ['no files', { ca: [] }, 'pools.web.tls.ca must name a file; leave it out to trust whom Bun trusts, got []'],
    [
      'a number of files',
      { ca: 5 },
      'pools.web.tls.ca must be the path of a file with certificates in PEM, or a list of such, got 5',
    ],
    [
      'a certificate alone',
      { cert: 'edge.pem' },
      'pools.web.tls must have cert and key both, or neither, got an object',
    ],
    ['a key alone', { key: 'edge.key' }, 'pools.web.tls must have cert and key both, or neither, got an object'],
    [
      'an address for a name',
      { serverName: '10.0.0.1' },
      'pools.web.tls.serverName must be a host name such as "app.internal", got "10.0.0.1"',
    ],
    [
      'a name with a port',
      { serverName: 'a:443' },
      'pools.web.tls.serverName must be a host name such as "app.internal", got "a:443"',
    ],
    ['a wish', { verify: 'no' }, 'pools.web.tls.verify must be true or false, got "no"'],
    ['a key of another word', { insecure: true }, 'pools.web.tls.insecure is not a known key'],
  ])('of %s is refused', (_what, tls, problem) => {
    const problems = problemsOf(secure(tls), files)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(problem)
  })

  test.each<readonly [string, object, readonly string[]]>([
    [
      'nothing is verified',
      secure({ verify: false }),
      [
        'edge.json: warning: pools.web.tls.verify is false, so that anybody on the way may read and change what goes to the backends (name the authority of their certificates in ca)',
      ],
    ],
    [
      'nobody is at https',
      withPool({ backends: ['http://a.example'], tls: {} }),
      ['edge.json: warning: pools.web.tls does nothing: no backend is at https:// (write their URLs so)'],
    ],
    ['somebody may be found', withPool({ discovery: [{ dns: { name: 'a.example', port: 443 } }], tls: {} }), []],
  ])('warns where %s', (_what, config, warnings) => {
    const parsed = parse(config, files)
    const told = parsed.kind === 'config' ? parsed.warnings.map((one) => formatWarning(one)) : problemsOf(config, files)
    expect(told.map((line) => line.replace(/:\d+:\d+/, ''))).toEqual([...warnings])
  })
})
