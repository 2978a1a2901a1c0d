/** The Docker source: against a stand-in on a Unix socket, and in detail on the virtual clock. */
import { describe, expect, test } from 'bun:test'
import { systemClock } from '../../../core/clock.ts'
import { readMember } from '../../../core/config/read-member.ts'
import { containerFollower } from '../../../core/discovery/containers.ts'
import { dockerSource } from '../../../core/discovery/docker.ts'
import type { DockerPolicy } from '../../../core/discovery/policy.ts'
import { systemRandom } from '../../../core/random.ts'
import { sourceServices } from '../../../core/runtime/source-services.ts'
import { type Container, type Docker, idOf, startDocker } from '../../support/docker.ts'
import { fail } from '../../support/fail.ts'
import { answered, answeredAtLength, failure, fakeAsk } from '../../support/fake-ask.ts'
import { fakeLines } from '../../support/fake-lines.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import { record, shown } from './recorder.ts'
import { sourceSuite } from './suite.ts'

const sourceAt = ({ socket }: Docker, facts: Partial<DockerPolicy> = {}) =>
  dockerSource(
    {
      kind: 'docker',
      place: { kind: 'unix', path: socket },
      network: undefined,
      takesAll: true,
      tls: undefined,
      ...facts,
    },
    sourceServices({ clock: systemClock, random: systemRandom, reportFault: fail }),
    'web',
  )

const numbered = (number: number): Container => ({
  name: `web-${number}`,
  networks: { web: `10.0.0.${number}` },
  ports: [80],
})

sourceSuite('docker', async () => {
  const docker = startDocker()
  const run = (containers: readonly Container[]): void => {
    docker.run(containers)
    docker.event('start', 'any')
  }
  return {
    source: sourceAt(docker),
    list: async (...numbers) => run(numbers.map(numbered)),
    idOf: (number) => `10.0.0.${number}:80`,
    spoil: async (...numbers) => run([...numbers.map(numbered), { name: 'faulty', networks: { web: '10.0.0.99' } }]),
    takeAway: () => docker.stop(),
    bringBack: async () => docker.start(),
    [Symbol.asyncDispose]: () => docker[Symbol.asyncDispose](),
  }
})

/** What is listed of these, and why others are not. */
async function listing(containers: readonly Container[], facts: Partial<DockerPolicy> = {}) {
  await using docker = startDocker()
  docker.run(containers)
  const told = record(sourceAt(docker, facts))
  const word = await told.next(({ kind }) => kind === 'listing')
  told.stop()
  return word.kind === 'listing' ? word.listing : fail('no listing')
}

describe('containers', () => {
  test('say by labels where they listen and what they weigh', async () => {
    const labels = { port: '8080', weight: '2.5', zone: 'eu-1', tier: '1', pool: 'web' }
    const { members } = await listing([
      {
        ...numbered(1),
        labels: Object.fromEntries(Object.entries(labels).map(([name, value]) => [`smartedge.${name}`, value])),
      },
    ])
    expect(members).toMatchObject([{ id: '10.0.0.1:8080', weight: 2.5, zone: 'eu-1', tier: 1 }])
  })

  test('count while they run and are healthy, in pools that they do not exclude', async () => {
    const { members, skipped } = await listing([
      { ...numbered(1), health: 'healthy' },
      { ...numbered(2), health: 'health: starting' },
      { ...numbered(3), health: 'unhealthy' },
      { ...numbered(4), state: 'paused' },
      { ...numbered(5), labels: { 'smartedge.pool': 'other' } },
      { ...numbered(6), labels: { 'smartedge.pool': 'web' } },
    ])
    expect(members.map(({ id }) => id)).toEqual(['10.0.0.1:80', '10.0.0.6:80'])
    expect(skipped.count).toBe(0)
  })

  test('are asked at their only network, the one that they name, or the one of the config', async () => {
    const both = { networks: { front: '10.0.0.1', back: '10.1.0.1' }, ports: [80] }
    const named = { name: 'named', ...both, labels: { 'smartedge.network': 'back' } }
    const six: Container = { name: 'six', networks: { front: 'fd00::6' }, ports: [80] }
    const host: Container = { name: 'host', networks: { host: '' }, ports: [81] }
    const withoutNetwork = await listing([{ name: 'both', ...both }, named, six, host])
    expect(withoutNetwork.members.map(({ id }) => id)).toEqual(['10.1.0.1:80', '[fd00::6]:80', '127.0.0.1:81'])
    expect(withoutNetwork.skipped.first).toEqual([
      { entry: 'both', reason: 'is in 2 networks: smartedge.network has to say which' },
    ])
    const inFront = await listing([{ name: 'both', ...both }, named], { network: 'front' })
    expect(inFront.members.map(({ id }) => id)).toEqual(['10.0.0.1:80', '10.1.0.1:80'])
  })

  test.each([
    [{ ports: [] }, 'tells of no port: smartedge.port has to'],
    [{ ports: [80, 81] }, 'has 2 ports: smartedge.port has to say which'],
    [{ labels: { 'smartedge.port': 'http' } }, 'smartedge.port must be a port such as 8080'],
    [{ labels: { 'smartedge.port': '99999' } }, 'has no port that is one: 99999'],
    [{ labels: { 'smartedge.weight': '-1' } }, 'smartedge.weight must be a number from 0.001 to 1000'],
    [{ labels: { 'smartedge.weight': '5000' } }, 'weight must be a number from 0.001 to 1000, got 5000'],
    [{ labels: { 'smartedge.tier': '1.5' } }, 'tier must be a whole number from 0 to 15, got 1.5'],
    [{ labels: { 'smartedge.wieght': '1' } }, 'has a label that is not known: smartedge.wieght'],
    [{ labels: { 'smartedge.network': 'none' } }, 'is not in the network none'],
    [{ networks: {} }, 'has no address'],
    [{ networks: { web: '' } }, 'has no address'],
  ])('of %j are left out, and it is said why', async (facts, reason) => {
    const { members, skipped } = await listing([{ ...numbered(1), ...facts }, numbered(2)])
    expect([members.map(({ id }) => id), skipped.first]).toEqual([['10.0.0.2:80'], [{ entry: 'web-1', reason }]])
  })

  test('that name no pool are members where all are taken, unless their labels make a pool', async () => {
    const labels = { 'smartedge.route.host': 'a.test' }
    const containers = [numbered(1), { ...numbered(2), labels }, { ...numbered(3), name: 'web', labels }]
    const idsOf = async (takesAll: boolean) => (await listing(containers, { takesAll })).members.map(({ id }) => id)
    expect(await idsOf(true)).toEqual(['10.0.0.1:80', '10.0.0.3:80'])
    expect(await idsOf(false)).toEqual(['10.0.0.3:80'])
  })

  test('that are told to stop leave before they have stopped', async () => {
    await using docker = startDocker()
    docker.run([numbered(1), numbered(2)])
    const told = record(sourceAt(docker))
    await told.lists('10.0.0.1:80', '10.0.0.2:80')
    docker.event('kill', 'web-1', { signal: '15' })
    await told.lists('10.0.0.2:80')
    docker.event('start', 'web-1')
    await told.lists('10.0.0.1:80', '10.0.0.2:80')
    told.stop()
  })
})

