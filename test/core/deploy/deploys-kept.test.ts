import { describe, expect, test } from 'bun:test'
import type { DeployOrder } from '../../../core/deploy/contract.ts'
import { readCriteria } from '../../../core/deploy/criteria.ts'
import type { CanaryPlan } from '../../../core/deploy/machine.ts'
import { deployRig } from '../../support/deploy-rig.ts'

const order = (members: DeployOrder['members'], canary?: CanaryPlan): DeployOrder => ({
  members,
  timeoutMs: 60_000,
  canary,
})
const read = readCriteria('errors<1%,p99<1.2x')
const criteria = read.kind === 'criteria' ? read.criteria : []
const canary: CanaryPlan = { share: 0.25, forMs: 10_000, criteria, minRequests: 100 }
type Rig = Awaited<ReturnType<typeof deployRig>>

const begin = (rig: Rig, given: DeployOrder, pool = 'web') => rig.deploys.begin(pool, given, 'test')
describe('another process', () => {
  test('knows how the last one went, and what it replaced', async () => {
    const rig = await deployRig()
    await begin(rig, order(['http://c:80']))
    rig.check('c:80', true)
    await rig.until('done')
    const next = rig.restart()
    expect(next.list('web')).toMatchObject([{ id: 1, phase: 'done' }])
    expect(next.replaced('web')).toEqual(['a:80', 'b:80'])
    expect(await next.begin('web', order(['http://d:80']), 'test')).toMatchObject({ deploy: { id: 2 } })
  })

  test.each(['waiting', 'canary'])('finds one that was %s given up, and the pool as it was', async (phase) => {
    const rig = await deployRig()
    await begin(rig, order(['http://c:80'], canary))
    if (phase === 'canary') rig.check('c:80', true)
    await rig.until(phase)
    expect(rig.restart().list('web')).toMatchObject([
      { phase: 'aborted', over: true, detail: expect.stringContaining('anew') },
    ])
    expect(rig.members('web')).toEqual({ 'a:80': 1, 'b:80': 2 })
  })

  test('finds one given up that had only members to remove', async () => {
    const rig = await deployRig()
    await begin(rig, order(['http://a:80']))
    expect(rig.restart().list('web')).toMatchObject([{ phase: 'aborted', removed: ['b:80'] }])
  })

  test('finds by the file whether one that switched came to its end', async () => {
    const rig = await deployRig()
    await begin(rig, order(['http://c:80']))
    rig.check('c:80', true)
    rig.clock.advance(200)
    expect(rig.told.at(-1)?.phase).toBe('switching')
    const switching = rig.kept
    expect(rig.restart().list('web')).toMatchObject([{ phase: 'aborted' }])
    rig.kept = switching
    await rig.until('done')
    rig.kept = switching
    const next = rig.restart()
    expect(next.list('web')).toMatchObject([{ phase: 'done' }])
    expect(next.replaced('web')).toEqual(['a:80', 'b:80'])
  })

  test.each([
    '',
    '{',
    'null',
    '[]',
    '{"format":2,"pools":{}}',
    '{"format":1,"pools":[]}',
    '{"format":1,"pools":{"web":{"last":{"id":"x"}}}}',
    '{"format":1,"pools":{"web":{"last":{"id":1,"pool":"web","phase":"constructor","added":[],"kept":[],"removed":[]}}}}',
  ])('makes nothing of %s', async (text) => {
    const rig = await deployRig()
    rig.kept = text
    expect(rig.restart().list('web')).toEqual([])
  })

  test('is not written over by one that ends, and has switched', async () => {
    const rig = await deployRig()
    await begin(rig, order(['http://c:80']))
    rig.check('c:80', true)
    rig.leftOver = 1
    await rig.until('draining')
    rig.deploys.stop()
    rig.leftOver = 0
    rig.clock.advance(60_000)
    expect([rig.told.at(-1)?.phase, rig.clock.pending()]).toEqual(['draining', 0])
    expect(rig.restart().list('web')).toMatchObject([{ phase: 'done' }])
  })

  test('gives up what is under way as it ends', async () => {
    const rig = await deployRig()
    await begin(rig, order(['http://c:80']))
    rig.deploys.stop()
    expect(rig.told.at(-1)).toMatchObject({ phase: 'aborted', detail: expect.stringContaining('the edge ended') })
    expect(await begin(rig, order(['http://c:80']))).toMatchObject({ detail: expect.stringContaining('ending') })
    expect(rig.clock.pending()).toBe(0)
  })
})
