import { describe, expect, test } from 'bun:test'
import type { DeployOrder } from '../../../core/deploy/contract.ts'
import { readCriteria } from '../../../core/deploy/criteria.ts'
import type { CanaryPlan } from '../../../core/deploy/machine.ts'
import { deployFiles, deployRig } from '../../support/deploy-rig.ts'

const order = (members: DeployOrder['members'], canary?: CanaryPlan): DeployOrder => ({
  members,
  timeoutMs: 60_000,
  canary,
})
const read = readCriteria('errors<1%,p99<1.2x')
const criteria = read.kind === 'criteria' ? read.criteria : []
const canary: CanaryPlan = { share: 0.25, forMs: 10_000, criteria, minRequests: 100 }
const ok = { kind: 'completed', status: 200, elapsedMs: 5 } as const
const bad = { kind: 'completed', status: 500, elapsedMs: 5 } as const

type Rig = Awaited<ReturnType<typeof deployRig>>

const phasesOf = ({ told }: Rig) => told.map(({ phase }) => phase)
const begin = (rig: Rig, given: DeployOrder, pool = 'web') => rig.deploys.begin(pool, given, 'test')
const detailOf = async (answer: ReturnType<typeof begin>): Promise<string> => {
  const result = await answer
  return 'detail' in result ? `${result.kind}: ${result.detail}` : result.kind
}

describe('a deploy', () => {
  test('lets new members join without requests, and puts them in the file once they are healthy', async () => {
    const rig = await deployRig()
    const begun = await begin(rig, order(['http://c:80', { url: 'http://d:80', weight: 3, zone: 'eu' }]))
    expect(begun).toMatchObject({ kind: 'begun', deploy: { id: 1, phase: 'waiting', added: ['c:80', 'd:80'] } })
    expect(rig.guests().map(({ id, isDraining }) => [id, isDraining])).toEqual([
      ['c:80', true],
      ['d:80', true],
    ])
    rig.check('c:80', true)
    rig.clock.advance(5000)
    expect(phasesOf(rig)).toEqual(['waiting'])
    expect(rig.read('m.json')).toBe(deployFiles['m.json'])
    rig.check('d:80', true)
    rig.leftOver = 1
    await rig.until('draining')
    expect(rig.read('m.json')).toBe(`{
  "backends": [
    // Ours.
    "http://c:80",
    { "url": "http://d:80", "weight": 3, "zone": "eu" }
  ]
}
`)
    expect(rig.members('web')).toEqual({ 'c:80': 1, 'd:80': 3 })
    expect(rig.guests()).toEqual([])
    rig.clock.advance(5000)
    expect(rig.told.at(-1)?.phase).toBe('draining')
    rig.leftOver = 0
    await rig.until('done')
    expect(rig.deploys.list('web')[0]).toMatchObject({ over: true, removed: ['a:80', 'b:80'], kept: [] })
    expect(rig.deploys.counters('web')).toEqual({ done: 1, failed: 0, 'rolled-back': 0, aborted: 0 })
  })

  test('keeps those who are named again as they stand in the file', async () => {
    const rig = await deployRig()
    await begin(rig, order(['http://c:80', 'http://b:80']))
    rig.check('b:80', true)
    rig.check('c:80', true)
    await rig.until('done')
    expect(rig.members('web')).toEqual({ 'b:80': 2, 'c:80': 1 })
  })

  test('leaves all as it was when a member is not healthy in time, and says which', async () => {
    const rig = await deployRig()
    await begin(rig, order(['http://c:80', 'http://d:80']))
    rig.check('c:80', true)
    rig.check('d:80', false, 'connection refused')
    rig.clock.advance(59_000)
    expect(phasesOf(rig)).toEqual(['waiting'])
    await rig.until('failed')
    expect(rig.told.at(-1)?.detail).toBe('not healthy within 60 s: d:80 is unhealthy: connection refused')
    expect(rig.guests()).toEqual([])
    expect(rig.read('m.json')).toBe(deployFiles['m.json'])
    expect(rig.clock.pending()).toBe(0)
  })

  test('wants a check of now from one that was well before', async () => {
    const rig = await deployRig()
    rig.check('c:80', true)
    await begin(rig, order(['http://c:80']))
    rig.clock.advance(5000)
    expect(phasesOf(rig)).toEqual(['waiting'])
    expect(rig.deploys.list('web')[0]?.members).toEqual([
      { id: 'c:80', health: 'unchecked', why: 'waits for its check' },
    ])
    rig.check('c:80', true)
    await rig.until('done')
  })

  test('waits for one whose newest check fails, though it does not count as ill yet', async () => {
    const rig = await deployRig()
    await begin(rig, order(['http://c:80']))
    rig.check('c:80', false, '503', 'healthy')
    rig.clock.advance(5000)
    expect(rig.deploys.list('web')[0]?.members).toEqual([{ id: 'c:80', health: 'unhealthy', why: '503' }])
    expect(phasesOf(rig)).toEqual(['waiting'])
  })

  test('can be aborted until it switches, and not after', async () => {
    const rig = await deployRig()
    expect(rig.deploys.abort('web', 'me')).toMatchObject({ kind: 'refused' })
    await begin(rig, order(['http://c:80']))
    expect(rig.deploys.abort('web', 'me')).toMatchObject({ kind: 'aborted', deploy: { phase: 'aborted', over: true } })
    expect(rig.guests()).toEqual([])
    expect(rig.clock.pending()).toBe(0)
    await begin(rig, order(['http://c:80']))
    rig.check('c:80', true)
    rig.leftOver = 1
    await rig.until('draining')
    expect(rig.deploys.abort('web', 'me')).toMatchObject({ detail: expect.stringContaining('too late') })
    expect(phasesOf(rig).slice(0, 2)).toEqual(['waiting', 'aborted'])
  })

  test('fails when the file cannot be changed', async () => {
    const rig = await deployRig()
    await begin(rig, order(['http://c:80']))
    rig.write('m.json', '{ "backends": [')
    rig.check('c:80', true)
    await rig.until('failed')
    expect(rig.told.at(-1)?.detail).toContain('m.json as it is now on disk has problems')
    expect(rig.read('m.json')).toBe('{ "backends": [')
    expect(rig.deploys.replaced('web')).toBeUndefined()
    expect(rig.guests()).toEqual([])
  })

  test('fails when the edge refuses the new members', async () => {
    const rig = await deployRig()
    await begin(rig, order(['http://c:80']))
    rig.edge.refuses = () => [{ key: 'pools.web', message: 'not today' }]
    rig.check('c:80', true)
    await rig.until('failed')
    expect(rig.told.at(-1)?.detail).toContain('not today')
    expect(rig.read('m.json')).toBe(deployFiles['m.json'])
  })

  test('fails when its pool goes', async () => {
    const rig = await deployRig()
    await begin(rig, order(['http://c:80']))
    rig.isGone = true
    await rig.until('failed')
  })

  test('keeps a member that somebody has added meanwhile', async () => {
    const rig = await deployRig()
    await begin(rig, order(['http://c:80']))
    await rig.controller.edit({ pool: 'web', kind: 'add', member: 'http://e:80' }, 'test')
    rig.check('c:80', true)
    await rig.until('done')
    expect(rig.members('web')).toEqual({ 'c:80': 1, 'e:80': 1 })
  })
})

