/** Routes of a cluster: against a stand-in over sockets, since there is no API server to be had. */
import { describe, expect, test } from 'bun:test'
import { systemClock } from '../../../core/clock.ts'
import { clusterRoutes } from '../../../core/discovery/cluster-routes.ts'
import type { SkippedEntry } from '../../../core/discovery/listing.ts'
import type { ClusterPolicy } from '../../../core/discovery/policy.ts'
import type { Draft } from '../../../core/discovery/provider.ts'
import { systemRandom } from '../../../core/random.ts'
import { sourceServices } from '../../../core/runtime/source-services.ts'
import { fail } from '../../support/fail.ts'
import { type ClusterObject, type Kubernetes, startKubernetes } from '../../support/kubernetes.ts'
import { turnUntil } from '../../support/raw-peer.ts'

type Spec = Readonly<Record<string, unknown>>

const named = (name: string, spec: Spec, metadata: object = {}): ClusterObject => ({
  metadata: { name, ...metadata },
  spec,
})
const path = (value: string, service: string, pathType = 'Prefix', port: object = { number: 80 }) => ({
  path: value,
  pathType,
  backend: { service: { name: service, port } },
})
const ingress = (name: string, host: string, ...paths: readonly object[]): ClusterObject =>
  named(name, { ingressClassName: 'smartedge', rules: [{ host, http: { paths } }] })
const to = (name: string, facts: object = {}) => ({ name, port: 80, ...facts })
const route = (name: string, rules: readonly object[], facts: Spec = {}, metadata: object = {}): ClusterObject =>
  named(name, { parentRefs: [{ name: 'edge' }], hostnames: ['a.test'], rules, ...facts }, metadata)
const WEB = named('web', { ports: [{ name: 'http', port: 80 }] })

interface Word {
  readonly drafts: readonly Draft[]
  readonly skipped: readonly SkippedEntry[]
}

function following(kubernetes: Kubernetes, facts: Partial<ClusterPolicy> = {}) {
  const words: Word[] = []
  const lost: string[] = []
  const provider = clusterRoutes(
    {
      kind: 'cluster',
      reads: ['ingress', 'gateway'],
      namespace: undefined,
      ingressClass: 'smartedge',
      gateway: undefined,
      zone: undefined,
      address: kubernetes.url,
      bearerFile: undefined,
      tls: undefined,
      ...facts,
    },
    5000,
    sourceServices({ clock: systemClock, random: systemRandom, reportFault: fail }),
  )
  const stop = provider.start({
    publish: (drafts, skipped) => void words.push({ drafts, skipped }),
    lose: (reason) => void lost.push(reason),
  })
  return {
    words,
    lost,
    /** The routes of the newest word, once there are as many words. */
    async told(words_ = 1): Promise<Word> {
      await turnUntil(() => words.length >= words_, 'a word')
      return words.at(-1) ?? fail('no word')
    },
    [Symbol.dispose]: stop,
  }
}

/** What is told of these objects. */
async function toldOf(
  objects: readonly (readonly [plural: string, ...objects: readonly ClusterObject[]])[],
  facts: Partial<ClusterPolicy> = {},
) {
  await using kubernetes = startKubernetes()
  for (const [plural, ...some] of objects) for (const object of some) kubernetes.apply(plural, object)
  using rig = following(kubernetes, facts)
  const { drafts, skipped } = await rig.told()
  return {
    drafts,
    routes: drafts.flatMap(({ routes }) => routes),
    pools: drafts.flatMap(({ pools }) => pools),
    reasons: skipped.map(({ entry, reason }) => `${entry} ${reason}`),
  }
}

