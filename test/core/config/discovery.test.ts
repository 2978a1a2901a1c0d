import { describe, expect, test } from 'bun:test'
import { configOf, parse, problemsOf, withPool } from './read-config.ts'

const discoveryOf = (discovery: unknown) => configOf({ pools: { web: { discovery } } }).pools[0]?.discovery
const sourceOf = (written: object) => discoveryOf([written])?.[0]?.source
const faultsOf = (discovery: unknown): string[] =>
  problemsOf({ pools: { web: { discovery } } }).map((line) => line.replace(/^edge\.json:1:\d+: pools\.web\./, ''))

const KINDS = 'consul, dns, docker, etcd, file, http, kubernetes, source'

describe('discovery', () => {
  test('is off unless it is asked for', () => expect(configOf(withPool({})).pools[0]).not.toHaveProperty('discovery'))

  test('takes the place of backends, or stands beside them', () => {
    const discovery = [{ file: 'list.json' }]
    expect(configOf({ pools: { web: { discovery } } }).pools[0]?.members).toEqual([])
    expect(configOf(withPool({ discovery })).pools[0]?.members).toHaveLength(1)
  })

  test('has a guard of 30 s, unless it says otherwise', () => {
    const file = 'list.json'
    expect(
      discoveryOf([{ file }, { file, guard: '1m' }, { file, guard: false }])?.map(({ guardMs }) => guardMs),
    ).toEqual([30_000, 60_000, undefined])
  })

  test('names a file from the folder of the config on, be it there or not', () => {
    expect(discoveryOf([{ file: 'list.json' }, { file: '/run/l' }])?.map(({ source }) => source)).toEqual([
      { kind: 'file', path: '/app/list.json' },
      { kind: 'file', path: '/run/l' },
    ])
  })

  test('fills in what a name takes, and knows what it leads to', () => {
    const dnsOf = (dns: object) => sourceOf({ dns })
    expect(dnsOf({ name: 'Web.Internal' })).toEqual({
      kind: 'dns',
      name: 'web.internal',
      records: { kind: 'addresses', port: 80 },
      family: 'auto',
      resolvers: undefined,
    })
    const resolvers = ['10.0.0.2', '10.0.0.2:8600', '::1', '[fd00::2]:5353']
    expect(dnsOf({ name: '_http._tcp.web.internal.', records: 'srv', family: 'both', resolvers })).toEqual({
      kind: 'dns',
      name: '_http._tcp.web.internal.',
      records: { kind: 'srv' },
      family: 'both',
      resolvers: [
        { address: '10.0.0.2', port: 53 },
        { address: '10.0.0.2', port: 8600 },
        { address: '::1', port: 53 },
        { address: 'fd00::2', port: 5353 },
      ],
    })
  })

  test.each([
    [{}, 'name is required'],
    [{ name: '' }, 'name must be a name such as "web.internal", got ""'],
    [{ name: '10.0.0.1' }, 'name must be a name such as "web.internal", got "10.0.0.1"'],
    [{ name: 'http://a' }, 'name must be a name such as "web.internal", got "http://a"'],
    [{ name: 'a', port: 0 }, 'port must be a whole number from 1 to 65535, got 0'],
    [{ name: 'a', records: 'mx' }, 'records must be one of "addresses", "srv", got "mx"'],
    [{ name: 'a', records: 'srv', port: 80 }, 'port is not for SRV records, which bring ports of their own, got 80'],
    [{ name: 'a', family: 4 }, 'family must be one of "auto", "ipv4", "ipv6", "both", got 4'],
    [{ name: 'a', resolvers: [] }, 'resolvers must not be empty; leave it out for those of the machine, got []'],
    ...['dns.test', '10.0.0.2:0', '10.0.0.2:65536', '[10.0.0.2]:53', 'fd00::2:99999', ''].map(
      (address) =>
        [
          { name: 'a', resolvers: [address] },
          `resolvers[0] must be an IP address, with a port or without, such as "10.0.0.2:53", got ${JSON.stringify(address)}`,
        ] as const,
    ),
  ] as const)('has a name of %j told what is wrong', (dns, fault) =>
    expect(faultsOf([{ dns }])).toEqual([`discovery[0].dns.${fault}`]),
  )

  test('knows where an etcd is, and who asks', () => {
    const endpoints = ['http://10.0.0.5:2379']
    const policy = {
      kind: 'etcd' as const,
      endpoints: ['http://10.0.0.5:2379/'],
      prefix: '/web/',
      user: undefined,
      tls: undefined,
    }
    expect(sourceOf({ etcd: { endpoints, prefix: '/web/' } })).toEqual(policy)
    const user = { name: 'ann', password: expect.objectContaining({ mark: expect.any(String) }) }
    expect(sourceOf({ etcd: { endpoints, prefix: '/web/', user: 'ann', password: 'p' } })).toEqual({ ...policy, user })
  })

  test.each([
    [{ prefix: 'a' }, 'endpoints is required'],
    [{ endpoints: ['http://a'] }, 'prefix is required'],
    [{ endpoints: [], prefix: 'a' }, 'endpoints must not be empty, got []'],
    [{ endpoints: ['http://a'], prefix: '' }, 'prefix must be 1 to 1024 characters such as "/pools/web/", got ""'],
    [{ endpoints: ['http://a'], prefix: 'a', user: 'b' }, 'user needs password beside it, got "b"'],
    [{ endpoints: ['http://a'], prefix: 'a', password: 'b' }, 'password needs user beside it, got a text (not shown)'],
  ])('has an etcd of %j told what is wrong', (etcd, fault) =>
    expect(faultsOf([{ etcd }])).toEqual([`discovery[0].etcd.${fault}`]),
  )

  test('fills in what Consul takes', () => {
    expect(sourceOf({ consul: { service: 'web' } })).toEqual({
      kind: 'consul',
      service: 'web',
      address: 'http://127.0.0.1:8500',
      tags: [],
      datacenter: undefined,
      isPassing: true,
      read: 'default',
      token: undefined,
      tls: undefined,
    })
  })

  test.each([
    [{}, 'service is required'],
    [{ service: '' }, 'service must be 1 to 256 printable characters such as "web", got ""'],
    [
      { service: 'a', address: 'consul:8500' },
      expect.stringContaining('address must be an absolute http or https URL'),
    ],
    [{ service: 'a', tags: ['\n'] }, 'tags[0] must be 1 to 256 printable characters such as "v2", got "\\n"'],
    [{ service: 'a', read: 'old' }, expect.stringContaining('read must be one of "default", "stale"')],
    [{ service: 'a', token: 'a b' }, expect.stringContaining('token must be 1 to 1024 printable ASCII characters')],
  ])('has a Consul of %j told what is wrong', (consul, fault) => {
    const [told] = faultsOf([{ consul }])
    expect(told?.replace('discovery[0].consul.', '')).toEqual(fault as string)
  })

  test.each([
    [{}, { place: { kind: 'unix', path: '/var/run/docker.sock' } }],
    [{ host: 'unix:///run/podman/podman.sock' }, { place: { kind: 'unix', path: '/run/podman/podman.sock' } }],
    [{ host: 'tcp://docker.test:80' }, { place: { kind: 'url', url: 'http://docker.test:80' } }],
    [{ host: 'tcp://10.0.0.2:2375' }, { place: { kind: 'url', url: 'http://10.0.0.2:2375' } }],
    [
      { host: 'tcp://[::1]:2376', tls: {} },
      { place: { kind: 'url', url: 'https://[::1]:2376' }, tls: {} },
    ],
  ])('knows where a Docker of %j is', (docker, policy) =>
    expect(sourceOf({ docker })).toMatchObject({ kind: 'docker', ...policy }),
  )

  test.each([
    ...['', '/var/run/docker.sock', 'unix://docker.sock', 'http://a:1', 'tcp://a', 'tcp://a:1/x', 'tcp://a:b'].map(
      (host) =>
        [
          { host },
          `host must be such as "unix:///var/run/docker.sock" or "tcp://10.0.0.2:2376", got "${host}"`,
        ] as const,
    ),
    [{ network: 'a b' }, 'network must be the name of a network, got "a b"'],
    [{ tls: {} }, 'tls is for tcp: hosts only, got {}'],
  ] as const)('has a Docker of %j told what is wrong', (docker, fault) =>
    expect(faultsOf([{ docker }])).toEqual([`discovery[0].docker.${fault}`]),
  )

  test('takes a Service of the cluster that it runs in, or of another', () => {
    const policy = { kind: 'kubernetes', service: 'web', namespace: undefined, port: undefined, address: undefined }
    expect(sourceOf({ kubernetes: { service: 'web' } })).toMatchObject(policy)
    const written = { service: 'web', namespace: 'shop', address: 'https://10.0.0.1:6443', bearerFile: 'token' }
    expect([80, 'http'].map((port) => sourceOf({ kubernetes: { ...written, port } }))).toMatchObject(
      [80, 'http'].map((port) => ({
        port,
        namespace: 'shop',
        address: 'https://10.0.0.1:6443/',
        bearerFile: '/app/token',
      })),
    )
  })

  test.each([
    [{}, 'service is required'],
    [{ service: 'Web' }, 'service must be a name such as "web": small letters, digits and hyphens, got "Web"'],
    [{ service: 'a', namespace: '../b' }, expect.stringContaining('namespace must be a name such as "shop"')],
    [{ service: 'a', port: 0 }, expect.stringContaining('port must be a whole number from 1 to 65535, got 0')],
    [{ service: 'a', port: true }, expect.stringContaining('port must be the name of a port or its number')],
    [{ service: 'a', address: 'k8s' }, expect.stringContaining('address must be an absolute http or https URL')],
  ])('has a Service of %j told what is wrong', (kubernetes, fault) => {
    const [told] = faultsOf([{ kubernetes }])
    expect(told?.replace('discovery[0].kubernetes.', '')).toEqual(fault as string)
  })

  test.each([
    ['mine.js', { kind: 'own', file: '/app/mine.js', options: undefined }],
    [
      { use: '/etc/mine.ts', options: { a: [1] } },
      { kind: 'own', file: '/etc/mine.ts', options: { a: [1] } },
    ],
  ])('takes a file of one’s own: %j', (source, policy) => {
    const config = { pools: { web: { discovery: [{ source }] } } }
    const { pools } = configOf(config, { present: ['/app/mine.js', '/etc/mine.ts'] })
    expect(pools[0]?.discovery?.[0]?.source).toEqual(policy as never)
  })

  test.each([
    ['mine', 'source must be the path of a .ts or .js file such as "./sources/mine.ts", got "mine"'],
    [3, 'source must be the path of a file, or { "use": …, "options": … }, got 3'],
    [{}, 'source.use is required'],
    ['gone.ts', 'source must name a file that exists, got "gone.ts"'],
  ])('has a file of one’s own, %j, told what is wrong', (source, fault) =>
    expect(faultsOf([{ source }])).toEqual([`discovery[0].${fault}`]),
  )

  test('fills in what a URL takes', () => {
    const url = 'https://registry.test/web'
    expect(sourceOf({ http: { url } })).toEqual({
      kind: 'http',
      url,
      intervalMs: 500,
      holdMs: undefined,
      fields: [],
      tls: undefined,
    })
    const headers = { 'X-Key': 'k' }
    expect(
      sourceOf({ http: { url, interval: '5s', hold: '55s', headers, tls: { ca: 'ca.pem', cert: '/c', key: '/k' } } }),
    ).toEqual({
      kind: 'http',
      url,
      intervalMs: 5000,
      holdMs: 55_000,
      fields: [{ name: 'x-key', value: expect.objectContaining({ mark: expect.any(String) }) }],
      tls: { ca: '/app/ca.pem', cert: '/c', key: '/k' },
    })
  })

  test.each([
    [{}, 'url is required'],
    [
      { url: 'ftp://a' },
      'url must be an absolute http or https URL such as "https://registry.internal/pools/web", got "ftp://a"',
    ],
    [{ url: 'http://u:p@a' }, 'url must not hold a user name or password, got "…@a"'],
    [{ url: 'http://a', interval: '1ms' }, expect.stringContaining('interval must be a duration from 100ms to 1h')],
    [{ url: 'http://a', hold: '1ms' }, expect.stringContaining('hold must be a duration from 1s to 10m')],
    [{ url: 'http://a', headers: { Host: 'b' } }, 'headers.Host is a field that SmartEdge itself writes'],
    [{ url: 'http://a', headers: { a: 'b\n' } }, expect.stringContaining('headers.a must be printable ASCII')],
    [{ url: 'http://a', tls: { cert: 'c' } }, 'tls must have cert and key both, or neither, got an object'],
  ])('has a URL of %j told what is wrong', (http, fault) =>
    expect(faultsOf([{ http }])).toEqual([
      typeof fault === 'string' ? `discovery[0].http.${fault}` : (fault as string),
    ]),
  )

  test.each([
    [[], 'discovery must not be empty; leave it out if there is none, got []'],
    [[{}], `discovery[0] must have one of the keys ${KINDS}, got {} (several sources are several items)`],
    [
      [{ guard: '1s' }],
      `discovery[0] must have one of the keys ${KINDS}, got an object (several sources are several items)`,
    ],
    [[{ file: '' }], 'discovery[0].file must be the path of a file, got ""'],
    [[{ file: 3 }], 'discovery[0].file must be the path of a file, got 3'],
    [[{ file: 'a', guard: 5 }], expect.stringContaining('discovery[0].guard must be a duration')],
    [[{ flie: 'a' }], expect.stringContaining('discovery[0].flie is not a known key (did you mean "file"?)')],
    ['dns', 'discovery must be a list, got a text (not shown)'],
  ])('of %j is told what is wrong', (discovery, fault) => expect(faultsOf(discovery)[0]).toEqual(fault as string))
})

