import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { compileRoutes } from '../../../core/route/table.ts'
import type { RouteRequest } from '../../../core/route/match.ts'
import { Secret } from '../../../core/secrets.ts'
import type { RouteMatch, RouteRule } from '../../../core/route/route.ts'

const rule = (match: Partial<RouteMatch>): RouteRule => ({
  match: { host: undefined, path: undefined, methods: undefined, headers: [], ...match },
  pool: 'any',
  priority: 5,
})

interface Asked {
  host?: string | undefined
  path?: string
  method?: string
  fields?: readonly (readonly [name: string, value: string])[]
}

const request = ({ host, path = '/', method = 'GET', fields = [] }: Asked): RouteRequest => ({
  host,
  path,
  method,
  hasField: (name, value) => fields.some((field) => field[0] === name && field[1] === value),
})

/** Each rule leads to its place in the list. */
const compile = (matches: readonly Partial<RouteMatch>[]) => compileRoutes(matches.map(rule), (_, index) => index)

const find = (matches: readonly Partial<RouteMatch>[], asked: Asked): number =>
  compile(matches).find(request(asked)) ?? -1

describe('compileRoutes', () => {
  test('finds nothing in an empty table', () => {
    const table = compile([])
    expect(table.find(request({}))).toBeUndefined()
    expect(table.needs).toEqual({ host: false, path: false, method: false, headers: false })
  })

  test('reads nothing of a request that meets a catch-all', () => {
    const untouchable = new Proxy({} as RouteRequest, {
      get(_, name) {
        throw new Error(`${String(name)} was read`)
      },
    })
    expect(compile([{}]).find(untouchable)).toBe(0)
  })

  test('gives the first match in file order whatever its kind', () => {
    const exact = { host: 'a.example.com' }
    const wildcard = { host: '*.example.com' }
    const path = { path: '/v1/*' }
    const asked = { host: 'a.example.com', path: '/v1/x' }
    expect(find([exact, wildcard, path], asked)).toBe(0)
    expect(find([wildcard, exact, path], asked)).toBe(0)
    expect(find([path, exact, wildcard], asked)).toBe(0)
    expect(find([{ host: 'b.example.com' }, path, wildcard], asked)).toBe(1)
    expect(find([{ host: 'a.example.com', methods: ['POST'] }, { path: '/v2/*' }, wildcard, exact], asked)).toBe(2)
  })

  const cases: readonly (readonly [says: string, match: Partial<RouteMatch>, asked: Asked, holds: boolean])[] = [
    ['an exact host', { host: 'example.com' }, { host: 'example.com' }, true],
    ['another host', { host: 'example.com' }, { host: 'example.org' }, false],
    ['no host at all', { host: 'example.com' }, { host: undefined }, false],
    ['an empty host', { host: 'example.com' }, { host: '' }, false],
    ['a name below a wildcard', { host: '*.example.com' }, { host: 'a.example.com' }, true],
    ['a name deep below a wildcard', { host: '*.example.com' }, { host: 'c.b.a.example.com' }, true],
    ['the bare name of a wildcard', { host: '*.example.com' }, { host: 'example.com' }, false],
    ['a wildcard with nothing before its dot', { host: '*.example.com' }, { host: '.example.com' }, false],
    ['a name that only ends alike', { host: '*.example.com' }, { host: 'badexample.com' }, false],
    ['a wildcard taken literally', { host: '*.example.com' }, { host: '*.example.com' }, true],
    ['an exact path', { path: '/v1' }, { path: '/v1' }, true],
    ['a longer path', { path: '/v1' }, { path: '/v1/' }, false],
    ['a path in another case', { path: '/v1' }, { path: '/V1' }, false],
    ['a prefix', { path: '/v1/*' }, { path: '/v1/a/b' }, true],
    ['a prefix alone', { path: '/v1/*' }, { path: '/v1/' }, true],
    ['a prefix without its slash', { path: '/v1/*' }, { path: '/v1' }, false],
    ['a lone star', { path: '*' }, { path: '/anything' }, true],
    ['an empty path', { path: '/' }, { path: '' }, false],
    ['dot segments, which are not resolved', { path: '/v1/*' }, { path: '/v1/../admin' }, true],
    ['an escape, which is not decoded', { path: '/v1/*' }, { path: '/%761/x' }, false],
    ['a path of UTF-8 bytes', { path: '/é' }, { path: '/\u00c3\u00a9' }, true],
    ['a path of latin1 bytes', { path: '/é' }, { path: '/é' }, false],
    ['one of the methods', { methods: ['GET', 'HEAD'] }, { method: 'HEAD' }, true],
    ['another method', { methods: ['GET', 'HEAD'] }, { method: 'POST' }, false],
    ['a method in another case', { methods: ['GET'] }, { method: 'get' }, false],
    [
      'a field among lines of its name',
      { headers: [{ name: 'x', value: new Secret('1') }] },
      {
        fields: [
          ['x', '0'],
          ['x', '1'],
        ],
      },
      true,
    ],
    [
      'a field whose value only contains it',
      { headers: [{ name: 'x', value: new Secret('1') }] },
      { fields: [['x', '1, 2']] },
      false,
    ],
    ['a field that is missing', { headers: [{ name: 'x', value: new Secret('') }] }, {}, false],
    ['an empty field', { headers: [{ name: 'x', value: new Secret('') }] }, { fields: [['x', '']] }, true],
    [
      'one of two fields',
      {
        headers: [
          { name: 'x', value: new Secret('1') },
          { name: 'y', value: new Secret('2') },
        ],
      },
      { fields: [['x', '1']] },
      false,
    ],
    ['host but not path', { host: 'a', path: '/x' }, { host: 'a', path: '/y' }, false],
    ['every condition', { host: 'a', path: '/x', methods: ['GET'] }, { host: 'a', path: '/x' }, true],
  ]
  for (const [says, match, asked, holds] of cases) {
    test(`${holds ? 'matches' : 'refuses'} ${says}`, () => {
      expect(find([match], asked)).toBe(holds ? 0 : -1)
    })
  }

  test('names what its rules look at, not those behind a catch-all', () => {
    const needs = (...matches: Partial<RouteMatch>[]) => compile(matches).needs
    const none = { host: false, path: false, method: false, headers: false }
    expect(needs({})).toEqual(none)
    expect(needs({ host: 'a' }, {})).toEqual({ ...none, host: true })
    expect(needs({ path: '/a' }, { methods: ['GET'] })).toEqual({ ...none, path: true, method: true })
    expect(needs({ headers: [{ name: 'x', value: new Secret('1') }] })).toEqual({ ...none, headers: true })
    expect(needs({}, { host: 'a', path: '/a' })).toEqual(none)
  })

  test('keeps to a hostile host of sixty thousand dots', () => {
    const host = `${'.'.repeat(60_000)}com`
    expect(find([{ host: '*.example.com' }, { host: '*.com' }, {}], { host })).toBe(1)
    expect(find([{ host: '*.example.com' }, {}], { host: 'x'.repeat(60_000) })).toBe(1)
  })

  test('finds each of a thousand hosts under its own name', () => {
    const table = compile(Array.from({ length: 1000 }, (_, index) => ({ host: `h${index}.example.com` })))
    for (let index = 0; index < 1000; index++) {
      expect(table.find(request({ host: `h${index}.example.com` }))).toBe(index)
    }
    expect(table.find(request({ host: 'h1000.example.com' }))).toBeUndefined()
  })

  test('agrees with a plain scan on any rules and requests', () => {
    const host = fc.constantFrom('com', 'a.com', 'b.a.com', 'c.b.a.com', '.com', '..com', 'xa.com', '')
    const path = fc.constantFrom('/', '/a', '/a/', '/a/b', '/ab', '*', '')
    const method = fc.constantFrom('GET', 'POST')
    const field = fc.record({
      name: fc.constantFrom('x', 'y'),
      value: fc.constantFrom('', '1').map((text) => new Secret(text)),
    })
    const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 })
    const match = fc.record({
      host: maybe(fc.oneof(host, fc.constantFrom('*.com', '*.a.com', '*.b.a.com'))),
      path: maybe(fc.oneof(path, fc.constantFrom('/*', '/a*', '/a/*'))),
      methods: maybe(fc.array(method, { maxLength: 2 })),
      headers: fc.array(field, { maxLength: 2 }),
    })
    const asked = fc.record({
      host: maybe(host),
      path,
      method,
      fields: fc.array(fc.tuple(fc.constantFrom('x', 'y'), fc.constantFrom('', '1'))),
    })
    fc.assert(
      fc.property(fc.array(match, { maxLength: 12 }), asked, (matches, asked) => {
        expect(find(matches, asked)).toBe(matches.findIndex((one) => holdsPlainly(one, asked)))
      }),
      { seed: 2, numRuns: 3000 },
    )
  })
})

/** The meaning of a rule, said a second time and without regard for speed. */
function holdsPlainly(match: RouteMatch, asked: Required<Asked>): boolean {
  return (
    (match.host === undefined || (asked.host !== undefined && glob(match.host, '.+', asked.host))) &&
    (match.path === undefined || glob(match.path, '.*', asked.path)) &&
    (match.methods === undefined || match.methods.includes(asked.method)) &&
    match.headers.every(({ name, value }) =>
      asked.fields.some((field) => field[0] === name && field[1] === value.reveal()),
    )
  )
}

function glob(pattern: string, star: string, text: string): boolean {
  return new RegExp(`^${pattern.replaceAll('.', '\\.').replace('*', star)}$`).test(text)
}