/** A Docker that the test answers for, on a clock that stands still. */
function following() {
  const clock = virtualClock()
  const docker = fakeAsk()
  const events = fakeLines()
  const { ask } = docker
  const { askLines } = events
  const containers = containerFollower({ clock, random: () => 0, ask, askLines, readPem: () => undefined })
  const place = { kind: 'url', url: 'https://docker.test:2376' } as const
  const policy = { kind: 'docker', place, network: undefined, takesAll: true, tls: undefined } as const
  const source = dockerSource(policy, { clock, readMember, containers }, 'web')
  const told = record(source)
  return {
    clock,
    docker,
    events,
    told,
    list: (...numbers: number[]) => docker.last.answer(answered(200, [], JSON.stringify(numbers.map(listed)))),
  }
}

const listed = (number: number) => ({
  Id: idOf(`web-${number}`),
  State: 'running',
  Labels: { 'smartedge.port': '80' },
  NetworkSettings: { Networks: { web: { IPAddress: `10.0.0.${number}` } } },
})
const event = (Action: string, number = 1, Attributes: object = {}) => ({
  Action,
  Actor: { ID: idOf(`web-${number}`), Attributes },
})

describe('events', () => {
  test('are followed before the list is asked for, so that none is missed', () => {
    const rig = following()
    expect(rig.docker.asked).toHaveLength(0)
    expect(rig.events.last.question.url).toStartWith('https://docker.test:2376/events?filters=')
    rig.events.last.open()
    rig.list(1)
    expect(shown(rig.told.words)).toEqual([['10.0.0.1:80']])
  })

  test('that come together lead to one list, those that come meanwhile to another', () => {
    const rig = following()
    rig.events.last.open()
    rig.list(1)
    rig.events.last.say(event('start'), event('die'), event('health_status: healthy'))
    rig.clock.advance(20)
    expect(rig.docker.asked).toHaveLength(2)
    rig.events.last.say(event('start'))
    rig.clock.advance(1000)
    expect(rig.docker.asked).toHaveLength(2)
    rig.list(1, 2)
    rig.clock.advance(20)
    expect(rig.docker.asked).toHaveLength(3)
  })

  test('that go on and on do not put the list off', () => {
    const rig = following()
    rig.events.last.open()
    rig.list(1)
    for (let times = 0; times < 2; times++) {
      rig.events.last.say(event('start'))
      rig.clock.advance(15)
    }
    expect(rig.docker.asked).toHaveLength(2)
    rig.list(1, 2)
    rig.events.last.say(event('start'))
    rig.clock.advance(20)
    expect(rig.docker.asked).toHaveLength(3)
  })

  test('of no consequence lead to none', () => {
    const rig = following()
    rig.events.last.open()
    rig.list(1)
    rig.events.last.say(event('exec_create: true'), event('exec_die'), { Action: 3 }, {})
    rig.clock.advance(9999)
    expect(rig.docker.asked).toHaveLength(1)
    rig.clock.advance(1)
    expect(rig.docker.asked).toHaveLength(2)
  })

  test.each([
    ['15', [], []],
    ['9', [], []],
    ['1', ['10.0.0.1:80'], ['10.0.0.1:80']],
    [undefined, ['10.0.0.1:80'], ['10.0.0.1:80']],
  ])('of signal %s hold a container out for a minute at most', (signal, first, then) => {
    const rig = following()
    rig.events.last.open()
    rig.list(1)
    rig.events.last.say(event('kill', 1, { signal }))
    rig.clock.advance(20)
    rig.list(1)
    expect(shown(rig.told.words).at(-1)).toEqual(first)
    for (let seconds = 10; seconds < 60; seconds += 10) {
      rig.clock.advance(10_000)
      rig.list(1)
    }
    expect(shown(rig.told.words).at(-1)).toEqual(then)
    rig.clock.advance(10_000)
    rig.list(1)
    expect(shown(rig.told.words).at(-1)).toEqual(['10.0.0.1:80'])
  })

  test.each([
    ['end', { kind: 'ended', detail: 'it has ended' } as const, 'breaks off: it has ended'],
    ['are refused', { kind: 'refused', status: 500, body: '' } as const, 'answers with 500'],
  ])('that %s leave what was known, and are followed anew', (_how, end, reason) => {
    const rig = following()
    rig.events.last.open()
    rig.list(1)
    rig.events.last.end(end)
    rig.clock.advance(1000)
    rig.events.last.open()
    rig.list(2)
    expect(shown(rig.told.words)).toEqual([['10.0.0.1:80'], `lost ${reason}`, ['10.0.0.2:80']])
  })

  test('that nobody begins to tell are told apart', () => {
    const rig = following()
    rig.events.last.end({ kind: 'ended', detail: 'ENOENT' })
    expect(shown(rig.told.words)).toEqual(['lost cannot be asked: ENOENT'])
  })

  test('that are cut in the middle are no JSON', () => {
    const rig = following()
    rig.events.last.open()
    rig.list(1)
    rig.events.last.say('{"Action":"st')
    expect(shown(rig.told.words)).toEqual([['10.0.0.1:80'], 'lost says what is not JSON'])
    expect(rig.events.last.isCancelled).toBe(true)
  })
})

