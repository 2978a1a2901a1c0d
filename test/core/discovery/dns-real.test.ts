/** The DNS source against dnsmasq. */
import { describe, expect, test } from 'bun:test'
import { systemClock } from '../../../core/clock.ts'
import { dnsSource } from '../../../core/discovery/dns.ts'
import type { DnsPolicy } from '../../../core/discovery/policy.ts'
import { systemRandom } from '../../../core/random.ts'
import { sourceServices } from '../../../core/runtime/source-services.ts'
import { type Dnsmasq, startDnsmasq } from '../../support/dnsmasq.ts'
import { fail } from '../../support/fail.ts'
import { record } from './recorder.ts'
import { sourceSuite } from './suite.ts'

const services = sourceServices({ clock: systemClock, random: systemRandom, reportFault: fail })

const sourceAt = ({ server }: Dnsmasq, facts: Partial<DnsPolicy> = {}) =>
  dnsSource(
    {
      kind: 'dns',
      name: 'web.test',
      records: { kind: 'addresses', port: 80 },
      family: 'auto',
      resolvers: [server],
      ...facts,
    },
    services,
  )

sourceSuite('dns', async () => {
  const dnsmasq = await startDnsmasq()
  return {
    source: sourceAt(dnsmasq),
    list: async (...numbers) => dnsmasq.addresses({ 'web.test': numbers.map((number) => `10.0.0.${number}`) }),
    idOf: (number) => `10.0.0.${number}:80`,
    spoil: undefined,
    takeAway: () => dnsmasq.stop(),
    bringBack: () => dnsmasq.start(),
    [Symbol.asyncDispose]: () => dnsmasq[Symbol.asyncDispose](),
  }
})

describe('a name in DNS', () => {
  test('that is not there says so, and is found once it is', async () => {
    await using dnsmasq = await startDnsmasq()
    const told = record(sourceAt(dnsmasq))
    expect(await told.next(({ kind }) => kind === 'vanished')).toMatchObject({ reason: 'there is no web.test' })
    await dnsmasq.addresses({ 'web.test': ['10.0.0.1'] })
    await told.lists('10.0.0.1:80')
    await dnsmasq.addresses({})
    await told.next(({ kind }) => kind === 'vanished', told.words.length)
    told.stop()
  })

  test('has addresses that do not fit into one packet', async () => {
    await using dnsmasq = await startDnsmasq()
    const addresses = Array.from({ length: 1000 }, (_, index) => `10.1.${index >> 8}.${index & 255}`)
    await dnsmasq.addresses({ 'web.test': addresses })
    const told = record(sourceAt(dnsmasq))
    await told.lists(...addresses.map((address) => `${address}:80`))
    told.stop()
  })

  test.each([
    ['auto', ['10.0.0.1:80']],
    ['ipv4', ['10.0.0.1:80']],
    ['ipv6', ['[2001:db8::1]:80']],
    ['both', ['10.0.0.1:80', '[2001:db8::1]:80']],
  ] as const)('of both families has those of %s', async (family, ids) => {
    await using dnsmasq = await startDnsmasq()
    await dnsmasq.addresses({ 'web.test': ['10.0.0.1', '2001:db8::1'] })
    const told = record(sourceAt(dnsmasq, { family }))
    await told.lists(...ids)
    told.stop()
  })

  test('that is an alias has the addresses of the other', async () => {
    await using dnsmasq = await startDnsmasq({ options: ['--cname=web.test,app.test'] })
    await dnsmasq.addresses({ 'app.test': ['10.0.0.1'] })
    const told = record(sourceAt(dnsmasq))
    await told.lists('10.0.0.1:80')
    told.stop()
  })

  test('has services with ports, weights and priorities', async () => {
    const options = [
      '--srv-host=_http._tcp.web.test,one.test,8001,10,5',
      '--srv-host=_http._tcp.web.test,two.test,8002,20,0',
      '--srv-host=_http._tcp.web.test,gone.test,8003,10,1',
    ]
    await using dnsmasq = await startDnsmasq({ options })
    await dnsmasq.addresses({ 'one.test': ['10.0.0.1'], 'two.test': ['10.0.0.2'] })
    const told = record(sourceAt(dnsmasq, { name: '_http._tcp.web.test', records: { kind: 'srv' } }))
    const { members, skipped } = await told.lists('10.0.0.1:8001', '10.0.0.2:8002')
    expect(members.map(({ id, weight, tier }) => `${id} ${weight} ${tier}`).toSorted()).toEqual([
      '10.0.0.1:8001 5 0',
      '10.0.0.2:8002 1 1',
    ])
    expect(skipped).toEqual({ count: 1, first: [{ entry: 'gone.test:8003', reason: 'there is no gone.test' }] })
    await dnsmasq.addresses({ 'one.test': ['10.0.0.9'], 'two.test': ['10.0.0.2'], 'gone.test': ['10.0.0.3'] })
    await told.lists('10.0.0.9:8001', '10.0.0.2:8002', '10.0.0.3:8003')
    told.stop()
  })
})
