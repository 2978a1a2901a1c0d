import { describe, expect, test } from 'bun:test'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { formatProblem } from '../../../core/config/problems.ts'
import { controlled, type Controlled } from '../../support/controlled.ts'

const web = (backends: string, more = '') => `{ "pools": { "web": { "backends": ${backends} } }${more} }`
const two = (webBackends: string, api: string) =>
  `{ "routes": [{ "match": { "path": "/api" }, "pool": "api" }, { "pool": "web" }],\n  "pools": {\n    "web": { "backends": ${webBackends} },\n    "api": ${api}\n  } }`
const good = '{ "backends": ["http://z"] }'
const kinds = (one: Controlled): string[] => one.events.map((event) => event.kind)

describe('reload', () => {
  test('puts in force what is on disk, and says what changed', async () => {
    const one = await controlled({ 'edge.json': web('["http://a"]') })
    one.write('edge.json', web('["http://b"]', ', "drainTimeout": "1s"'))
    expect(await one.controller.reload('SIGHUP')).toMatchObject({
      kind: 'applied',
      kept: [],
      problems: [],
      generation: {
        number: 2,
        origin: 'SIGHUP',
        summary: 'drainTimeout: 5m -> 1s; pools.web: +b:80, -a:80',
        at: '2026-01-01T00:00:00.000Z',
      },
    })
    expect(one.members('web')).toEqual({ 'b:80': 1 })
    expect(one.controller.state()).toMatchObject({
      generation: { number: 2 },
      lastReload: { ok: true, origin: 'SIGHUP' },
    })
  })

  test('changes nothing when nothing changed, and says so', async () => {
    const one = await controlled({ 'edge.json': web('["http://a"]') })
    expect(await one.controller.reload('api')).toMatchObject({ kind: 'unchanged', generation: { number: 1 } })
    expect(one.events).toEqual([{ kind: 'reloaded', generation: 1, origin: 'api', summary: 'nothing changed' }])
  })

  test.each([
    ['empty', ''],
    ['half-written', '{ "pools": { "web": { "backends": ["http'],
    ['binary', '\0\u0001'],
    ['of the wrong type', '[]'],
    ['without pools', '{}'],
    ['of 50 MB', ' '.repeat(50_000_000)],
    ['deep', '['.repeat(10_000)],
  ])('refuses a file that is %s, and keeps what runs', async (_title, text) => {
    const one = await controlled({ 'edge.json': web('["http://a"]') })
    one.write('edge.json', text)
    const result = await one.controller.reload('api')
    expect(result.kind).toBe('refused')
    expect(result.problems[0]?.file).toBe('edge.json')
    expect(one.edge.inForce.length).toBe(1)
    expect(one.controller.state()).toMatchObject({ generation: { number: 1 }, lastReload: { ok: false } })
    expect(one.events).toMatchObject([{ kind: 'reload-failed', origin: 'api', kept: [] }])
  })

  test('refuses a file that is gone or a folder, and does not look for another', async () => {
    const one = await controlled({ 'edge.json': web('["http://a"]'), 'smartedge.config.json': web('["http://other"]') })
    rmSync(join(one.folder, 'edge.json'))
    const result = await one.controller.reload('api')
    expect(result.problems.map(formatProblem)).toEqual([
      'edge.json:1:1: must exist, there is no such file (`smartedge init` writes a smartedge.config.json to start from)',
    ])
    mkdirSync(join(one.folder, 'edge.json'))
    expect((await one.controller.reload('api')).problems[0]?.rule).toBe('must be a file, this is a folder')
  })

  test.each(['edge.json', 'm.json'])('is not held up by a pipe in the place of %s', async (name) => {
    const one = await controlled({ 'edge.json': web('{ "file": "m.json" }'), 'm.json': '{ "backends": ["http://a"] }' })
    rmSync(join(one.folder, name))
    Bun.spawnSync(['mkfifo', join(one.folder, name)])
    const [problem] = (await one.controller.reload('api')).problems
    expect(problem?.rule).toBe('must be a regular file, this is a pipe')
    expect((await one.controller.plan()).problems).toEqual(problem ? [problem] : [])
    expect(one.members('web')).toEqual({ 'a:80': 1 })
  })

  test('is healed by the next good file', async () => {
    const one = await controlled({ 'edge.json': web('["http://a"]') })
    one.write('edge.json', '{')
    await one.controller.reload('api')
    one.write('edge.json', web('["http://b"]'))
    expect((await one.controller.reload('api')).kind).toBe('applied')
    expect(one.controller.state().lastReload).toMatchObject({ ok: true, problems: [] })
  })

  test('counts how reloads went', async () => {
    const one = await controlled({ 'edge.json': two('["http://a"]', good) })
    const reloads = () => one.controller.state().reloads
    expect(reloads()).toEqual({ applied: 0, unchanged: 0, partial: 0, refused: 0 })
    const before = reloads()
    await one.controller.reload('api')
    for (const text of ['{', two('["http://b"]', good), two('["http://c"]', '{ "strategy": "best" }'), '']) {
      one.write('edge.json', text)
      await one.controller.reload('api')
    }
    expect(reloads()).toEqual({ applied: 1, unchanged: 1, partial: 1, refused: 2 })
    expect(before).toEqual({ applied: 0, unchanged: 0, partial: 0, refused: 0 })
  })

  test('keeps a faulty pool and lets the others change', async () => {
    const one = await controlled({ 'edge.json': two('["http://a"]', good) })
    one.write('edge.json', two('["http://b"]', '{ "backends": ["http://z"], "strategy": "best" }'))
    const result = await one.controller.reload('api')
    expect(result).toMatchObject({ kind: 'applied', kept: ['api'] })
    expect(result.problems.map(formatProblem)[0]).toStartWith('edge.json:4:52: pools.api.strategy must be one of')
    expect([one.members('web'), one.members('api')]).toEqual([{ 'b:80': 1 }, { 'z:80': 1 }])
    expect(one.events).toMatchObject([
      { kind: 'reloaded', generation: 2 },
      { kind: 'reload-failed', kept: ['api'] },
    ])
  })

  test('keeps a pool that the edge refuses, at the place of the fault', async () => {
    const one = await controlled({ 'edge.json': two('["http://a"]', good) })
    one.edge.refuses = (config) =>
      config.pools.some((pool) => pool.strategy.use === 'random')
        ? [{ key: 'pools.api.strategy', message: 'throws at once' }]
        : []
    one.write('edge.json', two('["http://b"]', '{ "backends": ["http://z"], "strategy": "random" }'))
    const result = await one.controller.reload('api')
    expect(result).toMatchObject({ kind: 'applied', kept: ['api'] })
    expect(result.problems.map(formatProblem)).toEqual(['edge.json:4:52: pools.api.strategy throws at once'])
    expect(one.members('web')).toEqual({ 'b:80': 1 })
  })

  test('says which strategies the edge kept', async () => {
    const one = await controlled({ 'edge.json': two('["http://a"]', good) })
    one.edge.keeps = [{ key: 'pools.api.strategy', message: 'does not parse' }]
    expect(await one.controller.reload('api')).toMatchObject({ kind: 'unchanged', kept: ['api'] })
    expect(kinds(one)).toEqual(['reload-failed'])
  })

  test('says once what the reading has found already', async () => {
    const one = await controlled({ 'edge.json': two('["http://a"]', good) })
    one.write('edge.json', two('["http://a"]', '{ "backends": ["http://z"], "strategy": "best" }'))
    one.edge.keeps = [
      { key: 'pools.api.strategy', message: 'is not there' },
      { key: 'pools.api.tls.ca', message: 'is not there' },
    ]
    const { problems } = await one.controller.reload('api')
    expect(problems.map(({ key }) => key)).toEqual(['pools.api.strategy', 'pools.api.tls.ca'])
  })

  test('says what else the edge kept, by its key', async () => {
    const config = web('["http://a"]', ',\n"geo": { "header": "x-zone" }')
    const one = await controlled({ 'edge.json': config })
    one.edge.keeps = [
      { key: 'geo.database', message: 'must be a database' },
      { key: 'pools.web.strategy', message: 'does not parse' },
    ]
    const result = await one.controller.reload('api')
    expect(result).toMatchObject({ kind: 'unchanged', kept: ['geo.database', 'web'] })
    expect(result.problems.map(formatProblem)[0]).toBe('edge.json:2:8: geo.database must be a database')
  })

  test('says what the edge has read anew where the config is the same', async () => {
    const one = await controlled({ 'edge.json': web('["http://a"]') })
    one.edge.news = ['strategy files loaded anew', 'geo.database read anew']
    expect(await one.controller.reload('api')).toMatchObject({ kind: 'applied', generation: { number: 2 } })
    expect(one.events).toMatchObject([
      { kind: 'reloaded', summary: 'strategy files loaded anew; geo.database read anew' },
    ])
  })

  test('changes nothing when the edge refuses what is outside pools', async () => {
    const one = await controlled({ 'edge.json': web('["http://a"]') })
    one.edge.refuses = () => [{ key: 'listeners.web.address', message: 'already in use' }]
    one.write('edge.json', web('["http://b"]', ', "listeners": {\n "web": { "address": "0.0.0.0:80" } }'))
    const result = await one.controller.reload('api')
    expect(result.problems.map(formatProblem)).toEqual(['edge.json:2:22: listeners.web.address already in use'])
    expect([result.kind, one.edge.inForce.length]).toEqual(['refused', 1])
  })

  test('of many at once goes one after the other', async () => {
    const one = await controlled({ 'edge.json': web('["http://a"]') })
    one.write('edge.json', web('["http://b"]'))
    const results = await Promise.all([1, 2, 3].map(() => one.controller.reload('api')))
    expect(results.map(({ kind }) => kind)).toEqual(['applied', 'applied', 'applied'])
    expect(new Set(results.map((result) => ('generation' in result ? result.generation.number : 0)))).toEqual(
      new Set([2]),
    )
  })

  test('asked for again and again while one is under way is one more', async () => {
    const one = await controlled({ 'edge.json': web('["http://a"]') })
    let tries = 0
    const under = Promise.withResolvers<Promise<unknown>[]>()
    one.edge.refuses = () => {
      tries += 1
      if (tries === 1) under.resolve(Array.from({ length: 1000 }, () => one.controller.reload('SIGHUP')))
      one.write('edge.json', web(`["http://b${tries}"]`))
      return []
    }
    await one.controller.reload('api')
    await Promise.all(await under.promise)
    expect([tries, one.members('web')]).toEqual([2, { 'b1:80': 1 }])
  })

  test('asked for behind something else is a reload of its own', async () => {
    const one = await controlled({ 'edge.json': web('["http://a"]') })
    one.write('edge.json', web('["http://b"]'))
    const results = [one.controller.reload('api'), one.controller.rollback('cli'), one.controller.reload('SIGHUP')]
    const kinds = (await Promise.all(results)).map((result) => result.kind === 'applied' && result.generation.origin)
    expect(kinds).toEqual(['api', 'cli', 'SIGHUP'])
    expect(one.members('web')).toEqual({ 'b:80': 1 })
  })

  test('names those who asked together, a few of them', async () => {
    const one = await controlled({ 'edge.json': web('["http://a"]') })
    one.write('edge.json', web('["http://b"]'))
    const results = await Promise.all(['a', 'b', 'a', 'c', 'd', 'e'].map((origin) => one.controller.reload(origin)))
    expect(results[0]).toMatchObject({ generation: { origin: 'a, b, c and 2 more' } })
  })

  test('of files that show no change tries nothing', async () => {
    const one = await controlled({ 'edge.json': web('["http://a"]') })
    let tries = 0
    one.edge.refuses = () => {
      tries += 1
      return []
    }
    for (let round = 0; round < 3; round++) expect((await one.controller.reload('api')).kind).toBe('unchanged')
    expect(tries).toBe(1)
    one.write('edge.json', `${web('["http://a"]')} `)
    expect((await one.controller.reload('api')).kind).toBe('unchanged')
    expect(tries).toBe(2)
  })

  test('tries again what was refused or kept, though no file has changed', async () => {
    const one = await controlled({ 'edge.json': web('["http://a"]') })
    one.edge.keeps = [{ key: 'pools.web.strategy', message: 'does not parse' }]
    expect((await one.controller.reload('api')).problems).toHaveLength(1)
    one.edge.keeps = []
    expect((await one.controller.reload('api')).problems).toEqual([])
    one.write('edge.json', web('["http://b"]'))
    one.edge.refuses = () => [{ key: 'listeners', message: 'in use' }]
    expect((await one.controller.reload('api')).kind).toBe('refused')
    one.edge.refuses = () => []
    expect((await one.controller.reload('api')).kind).toBe('applied')
  })

  test('brings back what the files say after a rollback', async () => {
    const one = await controlled({ 'edge.json': web('["http://a"]') })
    one.write('edge.json', web('["http://b"]'))
    await one.controller.reload('api')
    await one.controller.rollback('api')
    expect([one.members('web'), (await one.controller.reload('api')).kind]).toEqual([{ 'a:80': 1 }, 'applied'])
    expect(one.members('web')).toEqual({ 'b:80': 1 })
  })
})