describe('a list of containers', () => {
  test('has those that were told to stop again for a minute after they were told last', () => {
    const rig = following()
    const kill = (number: number): void =>
      rig.events.last.say({ Action: 'kill', Actor: { ID: idOf(`web-${number}`), Attributes: { signal: '15' } } })
    const ids = (): unknown => {
      rig.list(1, 2, 3)
      return shown(rig.told.words).at(-1)
    }
    rig.events.last.open()
    kill(1)
    kill(2)
    rig.clock.advance(40_000)
    kill(1)
    rig.clock.advance(30_000)
    expect(ids()).toEqual(['10.0.0.2:80', '10.0.0.3:80'])
    rig.clock.advance(10_000)
    expect(ids()).toEqual(['10.0.0.2:80', '10.0.0.3:80'])
    rig.clock.advance(20_000)
    expect(ids()).toEqual(['10.0.0.1:80', '10.0.0.2:80', '10.0.0.3:80'])
  })

  test.each([
    [failure(), 'cannot be asked: ECONNREFUSED'],
    [answered(403), 'answers with 403'],
    [answered(200, [], '{}'), 'says what is no list of containers'],
    [answered(200, [], '[{'), 'says what is no list of containers'],
    [answeredAtLength(200), 'answers with more than 16777216 bytes'],
  ])('that is none is lost (%#)', (answer, reason) => {
    const rig = following()
    rig.events.last.open()
    rig.docker.last.answer(answer)
    expect(shown(rig.told.words)).toEqual([`lost ${reason}`])
    expect(rig.events.last.isCancelled).toBe(true)
  })

  test('may hold what makes no sense', () => {
    const rig = following()
    rig.events.last.open()
    rig.docker.last.answer(answered(200, [], '[null, 3, "x", {}, {"State":"running"}]'))
    const [word] = rig.told.words
    expect(word?.kind === 'listing' && word.listing.skipped.first).toEqual([
      { entry: 'a container', reason: 'is no container' },
      { entry: 'a container', reason: 'is no container' },
      { entry: 'a container', reason: 'is no container' },
      { entry: 'a container', reason: 'tells of no port: smartedge.port has to' },
    ])
  })

  test('is asked for no more once it is stopped', () => {
    const rig = following()
    rig.events.last.open()
    rig.told.stop()
    expect([rig.docker.last.isCancelled, rig.events.last.isCancelled, rig.clock.pending()]).toEqual([true, true, 0])
  })
})