describe('what cannot be deployed', () => {
  test.each([
    ['web', ['http://a:80', 'http://b:80'], 'already'],
    ['web', ['http://d:80', 'http://c:80', 'http://c:80'], 'c:80 is named twice: name each member once.'],
    ['web', ['http://c:80', 'http://C'], 'c:80 is named twice'],
    ['bare', ['http://c:80'], 'has no health checks'],
    ['nope', ['http://c:80'], 'There is no pool nope'],
  ])('in %s: %j', async (pool, members, words) => {
    const rig = await deployRig()
    expect(await detailOf(begin(rig, order(members), pool))).toContain(words)
    expect(rig.told).toEqual([])
    expect(rig.kept).toBeUndefined()
  })

  test.each([
    ['nonsense'],
    [{ url: 'http://c:80', weigth: 2 }],
    [{ url: 'http://c:80', weight: -1 }],
    [null],
    [7],
    [{}],
  ])('is no member: %j', async (member) => {
    const rig = await deployRig()
    expect(await begin(rig, order([member]))).toMatchObject({ kind: 'invalid' })
    expect(rig.guests()).toEqual([])
  })

  test('is one that is told to drain', async () => {
    const rig = await deployRig()
    expect(await detailOf(begin(rig, order([{ url: 'http://c:80', drain: true }])))).toContain('told to drain')
  })

  test('is a second one at once, while the first is worked out or under way', async () => {
    const rig = await deployRig()
    const [first, second] = await Promise.all([begin(rig, order(['http://c:80'])), begin(rig, order(['http://d:80']))])
    expect([first.kind, second.kind]).toEqual(['begun', 'refused'])
    expect(await detailOf(begin(rig, order(['http://d:80'])))).toContain('is under way')
  })

  test('is a rollback of nothing', async () => {
    const rig = await deployRig()
    expect(await detailOf(begin(rig, order('replaced')))).toContain('nothing to go back to')
  })

  test('is more than traffic can wait for', async () => {
    const rig = await deployRig()
    const many = Array.from({ length: 999 }, (_, index) => `http://c${index}:80`)
    expect(await detailOf(begin(rig, order(many)))).toContain('1000 are the most')
    expect((await begin(rig, order(many.slice(1)))).kind).toBe('begun')
  })

  test('is a canary of nobody new', async () => {
    const rig = await deployRig()
    expect(await detailOf(begin(rig, order(['http://a:80'], canary)))).toContain('nobody to try out')
  })

  test('is what sources find', async () => {
    const pools = '{ "pools": { "web": { "discovery": [{ "file": "f.json" }], "backends": [], "health": {} } } }'
    const rig = await deployRig({ 'edge.json': pools, 'f.json': '[]' })
    expect(await detailOf(begin(rig, order(['http://c:80'])))).toContain('discovery')
  })
})