describe('a config that is hardly meant', () => {
  test('is warned of at the start, and again only when that changes', async () => {
    const one = await controlled({ 'edge.json': web('[]') })
    const told = (): string[][] => {
      const warnings = one.events.flatMap((event) => (event.kind === 'config-warning' ? [[...event.warnings]] : []))
      one.events.length = 0
      return warnings
    }
    const empty =
      'edge.json:1:35: warning: pools.web.backends is empty: every request to this pool is answered with 503'
    const results: string[][][] = [told()]
    for (const text of [web('[]'), web('[]', ', "drainTimeout": "1s"'), web('["http://a"]'), '{', web('[]')]) {
      one.write('edge.json', text)
      await one.controller.reload('api')
      results.push(told())
    }
    expect(results).toEqual([[[empty]], [], [], [], [], [[empty]]])
  })
})

describe('plan', () => {
  const load = (connections: number, tunnels: number) => ({ connections, tunnels })

  test('tells what a reload would change and end, and changes nothing', async () => {
    const one = await controlled({ 'edge.json': web('["http://a", "http://b"]') })
    one.edge.edgeLoad = { listeners: new Map(), pools: new Map([['web', new Map([['a:80', load(5, 2)]])]]) }
    one.write('edge.json', web('["http://b"]'))
    expect(await one.controller.plan()).toMatchObject({
      kind: 'plan',
      summary: 'pools.web: -a:80',
      changes: [{ key: 'pools.web', text: 'backend a:80 removed', connections: 5, tunnels: 2 }],
    })
    expect([one.edge.inForce.length, one.events]).toEqual([1, []])
  })

  test('takes a text for the config file’s', async () => {
    const one = await controlled({ 'edge.json': web('{ "file": "m.json" }'), 'm.json': '{ "backends": [] }' })
    const plan = await one.controller.plan(web('{ "file": "m.json" }', ', "drainTimeout": "1s"'))
    expect(plan).toMatchObject({ kind: 'plan', summary: 'drainTimeout: 5m -> 1s' })
    expect((await one.controller.plan('{')).kind).toBe('refused')
    expect((await one.controller.plan()).kind).toBe('plan')
  })

  test('tells which pools would stay as they are', async () => {
    const one = await controlled({ 'edge.json': two('["http://a"]', good) })
    expect(await one.controller.plan(two('[]', '{}'))).toMatchObject({
      kept: ['api'],
      summary: 'pools.web: -a:80',
    })
  })
})

describe('recheck', () => {
  test('tells a backend without checks from none', async () => {
    const { controller } = await controlled({ 'edge.json': web('["http://a", "http://b"]') })
    const asked = [
      ['web', 'a:80'],
      ['web', 'b:80'],
      ['web', 'c:80'],
      ['nope', 'a:80'],
    ] as const
    expect(asked.map(([pool, backend]) => controller.recheck(pool, backend))).toEqual([
      'started',
      'no-checks',
      'unknown',
      'unknown',
    ])
  })
})
