/** The Kubernetes source on the virtual clock, against an API server that the test answers for. */
import { describe, expect, test } from 'bun:test'
import { readMember } from '../../../core/config/read-member.ts'
import { clusterUrlOf } from '../../../core/discovery/cluster.ts'
import { kubernetesSource } from '../../../core/discovery/kubernetes.ts'
import type { KubernetesPolicy } from '../../../core/discovery/policy.ts'
import { answered, answeredAtLength, failure, fakeAsk } from '../../support/fake-ask.ts'
import { fakeLines } from '../../support/fake-lines.ts'
import { endpoint } from '../../support/kubernetes.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import { record, shown } from './recorder.ts'

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

function following(facts: Partial<KubernetesPolicy> = {}, files: Record<string, string> = {}, clusterUrl?: string) {
  const clock = virtualClock()
  const server = fakeAsk()
  const watch = fakeLines()
  const source = kubernetesSource(
    {
      kind: 'kubernetes',
      service: 'web',
      namespace: undefined,
      port: undefined,
      share: undefined,
      zone: undefined,
      address: 'http://k8s.test',
      bearerFile: undefined,
      tls: undefined,
      ...facts,
    },
    {
      clock,
      random: () => 0,
      readMember,
      readPem: (path) => files[path],
      ask: server.ask,
      askLines: watch.askLines,
      clusterUrl,
    },
  )
  const told = record(source)
  const queryOf = ({ url }: { readonly url: string }) => Object.fromEntries(new URL(url).searchParams)
  return {
    clock,
    server,
    watch,
    told,
    query: () => queryOf(server.last.question),
    watched: () => queryOf(watch.last.question),
    list: (...items: unknown[]) => server.last.answer(listed(items)),
    /** What was told, after whatever is told together. */
    shown() {
      clock.advance(20)
      return shown(told.words)
    },
  }
}

const listed = (items: readonly unknown[], metadata: object = { resourceVersion: '7' }) =>
  answered(200, [], JSON.stringify({ metadata, items }))

/** Of ports and endpoints. */
const slice = (name: string, endpoints: readonly unknown[], facts: object = {}, version = '8') => ({
  metadata: { name, resourceVersion: version },
  addressType: 'IPv4',
  ports: [{ name: 'http', port: 80 }],
  endpoints,
  ...facts,
})
const A = slice('a', [endpoint('10.0.0.1')])
const change = (type: string, object: object) => ({ type, object })

