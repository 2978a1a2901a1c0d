import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Secret } from '../../../core/secrets.ts'
import { configOf, problemsOf, type Surroundings, withTop } from './read-config.ts'

const routes = (access: unknown): object => withTop({ routes: [{ pool: 'web', access }] })
const accessOf = (access: object, surroundings?: Surroundings) =>
  configOf(routes(access), surroundings).routes[0]?.access

const secret = 'a-secret-of-thirty-two-bytes-xxxx'
const url = 'http://127.0.0.1:9091/api/authz/forward-auth'
const forwardAuth = (changes: object): object => ({ forwardAuth: { url, ...changes } })
const jwks = 'https://id.example.com/keys'
const jwt = (changes: object): object => ({ jwt: { jwks, ...changes } })

describe('access', () => {
  test('is open unless something is asked for', () => {
    expect(configOf(withTop({ routes: [{ pool: 'web' }] })).routes[0]?.access).toBeUndefined()
    expect(accessOf({})).toEqual({})
  })
})

describe('forwardAuth', () => {
  test('fills in what is not said', () => {
    expect(accessOf(forwardAuth({}))?.forwardAuth).toEqual({
      url,
      timeoutMs: 5000,
      requestFields: undefined,
      responseFields: [],
      cache: undefined,
      whenAway: 'refuse',
    })
  })

  test('takes all that may be said', () => {
    const written = {
      timeout: '2s',
      requestFields: ['Cookie', 'authorization'],
      responseFields: ['Remote-User'],
      cacheFor: '5s',
      cacheBy: [{ cookie: 'authelia_session' }, { header: 'Authorization' }],
      cachePer: 'route',
      whenAway: 'admit',
    }
    expect(accessOf(forwardAuth(written))?.forwardAuth).toEqual({
      url,
      timeoutMs: 2000,
      requestFields: ['cookie', 'authorization'],
      responseFields: ['remote-user'],
      cache: {
        forMs: 5000,
        by: [
          { kind: 'cookie', name: 'authelia_session' },
          { kind: 'header', name: 'authorization' },
        ],
        per: 'route',
      },
      whenAway: 'admit',
    })
  })

  test.each(['https://auth.example.com/verify?x=1', 'http://[::1]:9091/', 'HTTP://auth'])('asks %j', (written) => {
    expect(accessOf({ forwardAuth: { url: written } })?.forwardAuth?.url).toBe(new URL(written).href)
  })

  test.each([
    [{}, 'access.forwardAuth.url is required'],
    [true, 'access.forwardAuth must be an object'],
    ...['', '/verify', 'auth:9091', 'ftp://a/', 'http://', 'http://a b/', 'http://a/\n', 'unix:/run/a.sock'].map(
      (written) => [{ url: written }, 'access.forwardAuth.url must be an absolute http or https URL such as'] as const,
    ),
    [{ url: 'http://u:p@a/' }, 'url must not hold a user name or password'],
    [{ url: 'http://a/#b' }, 'url must not hold a fragment'],
    [{ url, timeout: '1ms' }, 'timeout must be a duration from 10ms to 5m'],
    [{ url, timeout: 5 }, '(did you mean "5s"?)'],
    [{ url, requestFields: ['a b'] }, 'requestFields[0] must be a field name'],
    ...['Host', 'content-length', 'Transfer_Encoding', 'connection', 'x-forwarded-for', 'X-Forwarded-User', 'via'].map(
      (name) => [{ url, responseFields: [name] }, 'must not be a field that SmartEdge itself writes'] as const,
    ),
    [{ url, responseFields: ['a\r\nb'] }, 'responseFields[0] must be a field name'],
    [{ url, cacheFor: '5s' }, 'cacheFor needs cacheBy beside it'],
    [{ url, cacheBy: [{ cookie: 's' }] }, 'cacheBy needs cacheFor beside it'],
    [{ url, cacheFor: '5s', cacheBy: [] }, 'cacheBy must not be empty'],
    [{ url, cacheFor: '5s', cacheBy: [{}] }, 'cacheBy[0] must have one of the keys header and cookie'],
    [{ url, cacheFor: '5s', cacheBy: [{ cookie: 'a', header: 'b' }] }, 'must have one of the keys header and cookie'],
    [{ url, cacheFor: '5s', cacheBy: ['s'] }, 'cacheBy[0] must be an object with the keys header, cookie'],
    [{ url, cacheFor: '2h', cacheBy: [{ cookie: 's' }] }, 'cacheFor must be a duration from 100ms to 1h'],
    [{ url, whenAway: 'open' }, 'whenAway must be one of "refuse", "admit"'],
    [{ url, whenaway: 'admit' }, 'did you mean "whenAway"?'],
  ])('refuses %j', (written, problem) => {
    expect(problemsOf(routes({ forwardAuth: written })).join('\n')).toContain(problem)
  })
})