describe('providers', () => {
  const told = (providers: unknown): string[] =>
    problemsOf({ providers }).map((problem) => problem.replace(/^.*?: /, ''))

  test('make pools that the file need not have', () => {
    const config = configOf({ providers: { docker: { network: 'web' }, kubernetes: { routes: true }, keep: false } })
    expect([config.pools, config.routes]).toEqual([[], []])
    expect(config.providers).toMatchObject([
      {
        from: { kind: 'docker', place: { kind: 'unix', path: '/var/run/docker.sock' }, network: 'web' },
        keepMs: undefined,
      },
      { from: { kind: 'cluster', reads: ['ingress', 'gateway'], namespace: undefined, ingressClass: 'smartedge' } },
    ])
  })

  test('may lead to pools of the file, which then need no route', () => {
    const pool = { backends: ['http://a'] }
    const routesOf = (more: object) => configOf({ providers: { docker: {} }, ...more }).routes.map(({ pool }) => pool)
    expect(routesOf({ pools: { web: pool } })).toEqual(['web'])
    expect(routesOf({ pools: { web: pool }, routes: [] })).toEqual([])
    expect(routesOf({ pools: { web: pool, api: pool } })).toEqual([])
    const parsed = parse({ providers: { docker: {} }, pools: { web: pool, api: pool }, routes: [{ pool: 'web' }] })
    expect(parsed.kind === 'config' && parsed.warnings).toEqual([])
  })

  test.each([
    [{}, 'providers must have one of the keys docker, kubernetes, got {} (leave it out if there is none)'],
    [
      { keep: '1s' },
      'providers must have one of the keys docker, kubernetes, got an object (leave it out if there is none)',
    ],
    [{ docker: true }, 'providers.docker must be an object with the keys host, network, tls, got true'],
    [{ docker: { hosts: 'x' } }, 'providers.docker.hosts is not a known key (did you mean "host"?)'],
    [{ docker: {}, keep: '1ms' }, 'providers.keep must be a duration from 1s to 1h such as "30s", got "1ms"'],
    [{ kubernetes: {} }, 'providers.kubernetes.routes is required'],
    [
      { kubernetes: { routes: false } },
      'providers.kubernetes.routes must be true, "ingress" or "gateway", got false (leave kubernetes out if nothing is to be read)',
    ],
    [{ kubernetes: { routes: 'all' } }, 'providers.kubernetes.routes must be true, "ingress" or "gateway", got "all"'],
    [{ kubernetes: { routes: 3 } }, 'providers.kubernetes.routes must be true, "ingress" or "gateway", got 3'],
    [
      { kubernetes: { routes: 'gateway', gateway: 'A B' } },
      'providers.kubernetes.gateway must be the name of a Gateway such as "edge" or "infra/edge", got "A B"',
    ],
  ])('%j are told what is wrong', (providers, fault) => expect(told(providers)).toContain(fault))
})