describe('a Service', () => {
  test('is listed in pages, then watched from the version of the list on', () => {
    const rig = following()
    expect(rig.query()).toEqual({ labelSelector: 'kubernetes.io/service-name=web', limit: '5' })
    rig.server.last.answer(listed([A], { resourceVersion: '7', continue: 'next' }))
    expect(rig.query()).toMatchObject({ continue: 'next' })
    rig.list(slice('b', [endpoint('10.0.0.2')]))
    expect(rig.watched()).toMatchObject({ watch: '1', allowWatchBookmarks: 'true', resourceVersion: '7' })
    rig.watch.last.say(
      change('ADDED', slice('c', [endpoint('10.0.0.3')])),
      change('MODIFIED', slice('b', [])),
      change('DELETED', slice('a', [endpoint('10.0.0.1')])),
    )
    expect(rig.shown()).toEqual([['10.0.0.1:80', '10.0.0.2:80'], ['10.0.0.3:80']])
  })

  test.each<[string, readonly unknown[]]>([
    ['the same page', [A]],
    ['an empty page', []],
  ])('whose server says again and again that there is more behind %s is lost', (_what, page) => {
    const rig = following()
    rig.server.last.answer(listed([A], { resourceVersion: '7', continue: 'next' }))
    rig.server.last.answer(listed(page, { resourceVersion: '7', continue: 'next' }))
    expect(rig.shown()).toEqual(['lost has more EndpointSlices, and does not tell them'])
  })

  test('is watched on from its newest version, be it that of a bookmark', () => {
    const rig = following()
    rig.list(A)
    rig.watch.last.open()
    for (const [what, version] of [
      [change('MODIFIED', slice('a', [endpoint('10.0.0.1')], {}, '9')), '9'],
      [change('BOOKMARK', { metadata: { resourceVersion: '30' } }), '30'],
    ] as const) {
      rig.watch.last.say(what)
      rig.clock.advance(1000)
      rig.watch.last.end({ kind: 'ended', detail: 'it has ended' })
      expect(rig.watched()).toMatchObject({ resourceVersion: version })
      rig.watch.last.open()
    }
    expect(rig.shown().filter((word) => typeof word === 'string')).toEqual([])
  })

  test.each([
    ['in the watch', (rig: ReturnType<typeof following>) => rig.watch.last.say(change('ERROR', { code: 410 }))],
    [
      'instead of one',
      (rig: ReturnType<typeof following>) => rig.watch.last.end({ kind: 'refused', status: 410, body: '' }),
    ],
  ])('is listed anew after a 410 %s, which is no outage', (_where, expire) => {
    const rig = following()
    rig.list(A)
    expire(rig)
    rig.clock.advance(100)
    expect(rig.query()).not.toHaveProperty('continue')
    rig.list(slice('b', [endpoint('10.0.0.2')]))
    expect(rig.shown()).toEqual([['10.0.0.1:80'], ['10.0.0.2:80']])
  })

  test('is listed from its first page when the next one has expired', () => {
    const rig = following()
    rig.server.last.answer(listed([A], { resourceVersion: '7', continue: 'next' }))
    rig.server.last.answer(answered(410))
    rig.clock.advance(100)
    expect(rig.query()).not.toHaveProperty('continue')
    expect(rig.told.words).toEqual([])
  })

  test.each([
    ['ends at once', { kind: 'ended', detail: 'it has ended' } as const, 'breaks off: it has ended'],
    ['is refused', { kind: 'refused', status: 403, body: '{"message":"no"}' } as const, 'answers with 403: no'],
    ['is refused by somebody else', { kind: 'refused', status: 502, body: '<html>' } as const, 'answers with 502'],
  ])('whose watch %s leaves what was known', (_how, end, reason) => {
    const rig = following()
    rig.list(A)
    rig.watch.last.end(end)
    expect(rig.shown()).toEqual([['10.0.0.1:80'], `lost ${reason}`])
    rig.clock.advance(1000)
    rig.list(A)
    expect(rig.watch.asked).toHaveLength(2)
  })

  test.each([
    ['cut in the middle', '{"type":"ADDED","object":{"metada', 'says what is not JSON'],
    ['an error', change('ERROR', { code: 500, message: 'etcd is away' }), 'answers with 500: etcd is away'],
  ])('whose watch says a line that is %s is lost', (_what, line, reason) => {
    const rig = following()
    rig.list(A)
    rig.watch.last.say(line)
    expect(rig.shown()).toEqual([['10.0.0.1:80'], `lost ${reason}`])
    expect(rig.watch.last.isCancelled).toBe(true)
  })

  test.each([
    [failure(), 'cannot be asked: ECONNREFUSED'],
    [answered(401, [], '{"message":"Unauthorized"}'), 'answers with 401: Unauthorized'],
    [answered(200, [], '{"metadata":{}}'), 'says what is no list of EndpointSlices'],
    [answered(200, [], '[1'), 'says what is not JSON'],
    [answeredAtLength(200), 'answers with more than 16777216 bytes'],
  ])('whose list cannot be had is lost (%#)', (answer, reason) => {
    const rig = following()
    rig.server.last.answer(answer)
    expect(rig.shown()).toEqual([`lost ${reason}`])
  })

  test('is listed anew where a watch goes on for longer than its server lets any, which is no outage', () => {
    const rig = following()
    rig.list(A)
    for (let seconds = 10; seconds <= 330; seconds += 10) {
      rig.clock.advance(10_000)
      rig.list()
    }
    expect(rig.watch.last.isCancelled).toBe(false)
    rig.clock.advance(10_000)
    expect(rig.watch.last.isCancelled).toBe(true)
    rig.clock.advance(100)
    expect(rig.query()).toMatchObject({ limit: '5' })
    rig.list(slice('a', [endpoint('10.0.0.2')]))
    expect(rig.shown().filter((word) => word !== 'confirmed')).toEqual([['10.0.0.1:80'], ['10.0.0.2:80']])
  })

  test('whose token is missing just when it is to be watched is lost, and begun again once', () => {
    const files: Record<string, string> = { '/t': 'tok' }
    const rig = following({ bearerFile: '/t' }, files)
    delete files['/t']
    rig.list(A)
    expect(rig.clock.pending()).toBe(1)
    expect(rig.shown()).toEqual([['10.0.0.1:80'], 'lost /t holds no token'])
  })

  test('is confirmed every ten seconds', () => {
    const rig = following()
    rig.list(A)
    rig.clock.advance(10_000)
    expect(rig.query()).toMatchObject({ fieldSelector: 'metadata.name=web', resourceVersion: '0' })
    rig.list()
    rig.clock.advance(10_000)
    rig.server.last.answer(failure('no whole answer within 10000 ms'))
    expect(rig.shown()).toEqual([['10.0.0.1:80'], 'confirmed', expect.stringContaining('lost cannot be asked')])
  })

  test('is asked for no more once it is stopped', () => {
    const rig = following()
    rig.list(A)
    rig.watch.last.say(change('MODIFIED', A))
    rig.told.stop()
    expect([rig.watch.last.isCancelled, rig.clock.pending()]).toEqual([true, 0])
  })
})

