import { describe, expect, test } from 'bun:test'
import { controlled } from '../../support/controlled.ts'

const web = (backends: string, more = '') => `{ "pools": { "web": { "backends": ${backends} } }${more} }`

describe('rollback', () => {
  test('goes back one generation at a time, and leaves the files alone', async () => {
    const one = await controlled({ 'edge.json': web('["http://a"]') })
    for (const name of ['b', 'c']) {
      one.write('edge.json', web(`["http://${name}"]`))
      await one.controller.reload('api')
    }
    expect(await one.controller.rollback('cli')).toMatchObject({
      kind: 'applied',
      generation: {
        number: 4,
        summary: 'back to generation 2: pools.web: +b:80, -c:80; the files stay as they are',
      },
    })
    expect([one.members('web'), one.read('edge.json')]).toEqual([{ 'b:80': 1 }, web('["http://c"]')])
    await one.controller.rollback('cli')
    expect(one.members('web')).toEqual({ 'a:80': 1 })
    const last = await one.controller.rollback('cli')
    expect(last).toEqual({ kind: 'nowhere', detail: 'There is no earlier generation to go back to.' })
    await one.controller.reload('api')
    expect(one.members('web')).toEqual({ 'c:80': 1 })
  })

  test('is told beforehand, with what it ends', async () => {
    const one = await controlled({ 'edge.json': web('["http://a"]') })
    expect(await one.controller.planRollback()).toMatchObject({ kind: 'nowhere' })
    one.write('edge.json', web('["http://b"]', ', "drainTimeout": "1s"'))
    await one.controller.reload('api')
    one.edge.edgeLoad = {
      listeners: new Map(),
      pools: new Map([['web', new Map([['b:80', { connections: 5, tunnels: 2 }]])]]),
    }
    expect(await one.controller.planRollback()).toMatchObject({
      kind: 'plan',
      summary: 'drainTimeout: 1s -> 5m; pools.web: +a:80, -b:80',
      changes: [
        { text: '1s -> 5m' },
        { text: 'backend a:80 added', backend: 'a:80' },
        { text: 'backend b:80 removed', backend: 'b:80', connections: 5, tunnels: 2 },
      ],
    })
    expect(one.members('web')).toEqual({ 'b:80': 1 })
  })

  test('says what the edge kept as it was', async () => {
    const one = await controlled({ 'edge.json': web('["http://a"]') })
    one.write('edge.json', web('["http://b"]'))
    await one.controller.reload('api')
    one.edge.keeps = [
      { key: 'pools.web.strategy', message: 'cannot be used' },
      { key: 'transport', message: 'stays' },
    ]
    expect(await one.controller.rollback('cli')).toMatchObject({
      kind: 'applied',
      kept: ['web', 'transport'],
      problems: [{ key: 'pools.web.strategy' }, { key: 'transport' }],
    })
  })

  test('stays where it is when the edge refuses', async () => {
    const one = await controlled({ 'edge.json': web('["http://a"]') })
    one.write('edge.json', web('["http://b"]'))
    await one.controller.reload('api')
    one.edge.refuses = () => [{ key: 'listeners.web', message: 'in use' }]
    expect((await one.controller.rollback('cli')).kind).toBe('refused')
    expect(one.controller.state().generation.number).toBe(2)
  })
})
