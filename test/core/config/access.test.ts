import { describe, expect, test } from 'bun:test'
import { Secret } from '../../../core/secrets.ts'
import { configOf, problemsOf, withTop } from './read-config.ts'

const withAccess = (access: unknown, top: object = {}) =>
  withTop({ routes: [{ pool: 'web', access }], clients: {}, ...top })
const present = { present: ['/app/a.txt', '/app/b.txt'] }
const accessOf = (access: unknown) => configOf(withAccess(access), present).routes[0]?.access
const hash = `$2y$05$${'a'.repeat(53)}`

describe('access', () => {
  test('is absent unless it is asked for', () => {
    expect(configOf(withTop({ routes: [{ pool: 'web' }] })).routes[0]).not.toHaveProperty('access')
    expect(accessOf({})).toEqual({})
  })

  test('by addresses is read in its canonical form', () => {
    expect(
      accessOf({ addresses: { allow: ['2001:DB8::/32', 'unix:'], deny: [], allowFile: './a.txt', denyFile: 'b.txt' } }),
    ).toEqual({
      addresses: { allow: ['2001:db8::/32', 'unix:'], deny: [], allowFile: '/app/a.txt', denyFile: '/app/b.txt' },
    })
    expect(accessOf({ addresses: { deny: ['192.0.2.1'] } })).toEqual({
      addresses: { allow: undefined, deny: ['192.0.2.1'], allowFile: undefined, denyFile: undefined },
    })
  })

  test('by methods, size, users and keys is read with its defaults', () => {
    expect(accessOf({ methods: ['GET', 'PURGE', 'GET'], maxBody: '1MiB', basic: { users: { ann: hash } } })).toEqual({
      methods: ['GET', 'PURGE'],
      maxBodyBytes: 1_048_576,
      basic: {
        realm: 'restricted',
        users: [{ name: 'ann', hash: new Secret(hash) }],
        usersFile: undefined,
        hide: false,
      },
    })
    expect(accessOf({ maxBody: '0B', basic: { realm: 'a b', usersFile: 'a.txt', hide: true } })).toEqual({
      maxBodyBytes: 0,
      basic: { realm: 'a b', users: [], usersFile: '/app/a.txt', hide: true },
    })
    expect([
      accessOf({ apiKey: { header: 'X-Api-Key' } }),
      accessOf({ apiKey: { query: 'key', hide: false } }),
    ]).toEqual([
      { apiKey: { from: { kind: 'header', name: 'x-api-key' }, hide: true } },
      { apiKey: { from: { kind: 'query', name: 'key' }, hide: false } },
    ])
  })

  test('by origins is read as browsers write them', () => {
    const origins = ['HTTPS://App.Example:443', 'http://a:8080', 'https://*.example', 'http://[::1]', 'null']
    expect(
      accessOf({
        methods: ['PUT'],
        cors: { origins, fields: ['X-A'], expose: ['X-B'], credentials: true, maxAge: '1m' },
      }),
    ).toEqual({
      methods: ['PUT'],
      cors: {
        origins: ['https://app.example', 'http://a:8080', 'https://*.example', 'http://[::1]', 'null'],
        methods: ['PUT'],
        fields: ['x-a'],
        expose: ['x-b'],
        credentials: true,
        maxAgeMs: 60_000,
      },
    })
    expect(accessOf({ cors: { origins: ['*'], methods: ['DELETE'], fields: ['*'] } })?.cors).toEqual({
      origins: ['*'],
      methods: ['DELETE'],
      fields: ['*'],
      expose: [],
      credentials: false,
      maxAgeMs: 600_000,
    })
    expect(accessOf({ cors: { origins: ['*'] } })?.cors?.methods).toEqual(['GET', 'HEAD', 'POST'])
  })

  test.each([
    [true, 'access must be an object with the keys addresses, cors, methods, maxBody, certificate, basic, apiKey'],
    [{ adresses: {} }, 'did you mean "addresses"?'],
    [{ addresses: {} }, 'addresses must have one of the keys allow, deny, allowFile, denyFile'],
    [{ addresses: { allow: ['10.0.0.1/8'] } }, 'did you mean "10.0.0.0/8"?'],
    [{ addresses: { allow: ['localhost'] } }, 'must be an IP address, a CIDR block such as "10.0.0.0/8", or "unix:"'],
    [{ addresses: { allow: '10.0.0.0/8' } }, 'allow must be a list'],
    [{ addresses: { denyFile: 'gone.txt' } }, 'addresses.denyFile must name a file that exists'],
    [{ addresses: { denyFile: '' } }, 'denyFile must be the path of a file'],
    [{ methods: [] }, 'methods must not be empty'],
    [{ methods: ['get'] }, 'did you mean "GET"?'],
    [{ methods: ['G T'] }, 'methods[0] must be a method such as "GET"'],
    [{ maxBody: 10 }, 'did you mean "10B" or "10KiB"?'],
    [{ maxBody: '-1B' }, 'maxBody must be a size from 0B to'],
    [{ basic: {} }, 'basic must have users, usersFile or both'],
    [{ basic: { users: { 'a:b': hash } } }, 'must be a name of 1 to 255 characters, no colon'],
    [{ basic: { users: { ann: 'secret' } } }, 'users.ann must be a bcrypt hash ("$2y$…", "$2b$…") or an argon2id hash'],
    [{ basic: { users: { ann: hash.replace('05', '20') } } }, 'users.ann must be a bcrypt hash of a cost from 4 to 15'],
    [{ basic: { users: { ann: 5 } } }, 'users.ann must be a bcrypt or argon2id hash of the password'],
    [{ basic: { users: {}, realm: 'a"b' } }, 'realm must be 1 to 128 printable ASCII characters'],
    [{ basic: { users: {} }, apiKey: { query: 'a' } }, 'access must have one of basic and apiKey, not both'],
    [{ apiKey: {} }, 'apiKey must have one of the keys header and query, not both'],
    [{ apiKey: { header: 'a', query: 'b' } }, 'apiKey must have one of the keys header and query, not both'],
    [{ apiKey: { header: 'a b' } }, 'header must be a field name'],
    ...[
      'Host',
      'content-length',
      'Connection',
      'Transfer_Encoding',
      'te',
      'X-Forwarded-For',
      'x-real-ip',
      'Upgrade',
    ].map(
      (header) => [{ apiKey: { header } }, 'apiKey.header must not be a field that SmartEdge itself writes'] as const,
    ),
    [{ apiKey: { query: 'a&b' } }, 'query must be 1 to 64 of the characters'],
    [{ cors: {} }, 'cors.origins is required'],
    [{ cors: { origins: [] } }, 'origins must not be empty'],
    [{ cors: { origins: ['*'], credentials: true } }, 'origins must name its origins where "credentials" is true'],
    [{ cors: { origins: ['*', 'https://a'] } }, 'origins must be "*" alone'],
    [{ cors: { origins: ['https://a/'] } }, 'did you mean "https://a"?'],
    [{ cors: { origins: ['https://a/b?c'] } }, 'did you mean "https://a"?'],
    [{ cors: { origins: ['app.example'] } }, 'did you mean "https://app.example"?'],
    [{ cors: { origins: ['https://a.*.b'] } }, 'must be an origin such as'],
    [{ cors: { origins: ['https://*'] } }, 'must be an origin such as'],
    [{ cors: { origins: ['https://a\r\nB: c'] } }, 'must be an origin such as'],
    [{ cors: { origins: ['*'], fields: ['a b'] } }, 'fields[0] must be a field name such as "content-type", or "*"'],
    [{ cors: { origins: ['*'], expose: ['*'.repeat(200)] } }, 'expose[0] must be a field name'],
    [{ cors: { origins: ['*'], maxAge: '25h' } }, 'maxAge must be a duration from 0ms to 24h'],
  ])('of %j is told what is wrong', (access, problem) => {
    expect(problemsOf(withAccess(access)).join('\n')).toContain(problem)
  })

  test('by keys needs clients', () => {
    const routes = [
      { pool: 'web' },
      { match: { path: '/a' }, pool: 'web', access: { apiKey: { header: 'x-api-key' } } },
    ]
    expect(problemsOf(withTop({ routes }))).toEqual([
      'edge.json:1:137: routes[1].access.apiKey needs the clients whose keys these are, got an object ("clients": {} at the top keeps them in a file beside the config)',
    ])
    expect(problemsOf(withTop({ routes, clients: {} }))).toEqual([])
    expect(problemsOf(withTop({ routes, clients: true })).map((problem) => problem.includes('apiKey'))).toEqual([false])
  })

  test('shows no hash of a password', () => {
    const problems = problemsOf(withAccess({ basic: { users: { ann: '$apr1$salt$secret' } } })).join()
    expect([problems.includes('secret'), problems.includes('not shown')]).toEqual([false, true])
    expect(JSON.stringify(accessOf({ basic: { users: { ann: hash } } }))).not.toContain('aaa')
  })

  test('may have thousands of addresses', () => {
    const deny = Array.from({ length: 10_000 }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`)
    expect(accessOf({ addresses: { deny } })?.addresses?.deny).toEqual(deny)
  })
})

describe('ban', () => {
  test('is off unless it is asked for, and has its defaults', () => {
    expect(configOf(withTop({})).ban).toBeUndefined()
    expect(configOf(withTop({ ban: {} })).ban).toEqual({ after: 100, withinMs: 60_000, forMs: 600_000 })
    expect(configOf(withTop({ ban: { after: 1, within: '1s', for: '30s' } })).ban).toEqual({
      after: 1,
      withinMs: 1000,
      forMs: 30_000,
    })
  })

  test.each([
    [true, 'ban must be an object with the keys after, within, for'],
    [{ after: 0 }, 'ban.after must be a whole number from 1 to 1000000'],
    [{ within: '0s' }, 'ban.within must be a duration from 1s to 24h'],
    [{ for: '1d' }, 'ban.for must be a duration from 1s to 720h'],
  ])('of %j is told what is wrong', (ban, problem) => {
    expect(problemsOf(withTop({ ban })).join('\n')).toContain(problem)
  })
})