describe('an endpoint', () => {
  const listedOf = (...slices: readonly object[]) => {
    const rig = following({ port: 'http' })
    rig.list(...slices)
    const [word] = rig.told.words
    return word?.kind === 'listing' ? word.listing : undefined
  }

  test.each([
    [{}, 'serves'],
    [{ conditions: undefined }, 'serves'],
    [{ conditions: { ready: null } }, 'serves'],
    [{ conditions: { ready: false } }, undefined],
    [{ conditions: { ready: false, serving: true, terminating: true } }, 'drains'],
    [{ conditions: { ready: false, serving: false, terminating: true } }, undefined],
    [{ conditions: { ready: true, serving: true, terminating: true } }, 'drains'],
  ])('of %j %s', (facts, use) => {
    const members = listedOf(slice('a', [endpoint('10.0.0.1', facts)]))?.members ?? []
    expect(members.map(({ isDraining }) => (isDraining ? 'drains' : 'serves'))).toEqual(
      (use === undefined ? [] : [use]) as never,
    )
  })

  test('has the first of its addresses, and its zone', () => {
    const facts = { addresses: ['10.0.0.1', '10.0.0.2'], zone: 'eu-1' }
    expect(listedOf(slice('a', [endpoint('', facts)]))?.members).toMatchObject([{ id: '10.0.0.1:80', zone: 'eu-1' }])
  })

  test('of IPv6 counts where nobody has IPv4', () => {
    const six = slice('six', [endpoint('fd00::1')], { addressType: 'IPv6' })
    expect(listedOf(A, six)?.members.map(({ id }) => id)).toEqual(['10.0.0.1:80'])
    expect(listedOf(slice('a', []), six)?.members.map(({ id }) => id)).toEqual(['[fd00::1]:80'])
  })

  test.each([
    [[], 'has no ports of TCP, not http'],
    [[{ name: 'http', port: 53, protocol: 'UDP' }], 'has no ports of TCP, not http'],
    [[{ name: 'web', port: 80 }, { port: 81 }], 'has the ports web (80), 81, not http'],
    [[{ name: 'http', port: null }], 'has no port that is one: null'],
  ])('whose slice has the ports %j is left out', (ports, reason) => {
    const skipped = listedOf(slice('a', [endpoint('10.0.0.1')], { ports }))?.skipped.first
    expect(skipped?.map((entry) => entry.reason)).toEqual([reason])
  })

  test('is asked at the port that the config says, or at the only one', () => {
    const ports = [
      { name: 'http', port: 80 },
      { name: 'metrics', port: 9090 },
    ]
    const idsAt = (port: KubernetesPolicy['port']) => {
      const rig = following({ port })
      rig.list(slice('a', [endpoint('10.0.0.1')], { ports }))
      const [word] = rig.told.words
      return word?.kind === 'listing'
        ? [...word.listing.members.map(({ id }) => id), ...word.listing.skipped.first]
        : []
    }
    expect([idsAt('metrics'), idsAt(80), idsAt(undefined)]).toEqual([
      ['10.0.0.1:9090'],
      ['10.0.0.1:80'],
      [{ entry: 'a', reason: 'has the ports http (80), metrics (9090): port has to say which' }],
    ])
  })

  test('that makes no sense is left out by itself', () => {
    const endpoints = [null, 3, { addresses: [] }, { addresses: [7] }, {}, endpoint('a b'), endpoint('10.0.0.1')]
    const listing = listedOf(slice('a', endpoints), { metadata: {} }, 3 as never)
    expect([listing?.members.length, listing?.skipped.count]).toEqual([1, 6])
  })
})

