import { describe, expect, test } from 'bun:test'
import type { ContainerSink } from '../../../core/discovery/containers.ts'
import { dockerRoutes } from '../../../core/discovery/docker-routes.ts'
import type { SkippedEntry } from '../../../core/discovery/listing.ts'
import type { DockerPolicy } from '../../../core/discovery/policy.ts'
import type { Draft } from '../../../core/discovery/provider.ts'

const policy: DockerPolicy = {
  kind: 'docker',
  place: { kind: 'unix', path: '/docker.sock' },
  network: 'web',
  takesAll: true,
  tls: undefined,
}

const container = (name: string, labels: Readonly<Record<string, string>>, State = 'running') => ({
  Names: [`/${name}`],
  State,
  Labels: Object.fromEntries(
    Object.entries(labels).map(([key, value]) => [key.includes('compose') ? key : `smartedge.${key}`, value]),
  ),
})

/** What is told of these containers. */
function told(...containers: readonly unknown[]) {
  const heard: { readonly drafts: readonly Draft[]; readonly skipped: readonly SkippedEntry[] }[] = []
  const lost: string[] = []
  let sink: ContainerSink | undefined
  const provider = dockerRoutes(policy, 5000, {
    containers(_address, given) {
      sink = given
      return () => undefined
    },
  })
  provider.start({
    publish: (drafts, skipped) => void heard.push({ drafts, skipped }),
    lose: (reason) => void lost.push(reason),
  })
  sink?.list(containers)
  sink?.lose('gone')
  return { ...(heard[0] ?? { drafts: [], skipped: [] }), lost }
}

const routesOf = (labels: Readonly<Record<string, string>>): unknown => told(container('a', labels)).drafts[0]?.routes

describe('labels', () => {
  test('make a pool of the container and the routes to it', () => {
    const { drafts } = told(container('a', { 'route.host': 'a.test', 'route.path': '/v1/*', 'health.path': '/up' }))
    expect(drafts).toEqual([
      {
        name: 'a',
        pools: [
          {
            name: 'a',
            settings: { health: { path: '/up' } },
            discovery: [{ source: { ...policy, takesAll: false }, guardMs: 5000 }],
          },
        ],
        routes: [{ match: { host: 'a.test', path: '/v1/*' }, pool: 'a' }],
      },
    ])
  })

  test.each([
    [{ 'route.host': 'a.test, b.test' }, [{ host: 'a.test' }, { host: 'b.test' }]],
    [{ 'route.path': '/a/*' }, [{ path: '/a/*' }]],
    [{ 'route.host': '*.test', 'route.path': '/' }, [{ host: '*.test', path: '/' }]],
    [{ 'route.host': '' }, [{ host: '' }]],
    [{ 'health.path': '/up' }, []],
  ])('%j match %j', (labels, matches) => {
    expect(routesOf(labels)).toEqual(matches.map((match) => ({ match, pool: 'a' })))
  })

  test.each([
    [{ 'route.host': 'a.test', pool: 'web' }, 'web'],
    [{ 'route.host': 'a.test', 'com.docker.compose.service': 'web', 'com.docker.compose.project': 'shop' }, 'shop-web'],
    [{ 'route.host': 'a.test', 'com.docker.compose.service': 'web' }, 'web'],
    [{ 'route.host': 'a.test', pool: 'api', 'com.docker.compose.service': 'web' }, 'api'],
  ])('%j lead to the pool %s', (labels, pool) => {
    expect(told(container('a', labels)).drafts[0]?.pools[0]?.name).toBe(pool)
  })

  test('that are megabytes long make no more than are refused', () => {
    expect(routesOf({ 'route.host': 'a.test,'.repeat(1_000_000) })).toHaveLength(257)
  })

  test('of one who makes nothing say nothing here', () => {
    const { drafts, skipped } = told(container('a', { port: '80' }), container('b', { pool: 'web' }), null, 'x', {})
    expect([drafts, skipped]).toEqual([[], []])
  })

  test('that are not known leave their container out', () => {
    const { drafts, skipped } = told(
      container('a', { 'route.hosts': 'a.test' }),
      container('b', { 'route.host': 'b.test' }),
    )
    expect(drafts.map(({ name }) => name)).toEqual(['b'])
    expect(skipped).toEqual([{ entry: 'a', reason: 'has a label that is not known: smartedge.route.hosts' }])
  })
})

describe('containers', () => {
  test('count while they run, ill ones too, in the order of their names', () => {
    const labels = { 'route.host': 'a.test' }
    const ill = { ...container('a', labels), Status: 'Up 5 minutes (unhealthy)' }
    const { drafts } = told(container('c', labels), ill, container('b', labels, 'exited'))
    expect(drafts.map(({ name }) => name)).toEqual(['a', 'c'])
  })

  test('that cannot be told of are lost', () => expect(told().lost).toEqual(['gone']))
})