describe('a canary', () => {
  async function tried() {
    const rig = await deployRig()
    await begin(rig, order(['http://c:80'], canary))
    rig.check('c:80', true)
    await rig.until('canary')
    return rig
  }

  test('gives the new members their share by weight, and follows the old ones’', async () => {
    const rig = await tried()
    expect(rig.guests()).toMatchObject([{ id: 'c:80', weight: 1, isDraining: false }])
    await rig.controller.edit({ pool: 'web', kind: 'update', backend: 'b:80', weight: 8 }, 'test')
    rig.clock.advance(200)
    expect(rig.guests()).toMatchObject([{ weight: 3 }])
    rig.check('a:80', false)
    rig.clock.advance(200)
    expect(rig.guests()).toMatchObject([{ weight: 8 / 3 }])
    expect(rig.read('m.json')).not.toContain('c:80')
  })

  test('is promoted when it does as well', async () => {
    const rig = await tried()
    rig.answer('c:80', 200, ok)
    rig.answer('a:80', 200, ok)
    rig.clock.advance(9000)
    expect(rig.deploys.list('web')[0]?.canary).toMatchObject({ new: { requests: 200 }, old: { requests: 200 } })
    await rig.until('done')
    expect(rig.members('web')).toEqual({ 'c:80': 1 })
  })

  test('is rolled back at the end for an error too many', async () => {
    const rig = await tried()
    rig.answer('c:80', 990, ok)
    rig.answer('c:80', 10, bad)
    rig.answer('a:80', 200, ok)
    await rig.until('rolled-back')
    expect(rig.told.at(-1)?.detail).toContain('errors 1 %, not <1%')
    expect(rig.read('m.json')).toBe(deployFiles['m.json'])
    expect(rig.guests()).toEqual([])
  })

  test('is rolled back at once when that is beyond doubt', async () => {
    const rig = await tried()
    rig.answer('c:80', 40, bad)
    rig.clock.advance(200)
    expect(rig.told.at(-1)).toMatchObject({ phase: 'rolled-back', detail: expect.stringContaining('beyond doubt') })
  })

  test('is rolled back when too few have come', async () => {
    const rig = await tried()
    rig.answer('c:80', 99, ok)
    rig.answer('a:80', 200, ok)
    await rig.until('rolled-back')
    expect(rig.told.at(-1)?.detail).toContain('too few')
  })

  test('is rolled back when a new member falls ill', async () => {
    const rig = await tried()
    rig.check('c:80', false, '503')
    rig.clock.advance(200)
    expect(rig.told.at(-1)).toMatchObject({ phase: 'rolled-back', detail: 'c:80 is unhealthy: 503' })
  })
})

describe('a rollback', () => {
  test('brings back what the last deploy replaced, as it stood there, and can be taken back itself', async () => {
    const rig = await deployRig()
    await begin(rig, order(['http://c:80']))
    rig.check('c:80', true)
    await rig.until('done')
    expect(rig.deploys.replaced('web')).toEqual(['a:80', 'b:80'])
    expect(await begin(rig, order('replaced'))).toMatchObject({ deploy: { rollback: true, removed: ['c:80'] } })
    rig.check('a:80', true)
    rig.clock.advance(1000)
    expect(rig.told.at(-1)?.phase).toBe('waiting')
    rig.check('b:80', true)
    await rig.until('done')
    expect(rig.read('m.json')).toBe(deployFiles['m.json'])
    expect(rig.deploys.replaced('web')).toEqual(['c:80'])
  })

  test('goes by the last deploy that was done, not by one that failed', async () => {
    const rig = await deployRig()
    await begin(rig, order(['http://c:80']))
    rig.check('c:80', true)
    await rig.until('done')
    await begin(rig, order(['http://d:80']))
    await rig.until('failed')
    expect(rig.deploys.replaced('web')).toEqual(['a:80', 'b:80'])
  })
})