describe('a cluster', () => {
  const account = { [`${ACCOUNT}/token`]: 'tok\n', [`${ACCOUNT}/namespace`]: 'shop', [`${ACCOUNT}/ca.crt`]: 'PEM' }

  test('that SmartEdge runs in is asked as its pod', () => {
    const files: Record<string, string> = { ...account }
    const rig = following({ address: undefined }, files, 'https://10.96.0.1:443')
    const { url, tls } = rig.server.last.question
    expect(url).toStartWith('https://10.96.0.1/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices?')
    expect([tls, rig.server.last.field('authorization')]).toEqual([{ ca: 'PEM' }, 'Bearer tok'])
    files[`${ACCOUNT}/token`] = 'new'
    rig.list(A)
    expect(rig.watch.last.field('authorization')).toBe('Bearer new')
  })

  test('elsewhere is asked as the config says, and nothing of the pod is told it', () => {
    const rig = following({ namespace: 'n', address: 'https://k8s.test/base/' }, account)
    const { url, tls } = rig.server.last.question
    expect(url).toStartWith('https://k8s.test/base/apis/discovery.k8s.io/v1/namespaces/n/endpointslices?')
    expect([tls, rig.server.last.field('authorization')]).toEqual([undefined, undefined])
  })

  test.each([
    [{ address: undefined }, {}, 'is not where SmartEdge runs: address has to say where it is'],
    [{ bearerFile: '/t' }, {}, '/t holds no token'],
    [{ bearerFile: '/t' }, { '/t': '\n' }, '/t holds no token'],
    [{ bearerFile: '/t' }, { '/t': 'a\nb' }, '/t holds no token'],
    [{ tls: { ca: '/ca', cert: undefined, key: undefined } }, {}, '/ca cannot be read'],
  ])('of %j with files %j is lost, and tried again', (facts, files, reason) => {
    const rig = following(facts, files)
    expect(rig.shown()).toEqual([`lost ${reason}`])
    expect(rig.clock.pending()).toBe(1)
  })

  test.each([
    [{}, undefined],
    [{ KUBERNETES_SERVICE_HOST: '' }, undefined],
    [{ KUBERNETES_SERVICE_HOST: '10.96.0.1' }, 'https://10.96.0.1:443'],
    [{ KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' }, 'https://[fd00::1]:6443'],
  ])('is told by %j', (env, url) => expect(clusterUrlOf(env)).toBe(url))
})
