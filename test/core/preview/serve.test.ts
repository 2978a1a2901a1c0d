import { describe, expect, test } from 'bun:test'
import type { Config, RouteConfig } from '../../../core/config/config.ts'
import type { Preview } from '../../../core/preview/contract.ts'
import { type ReadyPreview, readPreview, serve } from '../../../core/preview/serve.ts'
import { testConfig } from '../../support/edge.ts'

const everything = { host: undefined, path: undefined, methods: undefined, headers: [] }
const previewOf = (host: string, url = 'http://10.0.0.9:8080'): Preview => ({
  host,
  url,
  until: 2,
  at: 1,
  origin: 'test',
})

function ready(host: string, url?: string): ReadyPreview {
  const read = readPreview(previewOf(host, url))
  if (read.kind === 'problem') throw new Error(read.rule)
  return read.preview
}

const configOf = (...routes: readonly Partial<RouteConfig>[]): Config =>
  testConfig({ routes: routes.map((route) => ({ match: everything, pool: 'web', priority: 3, ...route })) })

describe('a preview as it is read', () => {
  test('has a pool of its own, whose name no configuration may have, and the host in lower case', () => {
    const { host, pool, match } = ready('PR-1.Example.org')
    expect([host, pool.name, match.host]).toEqual(['pr-1.example.org', 'preview:pr-1.example.org', 'pr-1.example.org'])
    expect(pool.members).toMatchObject([{ id: '10.0.0.9:8080', weight: 1 }])
    expect(ready('pr', 'unix:/run/pr.sock').pool.members).toMatchObject([{ id: 'unix:/run/pr.sock' }])
  })

  test.each([
    ['*', 'http://a', 'host'],
    ['*.example.org', 'http://a', 'host'],
    ['', 'http://a', 'host'],
    ['a b', 'http://a', 'host'],
    ['a:80', 'http://a', 'host'],
    ['a/b', 'http://a', 'host'],
    ['a\r\nb', 'http://a', 'host'],
    ['${HOME}', 'http://a', 'host'],
    ['${X:-a}', 'http://a', 'host'],
    ['x'.repeat(100_000), 'http://a', 'host'],
    ['a', '', 'url'],
    ['a', 'a:80', 'url'],
    ['a', 'ftp://a', 'url'],
    ['a', 'http://a/path', 'url'],
    ['a', 'http://user:pass@a', 'url'],
    ['a', 'http://a:0', 'url'],
    ['a', 'http://${X:-a}', 'url'],
  ])('is none: %#', (host, url, key) => {
    expect(readPreview(previewOf(host, url))).toMatchObject({ kind: 'problem', key })
  })
})

describe('a host that is none', () => {
  const rule = 'must be one host without port, such as pr-123.example.org'

  test.each([
    ['*', undefined],
    ['*.example.org', undefined],
    ['a..b', undefined],
    ['a.example.org:80', 'did you mean "a.example.org"?'],
    ['exämple.org', 'did you mean "xn--exmple-cua.org"?'],
  ])('is told what one is, and no wildcard is offered: %s', (host, hint) => {
    expect(readPreview(previewOf(host))).toEqual({ kind: 'problem', key: 'host', rule, hint })
  })
})

describe('what is served', () => {
  test('is the config itself while there is no preview', () => {
    const config = configOf({})
    expect(serve(config, []).config).toBe(config)
  })

  test('is a preview before rules without a host, each with its own pool', () => {
    const config = configOf({ match: { ...everything, path: '/admin/*' } }, {})
    const served = serve(config, [ready('pr-1.example.org'), ready('pr-2.example.org')])
    expect(served.config.routes.map(({ match, pool }) => [match.host, match.path, pool])).toEqual([
      ['pr-1.example.org', undefined, 'preview:pr-1.example.org'],
      ['pr-2.example.org', undefined, 'preview:pr-2.example.org'],
      [undefined, '/admin/*', 'web'],
      [undefined, undefined, 'web'],
    ])
    expect(served.config.pools.map(({ name }) => name)).toEqual([
      'web',
      'preview:pr-1.example.org',
      'preview:pr-2.example.org',
    ])
    expect(served.hidden.size).toBe(0)
  })

  test.each([
    ['pr.example.org', true],
    ['*.example.org', true],
    ['*.org', true],
    ['example.org', false],
    ['*.pr.example.org', false],
    ['*.ample.org', false],
  ])('is no preview pr.example.org beside a configured %s: %p', (host, isHidden) => {
    const config = configOf({ match: { ...everything, host, path: '/only/here' } }, {})
    const served = serve(config, [ready('pr.example.org')])
    expect([served.hidden.has('pr.example.org'), served.config === config]).toEqual([isHidden, isHidden])
  })

  test('asks of clients what the route that takes everything asks', () => {
    const access = { allow: ['10.0.0.0/8'] } as unknown as NonNullable<RouteConfig['access']>
    const limits = [] as NonNullable<RouteConfig['limits']>
    const config = configOf({ match: { ...everything, path: '/open' } }, { access, limits })
    expect(serve(config, [ready('pr')]).config.routes[0]).toEqual({
      match: { ...everything, host: 'pr' },
      pool: 'preview:pr',
      priority: 3,
      access,
      limits,
    })
  })
})