describe('an Ingress', () => {
  test.each([
    [path('/a', 'web'), [{ path: '/a' }, { path: '/a/*' }]],
    [path('/a/', 'web'), [{ path: '/a' }, { path: '/a/*' }]],
    [path('/', 'web'), [{}]],
    [path('/a', 'web', 'Exact'), [{ path: '/a' }]],
    [path('/a', 'web', 'ImplementationSpecific'), [{ path: '/a' }, { path: '/a/*' }]],
  ])('with %j matches %j', async (one, matches) => {
    const { routes, pools } = await toldOf([
      ['services', WEB],
      ['ingresses', ingress('i', 'a.test', one)],
    ])
    expect(routes).toEqual(matches.map((match) => ({ match: { host: 'a.test', ...match }, pool: 'default.web.80' })))
    expect(pools).toMatchObject([
      {
        name: 'default.web.80',
        discovery: [{ guardMs: 5000, source: { service: 'web', namespace: 'default', port: 'http' } }],
      },
    ])
  })

  test('counts when it is of the class, by its field or its annotation', async () => {
    const of = (name: string, spec: Spec, annotations: object = {}) =>
      named(name, { ...spec, defaultBackend: path('/', 'web').backend }, { annotations })
    const { drafts } = await toldOf([
      [
        'ingresses',
        of('a', { ingressClassName: 'smartedge' }),
        of('b', { ingressClassName: 'nginx' }),
        of('c', {}, { 'kubernetes.io/ingress.class': 'smartedge' }),
        of('d', {}),
        of('e', { ingressClassName: 'nginx' }, { 'kubernetes.io/ingress.class': 'smartedge' }),
      ],
    ])
    expect(drafts.map(({ name, routes }) => [name, routes])).toEqual([
      ['Ingress default/a', [{ match: {}, pool: 'default.web.80' }]],
      ['Ingress default/c', [{ match: {}, pool: 'default.web.80' }]],
    ])
  })

  test('leaves out what leads nowhere, and says why', async () => {
    const { routes, reasons } = await toldOf([
      ['services', WEB],
      [
        'ingresses',
        ingress(
          'i',
          'a.test',
          path('/1', 'web', 'Exact', { number: 81 }),
          path('/2', 'web', 'Exact', {}),
          path('/3', 'web', 'Exact'),
        ),
        named('r', { ingressClassName: 'smartedge', defaultBackend: { resource: { kind: 'Bucket' } } }),
      ],
    ])
    expect(routes).toEqual([{ match: { host: 'a.test', path: '/3' }, pool: 'default.web.80' }])
    expect(reasons.toSorted()).toEqual([
      'Ingress default/i leads to the port 81 of web, which has 80',
      'Ingress default/i leads to web without a port',
      'Ingress default/r leads to what is no Service',
    ])
  })

  test('leads to a Service that is not there yet', async () => {
    const { pools } = await toldOf([
      ['ingresses', ingress('i', 'a.test', path('/', 'later', 'Prefix', { name: 'http' }))],
    ])
    expect(pools).toMatchObject([{ name: 'default.later.http', discovery: [{ source: { port: 'http' } }] }])
  })
})

describe('an HTTPRoute', () => {
  const rulesOf = (...rules: readonly object[]) =>
    toldOf([
      ['services', WEB],
      ['httproutes', route('r', rules)],
    ])

  test('matches hosts, paths, methods and headers', async () => {
    const matches = [
      { path: { type: 'Exact', value: '/a' }, method: 'GET' },
      {
        path: { value: '/b' },
        headers: [
          { name: 'X-A', value: '1' },
          { name: 'x-a', value: '2' },
        ],
      },
    ]
    const { routes } = await rulesOf({ matches, backendRefs: [to('web')] })
    const pool = 'default.web.80'
    expect(routes).toEqual([
      { match: { host: 'a.test', path: '/a', method: 'GET' }, pool },
      { match: { host: 'a.test', path: '/b', header: { 'x-a': '1' } }, pool },
      { match: { host: 'a.test', path: '/b/*', header: { 'x-a': '1' } }, pool },
    ])
  })

  test('without matches takes all of its hosts, and without hosts all', async () => {
    expect((await rulesOf({ backendRefs: [to('web')] })).routes).toEqual([
      { match: { host: 'a.test' }, pool: 'default.web.80' },
    ])
    const anywhere = route('r', [{ backendRefs: [to('web')] }], { hostnames: undefined })
    expect((await toldOf([['httproutes', anywhere]])).routes).toEqual([{ match: {}, pool: 'default.web.80' }])
  })

  test('gives several Services their shares', async () => {
    const backendRefs = [to('web', { weight: 90 }), to('canary', { weight: 10 }), to('off', { weight: 0 })]
    const { pools } = await rulesOf({ backendRefs })
    expect(pools).toMatchObject([
      {
        name: 'default.r.0',
        discovery: [{ source: { service: 'web', share: 90 } }, { source: { service: 'canary', share: 10 } }],
      },
    ])
  })

  test.each([
    [
      { filters: [{ type: 'RequestRedirect' }], backendRefs: [to('web')] },
      'has filters, which SmartEdge does not know',
    ],
    [
      { matches: [{ path: { type: 'RegularExpression', value: '.' } }] },
      'matches paths by "RegularExpression", which is not known',
    ],
    [{ matches: [{ queryParams: [{}] }] }, 'matches queryParams, which SmartEdge does not know'],
    [{ matches: [{ headers: [{ type: 'RegularExpression' }] }] }, 'matches a header by a pattern, which is not known'],
    [{ matches: [3] }, 'has a match that is none'],
    [{ backendRefs: ['x'] }, 'has a backendRef that is none'],
    [
      { backendRefs: [to('web', { namespace: 'other' })] },
      'leads to web in another namespace, which nobody grants here',
    ],
    [{ backendRefs: [to('web', { kind: 'Bucket' })] }, 'leads to what is no Service'],
    [{ backendRefs: [to('web', { port: 'http' })] }, 'leads to web without a port'],
    [{ backendRefs: [to('web', { weight: -1 })] }, 'has a weight of web that is none'],
  ])('leaves out a rule with %j', async (rule, reason) => {
    const { routes, reasons } = await rulesOf(rule, { backendRefs: [to('web')] })
    expect(routes).toHaveLength(1)
    expect(reasons).toEqual([`HTTPRoute default/r rules[0] ${reason}`])
  })

  test('of more parts than Gateway API allows is left out, unread', async () => {
    const many = (value: unknown): unknown[] => Array.from({ length: 100_000 }, () => value)
    const reason = 'has more than 128 rules, host names, matches or Services'
    const backendRefs = [to('web')]
    const { drafts, reasons } = await toldOf([
      [
        'httproutes',
        route('a', [{ backendRefs, matches: many({}) }], { hostnames: many('a.test') }),
        route('b', [{ backendRefs, matches: many({}) }, { backendRefs: many(to('web')) }]),
      ],
    ])
    expect(drafts).toEqual([])
    expect(reasons).toEqual([
      `HTTPRoute default/a ${reason}`,
      `HTTPRoute default/b rules[0] ${reason}`,
      `HTTPRoute default/b rules[1] ${reason}`,
    ])
  })

  test('whose Services all have no weight leads nowhere', async () => {
    const { routes, reasons } = await rulesOf({ backendRefs: [to('web', { weight: 0 })] })
    expect([routes, reasons]).toEqual([[], ['HTTPRoute default/r leads nowhere']])
  })

  test.each([
    [undefined, ['a', 'b', 'c']],
    ['edge', ['a', 'c']],
    ['infra/edge', ['c']],
    ['default/edge', ['a']],
  ])('counts when it is of the Gateway %s', async (gateway, names) => {
    const of = (name: string, parent: object) => route(name, [{ backendRefs: [to('web')] }], { parentRefs: [parent] })
    const routes = [
      of('a', { name: 'edge' }),
      of('b', { name: 'other' }),
      of('c', { name: 'edge', namespace: 'infra' }),
      of('d', { name: 'edge', kind: 'Service' }),
    ]
    const { drafts } = await toldOf([['httproutes', ...routes]], { gateway })
    expect(drafts.map(({ name }) => name.slice(-1))).toEqual(names)
  })

  test('that is older counts before others, and an exact path before prefixes', async () => {
    const at = (name: string, creationTimestamp: string, rule: object) => route(name, [rule], {}, { creationTimestamp })
    const backendRefs = [to('web')]
    const { drafts } = await toldOf([
      [
        'httproutes',
        at('new', '2026-02-01T00:00:00Z', { backendRefs }),
        at('old', '2026-01-01T00:00:00Z', { backendRefs }),
        at('exact', '2026-03-01T00:00:00Z', { backendRefs, matches: [{ path: { type: 'Exact', value: '/' } }] }),
      ],
    ])
    expect(drafts.map(({ name }) => name)).toEqual(['exact', 'old', 'new'].map((name) => `HTTPRoute default/${name}`))
  })

  test('of another namespace has pools of its own, with names that are short enough', async () => {
    const long = 'n'.repeat(60)
    const { pools } = await toldOf([
      ['httproutes', route('r', [{ backendRefs: [to('web')] }], {}, { namespace: long })],
    ])
    expect(pools[0]?.name).toMatch(/^n{55}-[0-9a-f]{8}$/)
    expect(pools[0]?.discovery[0]?.source).toMatchObject({ namespace: long })
  })
})