describe('jwt', () => {
  test('fills in what is not said', () => {
    expect(accessOf(jwt({}))?.jwt).toEqual({
      keys: { kind: 'url', url: jwks, refreshMs: 300_000 },
      issuers: undefined,
      audiences: undefined,
      algorithms: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'],
      clockToleranceMs: 30_000,
      required: ['exp'],
      from: undefined,
      claims: [],
    })
  })

  test('takes all that may be said', () => {
    const written = {
      refresh: '1h',
      issuer: 'https://id.example.com/',
      audience: ['api', 'web'],
      algorithms: ['ES256'],
      clockTolerance: '0s',
      required: ['exp', 'scope'],
      from: { cookie: 'token' },
      claims: { sub: 'X-User', 'realm_access.roles': 'x-roles' },
    }
    expect(accessOf(jwt(written))?.jwt).toEqual({
      keys: { kind: 'url', url: jwks, refreshMs: 3_600_000 },
      issuers: ['https://id.example.com/'],
      audiences: ['api', 'web'],
      algorithms: ['ES256'],
      clockToleranceMs: 0,
      required: ['exp', 'scope'],
      from: { kind: 'cookie', name: 'token' },
      claims: [
        { claim: 'sub', field: 'x-user' },
        { claim: 'realm_access.roles', field: 'x-roles' },
      ],
    })
  })

  test('takes keys from a file, or a secret, which is never shown', () => {
    const surroundings = { present: ['/app/keys.json'], env: { JWT_SECRET: secret } }
    expect(accessOf({ jwt: { jwksFile: './keys.json' } }, surroundings)?.jwt?.keys).toEqual({
      kind: 'file',
      path: '/app/keys.json',
    })
    const shared = accessOf({ jwt: { secret: '${JWT_SECRET}' } }, surroundings)?.jwt
    expect(shared).toMatchObject({ keys: { kind: 'secret', secret: new Secret(secret) }, algorithms: ['HS256'] })
    expect(JSON.stringify(shared)).not.toContain(secret)
  })

  test.each([
    [{}, 'access.jwt must have one of the keys jwks, jwksFile and secret'],
    [{ jwks, secret }, 'must have one of the keys jwks, jwksFile and secret'],
    [{ jwksFile: './gone.json' }, 'jwksFile must name a file that exists'],
    [{ jwks: 'id.example.com' }, 'jwks must be an absolute http or https URL'],
    [{ secret: 'short' }, 'secret must be 32 to 1024 printable ASCII characters'],
    [{ secret, refresh: '1h' }, 'refresh is for jwks'],
    [{ jwks, refresh: '1s' }, 'refresh must be a duration from 30s to 24h'],
    [{ jwks, algorithms: [] }, 'algorithms must not be empty'],
    [{ jwks, algorithms: ['none'] }, 'algorithms[0] must be one of "RS256"'],
    [{ jwks, algorithms: ['RS256', 'HS256'] }, 'must not hold HS256 and its kin without secret'],
    [{ secret, algorithms: ['HS256', 'RS256'] }, 'must be HS256, HS384 or HS512 beside secret'],
    [{ jwks, issuer: '' }, 'issuer must be 1 to 1024 printable characters'],
    [{ jwks, issuer: [] }, 'issuer must not be empty; leave it out for any'],
    [{ jwks, audience: 5 }, 'audience must be a text such as "api", or a list of them'],
    [{ jwks, clockTolerance: '1h' }, 'clockTolerance must be a duration from 0ms to 10m'],
    [{ jwks, from: 'cookie' }, 'from must be an object with the keys header, cookie'],
    [{ jwks, from: { header: 'a', cookie: 'b' } }, 'from must have one of the keys header and cookie'],
    [{ jwks, claims: { sub: 'Content-Length' } }, 'must not be a field that SmartEdge itself writes'],
    [{ jwks, claims: { sub: 'a b' } }, 'claims.sub must be a field name'],
    [{ jwks, claims: { '': 'x-a' } }, 'must be the name of a claim'],
    [{ jwks, claims: ['sub'] }, 'claims must be an object'],
  ])('refuses %j, and shows no secret', (written, problem) => {
    const problems = problemsOf(routes({ jwt: written })).join('\n')
    expect(problems).toContain(problem)
    expect(problems).not.toContain(secret)
  })
})

