import { describe, expect, test } from 'bun:test'
import { configOf, problemsOf, withPool } from './read-config.ts'

const discoveryOf = (discovery: unknown) => configOf({ pools: { web: { discovery } } }).pools[0]?.discovery
const faultsOf = (discovery: unknown): string[] =>
  problemsOf({ pools: { web: { discovery } } }).map((line) => line.replace(/^edge\.json:1:\d+: pools\.web\./, ''))

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
    const dnsOf = (dns: object) => discoveryOf([{ dns }])?.[0]?.source
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

  test.each([
    [[], 'discovery must not be empty; leave it out if there is none, got []'],
    [[{}], 'discovery[0] must have one of the keys dns, file, got {} (several sources are several items)'],
    [
      [{ guard: '1s' }],
      'discovery[0] must have one of the keys dns, file, got an object (several sources are several items)',
    ],
    [[{ file: '' }], 'discovery[0].file must be the path of a file, got ""'],
    [[{ file: 3 }], 'discovery[0].file must be the path of a file, got 3'],
    [[{ file: 'a', guard: 5 }], expect.stringContaining('discovery[0].guard must be a duration')],
    [[{ flie: 'a' }], expect.stringContaining('discovery[0].flie is not a known key (did you mean "file"?)')],
    ['dns', 'discovery must be a list, got "dns"'],
  ])('of %j is told what is wrong', (discovery, fault) => expect(faultsOf(discovery)[0]).toEqual(fault as string))
})