describe('a cluster', () => {
  test('is followed, and listed anew when its server has been away', async () => {
    await using kubernetes = startKubernetes()
    using rig = following(kubernetes)
    await rig.told()
    kubernetes.apply('ingresses', ingress('i', 'a.test', path('/', 'web')))
    expect((await rig.told(2)).drafts).toHaveLength(1)
    await kubernetes.stop()
    await turnUntil(() => rig.lost.length > 0, 'an outage')
    kubernetes.remove('ingresses', 'i')
    kubernetes.start()
    expect((await rig.told(3)).drafts).toEqual([])
  })

  test('is away while one of its kinds cannot be had, and is not asked for a kind that is not read', async () => {
    await using kubernetes = startKubernetes()
    kubernetes.forget('httproutes')
    using whole = following(kubernetes)
    await turnUntil(() => whole.lost.length > 0, 'an outage')
    const hint = '(where the Gateway API is not installed, "routes": "ingress" does without)'
    expect([whole.words, whole.lost[0]]).toEqual([[], `HTTPRoutes: answers with 404: not found ${hint}`])
    using part = following(kubernetes, { reads: ['ingress'] })
    await part.told()
  })

  test('may say what makes no sense', async () => {
    const { drafts, reasons } = await toldOf([
      [
        'ingresses',
        { metadata: { name: 'a' } },
        named('b', { ingressClassName: 'smartedge', rules: [null, 3, { http: 'x' }, { http: { paths: [null, 3] } }] }),
      ],
      [
        'httproutes',
        { metadata: { name: 'a' } },
        named('b', { parentRefs: [null, {}], rules: 'x' }),
        route('c', [3 as never]),
      ],
      ['services', { metadata: { name: 'web' }, spec: 3 }],
    ])
    expect([drafts, reasons]).toEqual([[], ['HTTPRoute default/c rules[0] is no rule']])
  })
})
