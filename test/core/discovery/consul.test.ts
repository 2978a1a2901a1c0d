/** The Consul source: against a stand-in over sockets, and in detail on the virtual clock. */
import { describe, expect, test } from 'bun:test'
import { systemClock } from '../../../core/clock.ts'
import { readMember } from '../../../core/config/read-member.ts'
import { consulSource } from '../../../core/discovery/consul.ts'
import type { ConsulPolicy } from '../../../core/discovery/policy.ts'
import { systemRandom } from '../../../core/random.ts'
import { sourceServices } from '../../../core/runtime/source-services.ts'
import { Secret } from '../../../core/secrets.ts'
import { type Consul, startConsul } from '../../support/consul.ts'
import { fail } from '../../support/fail.ts'
import { answered, answeredAtLength, failure, fakeAsk } from '../../support/fake-ask.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import { record, shown } from './recorder.ts'
import { sourceSuite } from './suite.ts'

const policyOf = (facts: Partial<ConsulPolicy> = {}): ConsulPolicy => ({
  kind: 'consul',
  address: 'http://consul.test:8500',
  service: 'web',
  tags: [],
  datacenter: undefined,
  isPassing: true,
  read: 'default',
  token: undefined,
  tls: undefined,
  ...facts,
})

const sourceAt = ({ url }: Consul, facts: Partial<ConsulPolicy> = {}) =>
  consulSource(
    policyOf({ address: url, ...facts }),
    sourceServices({ clock: systemClock, random: systemRandom, reportFault: fail }),
  )

const instance = (port: number) => ({ id: `web-${port}`, port })

sourceSuite('consul', async () => {
  const consul = startConsul()
  return {
    source: sourceAt(consul),
    list: async (...ports) => consul.register(ports.map(instance)),
    idOf: (port) => `127.0.0.1:${port}`,
    spoil: async (...ports) => consul.register([...ports.map(instance), { id: 'web-0', port: 0 }]),
    takeAway: () => consul.stop(),
    // With another index, as after the loss of its servers.
    bringBack: async () => consul.start(3),
    [Symbol.asyncDispose]: () => consul[Symbol.asyncDispose](),
  }
})

describe('a service in Consul', () => {
  test('has addresses of its own or its node’s, weights and zones', async () => {
    await using consul = startConsul()
    consul.register([
      { id: 'a', port: 1, weights: { Passing: 5, Warning: 2 }, zone: 'eu-1' },
      { id: 'b', port: 2, address: 'fd00::2', weights: { Passing: 0, Warning: 0 } },
      { id: 'c', port: 3, address: 'c.test', weights: { Passing: 65_535, Warning: 1 } },
    ])
    const told = record(sourceAt(consul))
    const { members } = await told.lists('127.0.0.1:1', '[fd00::2]:2', 'c.test:3')
    expect(members.map(({ weight, zone }) => [weight, zone])).toEqual([
      [5, 'eu-1'],
      [0.001, undefined],
      [1000, undefined],
    ])
    told.stop()
  })

  test('has those with all of its tags whose checks pass, or warn where that is enough', async () => {
    await using consul = startConsul()
    const tags = ['v2', 'blue']
    consul.register([
      { id: 'a', port: 1, tags, checks: ['passing', 'passing'] },
      { id: 'b', port: 2, tags, checks: ['passing', 'warning'], weights: { Passing: 10, Warning: 3 } },
      { id: 'c', port: 3, tags, checks: ['critical', 'passing'] },
      { id: 'd', port: 4, tags: ['v2'] },
    ])
    const passing = record(sourceAt(consul, { tags }))
    await passing.lists('127.0.0.1:1')
    const warning = record(sourceAt(consul, { tags, isPassing: false }))
    const { members } = await warning.lists('127.0.0.1:1', '127.0.0.1:2')
    expect(members.map(({ weight }) => weight)).toEqual([1, 3])
    for (const one of [passing, warning]) one.stop()
  })

  test('that nobody has registered may be a mistake', async () => {
    await using consul = startConsul()
    const told = record(sourceAt(consul))
    expect(await told.next(({ kind }) => kind === 'vanished')).toMatchObject({
      reason: 'web has no instance that passes',
    })
    consul.register([instance(1)])
    await told.lists('127.0.0.1:1')
    told.stop()
  })

  test('is asked for with a token', async () => {
    await using consul = startConsul({ token: 'right' })
    consul.register([instance(1)])
    const told = record(sourceAt(consul, { token: new Secret('right') }))
    await told.lists('127.0.0.1:1')
    const other = record(sourceAt(consul, { token: new Secret('wrong') }))
    expect(await other.next(({ kind }) => kind === 'lost')).toMatchObject({
      reason: 'answers with 403: the token may not read this service',
    })
    for (const one of [told, other]) one.stop()
  })
})