describe('a field that the backend is told', () => {
  const claims = (told: object): object => jwt({ claims: told })
  const asked = (...responseFields: string[]): object => forwardAuth({ responseFields })
  const apiKey = { apiKey: { header: 'x-api-key' } }

  test.each([
    [claims({ sub: 'x-u', name: 'X_U' }), 'jwt.claims.name', 'jwt.claims.sub'],
    [claims({ sub: 'x-u', 'a.b': 'X-U' }), 'jwt.claims["a.b"]', 'jwt.claims.sub'],
    [{ ...apiKey, ...claims({ sub: 'X-Client-ID' }) }, 'jwt.claims.sub', 'apiKey'],
    [{ ...apiKey, ...asked('x-a', 'x_client_id') }, 'forwardAuth.responseFields[1]', 'apiKey'],
    [{ ...asked('x-a', 'Remote-User'), ...claims({ sub: 'remote_user' }) }, 'responseFields[1]', 'jwt.claims.sub'],
    [asked('x-a', 'X-A'), 'forwardAuth.responseFields[1]', 'forwardAuth.responseFields[0]'],
  ])('has one source: %j', (access, place, other) => {
    const clients = { store: 'clients.sqlite' }
    const problems = problemsOf({ ...routes(access), clients })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(
      `${place} must be another field than routes[0].access.${other} tells the backend in; case does not count, nor "_" for "-"`,
    )
  })

  test('may be another in each rule, and the same in another route', () => {
    const access = { ...apiKey, ...claims({ sub: 'x-u', name: 'x-u-' }), ...asked('x-a') }
    const config = { ...routes(access), clients: { store: 'clients.sqlite' } }
    expect(problemsOf(config)).toEqual([])
    const route = (path: string): object => ({ match: { path }, pool: 'web', access: claims({ sub: 'x-u' }) })
    expect(problemsOf(withTop({ routes: [route('/a'), route('/b')] }))).toEqual([])
  })
})

describe('docs/auth.md', () => {
  const text = readFileSync(join(import.meta.dir, '../../../docs/auth.md'), 'utf8')
  const examples = [...text.matchAll(/```json\n(.*?)```/gs)].map(([, example = '']) => example)

  test('shows configurations that may be run, and policies that may stand in them', () => {
    expect(examples).toHaveLength(6)
    for (const example of examples) {
      const source = example.includes('"pools"')
        ? example
        : JSON.stringify(routes({ forwardAuth: JSON.parse(example) }))
      expect(problemsOf(source)).toEqual([])
      expect(configOf(source).routes.at(-1)?.access).toBeDefined()
    }
  })
})
