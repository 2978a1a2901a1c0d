import { describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatProblem } from '../../../core/config/problems.ts'
import type { Plan, PoolEdit } from '../../../core/control/contract.ts'
import { controlled } from '../../support/controlled.ts'

const config = (pool: object, top: object = {}): string =>
  JSON.stringify({ ...top, pools: { web: { backends: ['http://a'], ...pool } } })

async function start(text = config({}), env: Readonly<Record<string, string>> = {}) {
  const one = await controlled({ 'edge.json': text, 'mine.ts': '' }, { env })
  // Whatever the umask of whoever runs this.
  chmodSync(join(one.folder, 'mine.ts'), 0o644)
  const use = (strategy: unknown): PoolEdit => ({ pool: 'web', kind: 'strategy', strategy })
  const edit = async (strategy: unknown): Promise<string> => {
    const result = await one.controller.edit(use(strategy), 'test')
    return result.kind === 'invalid' ? result.problems.map(formatProblem).join('\n') : result.kind
  }
  const plan = async (planned: string): Promise<string> => told(await one.controller.plan(planned))
  return { ...one, edit, plan }
}

const told = (plan: Plan): string =>
  plan.problems.length > 0 ? plan.problems.map(formatProblem).join('\n') : plan.kind === 'plan' ? plan.summary : ''

describe('a strategy that the API names', () => {
  test('is taken by its shipped name, and as a file of ours below the config’s folder', async () => {
    const { edit, plan, edge, folder } = await start()
    expect(await plan(config({ strategy: './mine.ts' }))).toBe(
      `pools.web: strategy expected-delay -> ${join(folder, 'mine.ts')}`,
    )
    expect([await edit('random'), await edit({ use: './mine.ts', options: { a: 1 } })]).toEqual(['done', 'done'])
    expect(edge.config.pools[0]?.strategy).toEqual({ use: join(folder, 'mine.ts'), options: { a: 1 } })
  })

  test('is not looked into when it lies elsewhere or others can write to it, in a plan neither', async () => {
    const { edit, plan, edge, folder, read } = await start()
    mkdirSync(join(folder, 'shared'))
    writeFileSync(join(folder, 'shared/theirs.ts'), '')
    chmodSync(join(folder, 'shared'), 0o777)
    let asked = 0
    edge.refuses = () => ((asked += 1), [])
    for (const [use, rule] of [
      ['/etc/hostname', `a file below ${folder}`],
      ['./shared/theirs.ts', 'must be writable by nobody else'],
    ] as const)
      for (const answer of [await edit(use), await edit({ use, options: {} }), await plan(config({ strategy: use }))]) {
        expect(answer).toStartWith('edge.json:1:')
        expect(answer).toContain(`pools.web.strategy must be`)
        expect(answer).toContain(rule)
      }
    expect([asked, edge.inForce.length, read('edge.json')]).toEqual([0, 1, config({})])
  })

  test('may be any that the config file has put in force, with other options too', async () => {
    const elsewhere = config({ strategy: '/etc/hostname' })
    const { edit, plan, edge } = await start(elsewhere)
    expect(await plan(elsewhere)).toBe('nothing would change')
    expect(await edit({ use: '/etc/hostname', options: { a: 1 } })).toBe('done')
    expect(edge.config.pools[0]?.strategy.options).toEqual({ a: 1 })
    expect(await edit('random')).toBe('done')
    expect(await edit('/etc/hostname')).toContain('a file below')
  })

  test('is no matter where the file itself names it: a reload takes that', async () => {
    const { controller, write, edge } = await start()
    write('edge.json', config({ strategy: '/etc/hostname' }))
    expect(await controller.plan()).toMatchObject({ kind: 'plan' })
    expect(await controller.reload('test')).toMatchObject({ kind: 'applied' })
    expect(edge.config.pools[0]?.strategy.use).toBe('/etc/hostname')
  })
})

describe('a text to plan', () => {
  const env = { SECRET: 'hunter2', ZONE: 'eu', EMPTY: '' }
  const inZone = (zone: string, url = 'http://a'): string => config({ backends: [{ url, zone }] })

  test('reads no variable of ours, wherever it names one and however it is written', async () => {
    const { plan } = await start(config({}, { admin: { token: '${SECRET}' } }), env)
    const texts = [
      inZone('${SECRET}'),
      inZone('x${SECRET}y'),
      inZone('${EMPTY:-}${SECRET}'),
      inZone('eu', 'http://${SECRET}'),
      config({ strategy: { use: 'p2c', options: { a: ['${SECRET}'] } } }),
      config({}, { drainTimeout: '${SECRET}' }),
    ]
    for (const text of texts) {
      const answer = await plan(text)
      expect(answer).toContain('must hold no ${…} but where the file itself has it')
      expect(answer).not.toContain('hunter2')
    }
  })

  test('reads those that the file has at the same place, and no others of it elsewhere', async () => {
    const admin = { admin: { token: '${SECRET}' } }
    const { plan } = await start(config({ backends: [{ url: 'http://a', zone: '${ZONE}' }] }, admin), env)
    const zoned = (zone: string): string => config({ backends: [{ url: 'http://a', zone, weight: 2 }] }, admin)
    expect(await plan(zoned('${ZONE}'))).toBe('pools.web: weight of a:80 1 -> 2')
    expect(await plan(zoned('${SECRET}'))).toContain('must hold no ${…}')
    expect(await plan(config({ backends: [{ url: 'http://${ZONE}' }] }, admin))).toContain('must hold no ${…}')
  })

  test('takes an escape for what it stands for', async () => {
    const { plan } = await start(inZone('eu'), env)
    expect(await plan(inZone('$${SECRET}'))).toBe('pools.web: zone of a:80 "eu" -> "${SECRET}"')
    expect(await plan(inZone('$$${SECRET}'))).toBe('pools.web: zone of a:80 "eu" -> "$${SECRET}"')
  })

  test('reads none in a members file that the config does not have', async () => {
    const { plan, folder } = await start(config({}), env)
    writeFileSync(join(folder, 'm.json'), '{ "backends": [{ "url": "http://a", "zone": "${SECRET}" }] }')
    const answer = await plan(config({ backends: { file: 'm.json' } }))
    expect(answer).toContain('m.json:1:')
    expect(answer).toContain('must hold no ${…}')
    expect(answer).not.toContain('hunter2')
  })

  test('reads those of a members file that it has', async () => {
    const files = { 'edge.json': '{ "pools": { "web": { "backends": { "file": "m.json" } } } }' }
    const members = '{ "backends": [{ "url": "http://a", "zone": "${ZONE}" }] }'
    const one = await controlled({ ...files, 'm.json': members }, { env })
    expect(told(await one.controller.plan(files['edge.json']))).toBe('nothing would change')
  })
})