/** A Consul that the test answers for, on a clock that stands still. */
function asking(facts: Partial<ConsulPolicy> = {}) {
  const clock = virtualClock()
  const consul = fakeAsk()
  const services = { clock, random: () => 0, readMember, ask: consul.ask, readPem: () => undefined }
  const told = record(consulSource(policyOf(facts), services))
  return { clock, consul, told, query: () => new URL(consul.last.question.url).search }
}

const entry = (port: unknown, facts: object = {}) => ({
  Node: { Address: '10.0.0.1' },
  Service: { ID: `web-${String(port)}`, Port: port },
  ...facts,
})
const said = (index: number | string | undefined, instances: unknown = [entry(80)]) =>
  answered(200, index === undefined ? [] : [['X-Consul-Index', String(index)]], JSON.stringify(instances))

describe('an index of Consul', () => {
  test('is asked with, and confirms what was known where it is the same', () => {
    const rig = asking()
    expect(rig.query()).toBe('?passing=1')
    rig.consul.last.answer(said(7))
    rig.clock.advance(100)
    expect(rig.query()).toBe('?passing=1&index=7&wait=30s')
    rig.clock.advance(30_000)
    rig.consul.last.answer(said(7))
    rig.clock.advance(0)
    rig.consul.last.answer(said(8, [entry(81)]))
    expect(shown(rig.told.words)).toEqual([['10.0.0.1:80'], 'confirmed', ['10.0.0.1:81']])
  })

  test.each([
    ['goes backwards', 3],
    ['is missing', undefined],
    ['is 0', 0],
    ['is negative', -1],
    ['is no number', 'x'],
  ])('that %s begins anew', (_what, index) => {
    const rig = asking()
    rig.consul.last.answer(said(7))
    rig.clock.advance(100)
    rig.consul.last.answer(said(index, [entry(81)]))
    rig.clock.advance(100)
    expect(rig.query()).toBe('?passing=1')
    expect(shown(rig.told.words)).toEqual([['10.0.0.1:80'], ['10.0.0.1:81']])
  })

  test('that rises all the time is asked with ten times a second at most', () => {
    const rig = asking()
    for (let index = 1; index <= 50; index++) {
      rig.consul.last.answer(said(index))
      rig.clock.advance(99)
      expect(rig.consul.asked).toHaveLength(index)
      rig.clock.advance(1)
      expect(rig.consul.asked).toHaveLength(index + 1)
    }
  })

  test('begins anew behind a failure', () => {
    const rig = asking()
    rig.consul.last.answer(said(7))
    rig.clock.advance(100)
    rig.consul.last.answer(failure())
    rig.clock.advance(1000)
    expect(rig.query()).toBe('?passing=1')
  })
})

describe('Consul', () => {
  test.each([
    [failure(), 'cannot be asked: ECONNREFUSED'],
    [answered(500), 'answers with 500'],
    [answered(200, [], 'rpc error'), 'says what is no list of instances'],
    [answered(200, [], '{}'), 'says what is no list of instances'],
    [answered(200, [], '[{"Service":'), 'says what is no list of instances'],
    [answeredAtLength(200), 'answers with more than 33554432 bytes'],
  ])('that fails leaves what was known (%#)', (answer, reason) => {
    const rig = asking()
    rig.consul.last.answer(said(7))
    rig.clock.advance(100)
    rig.consul.last.answer(answer)
    expect(shown(rig.told.words)).toEqual([['10.0.0.1:80'], `lost ${reason}`])
  })

  test('has entries that make no sense left out, each by its id', () => {
    const rig = asking()
    const entries = [null, 3, {}, entry('80'), entry(65_536), entry(80, { Node: {} }), entry(80), entry(80)]
    rig.consul.last.answer(said(7, entries))
    const [word] = rig.told.words
    expect(word?.kind === 'listing' && [word.listing.members.length, word.listing.skipped.first]).toEqual([
      1,
      [
        { entry: 'an instance', reason: 'is no instance' },
        { entry: 'an instance', reason: 'is no instance' },
        { entry: 'an instance', reason: 'has no address' },
        { entry: 'web-80', reason: 'has no port that is one: "80"' },
        { entry: 'web-65536', reason: 'has no port that is one: 65536' },
        { entry: 'web-80', reason: 'has no address' },
        { entry: 'web-80', reason: 'is 10.0.0.1:80 once more' },
      ],
    ])
  })

  test('is asked as the config says', () => {
    const rig = asking({ service: 'a/b c', tags: ['x', 'y&z'], datacenter: 'eu', isPassing: false, read: 'stale' })
    expect(rig.consul.last.question.url).toBe(
      'http://consul.test:8500/v1/health/service/a%2Fb%20c?tag=x&tag=y%26z&dc=eu&stale=',
    )
  })

  test('is asked no more once it is stopped', () => {
    const rig = asking()
    rig.told.stop()
    expect([rig.consul.last.isCancelled, rig.clock.pending()]).toEqual([true, 0])
  })
})
