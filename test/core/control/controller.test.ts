import { afterEach, describe, expect, test } from 'bun:test'
import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatProblem } from '../../../core/config/problems.ts'
import { controlled, type Controlled } from '../../support/controlled.ts'

let open: Controlled[] = []
afterEach(() => {
  for (const one of open) one.end()
  open = []
})
async function start(...options: Parameters<typeof controlled>): Promise<Controlled> {
  const one = await controlled(...options)
  open.push(one)
  return one
}

const web = (backends: string, more = '') => `{ "pools": { "web": { "backends": ${backends} } }${more} }`
const two = (webBackends: string, api: string) =>
  `{ "routes": [{ "pool": "web" }],\n  "pools": {\n    "web": { "backends": ${webBackends} },\n    "api": ${api}\n  } }`
const good = '{ "backends": ["http://z"] }'
const kinds = (one: Controlled): string[] => one.events.map((event) => event.kind)

describe('reload', () => {
  test('puts in force what is on disk, and says what changed', async () => {
    const one = await start({ 'edge.json': web('["http://a"]') })
    one.write('edge.json', web('["http://b"]', ', "drainTimeout": "1s"'))
    expect(await one.controller.reload('SIGHUP')).toMatchObject({
      kind: 'applied',
      kept: [],
      problems: [],
      generation: {
        number: 2,
        origin: 'SIGHUP',
        summary: 'drainTimeout: 5m -> 1s; pools.web: +1 backend, -1 backend',
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
    const one = await start({ 'edge.json': web('["http://a"]') })
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
    const one = await start({ 'edge.json': web('["http://a"]') })
    one.write('edge.json', text)
    const result = await one.controller.reload('api')
    expect(result.kind).toBe('refused')
    expect(result.problems[0]?.file).toBe('edge.json')
    expect(one.edge.inForce.length).toBe(1)
    expect(one.controller.state()).toMatchObject({ generation: { number: 1 }, lastReload: { ok: false } })
    expect(one.events).toMatchObject([{ kind: 'reload-failed', origin: 'api', kept: [] }])
  })

  test('refuses a file that is gone or a folder, and does not look for another', async () => {
    const one = await start({ 'edge.json': web('["http://a"]'), 'smartedge.config.json': web('["http://other"]') })
    rmSync(join(one.folder, 'edge.json'))
    const result = await one.controller.reload('api')
    expect(result.problems.map(formatProblem)).toEqual(['edge.json:1:1: must exist, there is no such file'])
    mkdirSync(join(one.folder, 'edge.json'))
    expect((await one.controller.reload('api')).problems[0]?.rule).toBe('must be a file, this is a folder')
  })

  test.each(['edge.json', 'm.json'])('is not held up by a pipe in the place of %s', async (name) => {
    const one = await start({ 'edge.json': web('{ "file": "m.json" }'), 'm.json': '{ "backends": ["http://a"] }' })
    rmSync(join(one.folder, name))
    Bun.spawnSync(['mkfifo', join(one.folder, name)])
    const [problem] = (await one.controller.reload('api')).problems
    expect(problem?.rule).toBe('must be a regular file, this is a pipe')
    expect((await one.controller.plan()).problems).toEqual(problem ? [problem] : [])
    expect(one.members('web')).toEqual({ 'a:80': 1 })
  })

  test('is healed by the next good file', async () => {
    const one = await start({ 'edge.json': web('["http://a"]') })
    one.write('edge.json', '{')
    await one.controller.reload('api')
    one.write('edge.json', web('["http://b"]'))
    expect((await one.controller.reload('api')).kind).toBe('applied')
    expect(one.controller.state().lastReload).toMatchObject({ ok: true, problems: [] })
  })

  test('keeps a faulty pool and lets the others change', async () => {
    const one = await start({ 'edge.json': two('["http://a"]', good) })
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
    const one = await start({ 'edge.json': two('["http://a"]', good) })
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
    const one = await start({ 'edge.json': two('["http://a"]', good) })
    one.edge.keeps = [{ key: 'pools.api.strategy', message: 'does not parse' }]
    expect(await one.controller.reload('api')).toMatchObject({ kind: 'unchanged', kept: ['api'] })
    expect(kinds(one)).toEqual(['reload-failed'])
  })

  test('changes nothing when the edge refuses what is outside pools', async () => {
    const one = await start({ 'edge.json': web('["http://a"]') })
    one.edge.refuses = () => [{ key: 'listeners.web.address', message: 'already in use' }]
    one.write('edge.json', web('["http://b"]', ', "listeners": {\n "web": { "address": "0.0.0.0:80" } }'))
    const result = await one.controller.reload('api')
    expect(result.problems.map(formatProblem)).toEqual(['edge.json:2:22: listeners.web.address already in use'])
    expect([result.kind, one.edge.inForce.length]).toEqual(['refused', 1])
  })

  test('of many at once goes one after the other', async () => {
    const one = await start({ 'edge.json': web('["http://a"]') })
    one.write('edge.json', web('["http://b"]'))
    const results = await Promise.all([1, 2, 3].map(() => one.controller.reload('api')))
    expect(results.map(({ kind }) => kind)).toEqual(['applied', 'unchanged', 'unchanged'])
  })
})

describe('rollback', () => {
  test('goes back one generation at a time, and leaves the files alone', async () => {
    const one = await start({ 'edge.json': web('["http://a"]') })
    for (const name of ['b', 'c']) {
      one.write('edge.json', web(`["http://${name}"]`))
      await one.controller.reload('api')
    }
    expect(await one.controller.rollback('cli')).toMatchObject({
      kind: 'applied',
      generation: {
        number: 4,
        summary: 'back to generation 2; the files stay as they are, and count at the next reload',
      },
    })
    expect([one.members('web'), one.read('edge.json')]).toEqual([{ 'b:80': 1 }, web('["http://c"]')])
    await one.controller.rollback('cli')
    expect(one.members('web')).toEqual({ 'a:80': 1 })
    const last = await one.controller.rollback('cli')
    expect(last.problems.map(({ rule }) => rule)).toEqual(['has no earlier generation to go back to'])
    await one.controller.reload('api')
    expect(one.members('web')).toEqual({ 'c:80': 1 })
  })

  test('stays where it is when the edge refuses', async () => {
    const one = await start({ 'edge.json': web('["http://a"]') })
    one.write('edge.json', web('["http://b"]'))
    await one.controller.reload('api')
    one.edge.refuses = () => [{ key: 'listeners.web', message: 'in use' }]
    expect((await one.controller.rollback('cli')).kind).toBe('refused')
    expect(one.controller.state().generation.number).toBe(2)
  })
})

describe('plan', () => {
  const load = (connections: number, tunnels: number) => ({ connections, tunnels })

  test('tells what a reload would change and end, and changes nothing', async () => {
    const one = await start({ 'edge.json': web('["http://a", "http://b"]') })
    one.edge.edgeLoad = { listeners: new Map(), pools: new Map([['web', new Map([['a:80', load(5, 2)]])]]) }
    one.write('edge.json', web('["http://b"]'))
    expect(await one.controller.plan()).toMatchObject({
      kind: 'plan',
      summary: 'pools.web: -1 backend',
      changes: [{ key: 'pools.web', text: 'backend a:80 removed', connections: 5, tunnels: 2 }],
    })
    expect([one.edge.inForce.length, one.events]).toEqual([1, []])
  })

  test('takes a text for the config file’s', async () => {
    const one = await start({ 'edge.json': web('{ "file": "m.json" }'), 'm.json': '{ "backends": [] }' })
    const plan = await one.controller.plan(web('{ "file": "m.json" }', ', "drainTimeout": "1s"'))
    expect(plan).toMatchObject({ kind: 'plan', summary: 'drainTimeout: 5m -> 1s' })
    expect((await one.controller.plan('{')).kind).toBe('refused')
    expect((await one.controller.plan()).kind).toBe('plan')
  })

  test('tells which pools would stay as they are', async () => {
    const one = await start({ 'edge.json': two('["http://a"]', good) })
    expect(await one.controller.plan(two('[]', '{}'))).toMatchObject({
      kept: ['api'],
      summary: 'pools.web: -1 backend',
    })
  })
})

describe('recheck', () => {
  test('tells a backend without checks from none', async () => {
    const { controller } = await start({ 'edge.json': web('["http://a", "http://b"]') })
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

/** Resolves when `holds` does; a test for which it never does waits for ever and fails. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}

describe('saved files', () => {
  const files = { 'edge.json': two('{ "file": "m.json" }', good), 'm.json': '{ "backends": ["http://a"] }' }
  const weights = (one: Controlled) => JSON.stringify(one.members('web'))

  test('come into force by themselves, whichever was saved', async () => {
    const one = await start(files, { isWatched: true })
    one.write('m.json', '{ "backends": ["http://b"] }')
    await until(() => weights(one) === '{"b:80":1}')
    one.write('edge.json', files['edge.json'].replace('http://z', 'http://y'))
    await until(() => one.members('api')['y:80'] === 1)
    expect(one.controller.state().generation).toMatchObject({ number: 3, origin: 'watch' })
  })

  test('may be links that turn', async () => {
    const one = await start(files, { isWatched: true })
    for (const version of ['1', '2', '3']) {
      mkdirSync(join(one.folder, version))
      one.write(`${version}/m.json`, `{ "backends": ["http://v${version}"] }`)
      symlinkSync(`${version}/m.json`, join(one.folder, 'm.json.tmp'))
      renameSync(join(one.folder, 'm.json.tmp'), join(one.folder, 'm.json'))
      await until(() => weights(one) === `{"v${version}:80":1}`)
    }
  })

  test('may lie in a folder that is swapped', async () => {
    const one = await start(files, { isWatched: true })
    const deploy = (name: string): void => {
      cpSync(one.folder, `${one.folder}.new`, { recursive: true })
      writeFileSync(`${one.folder}.new/m.json`, `{ "backends": ["http://${name}"] }`)
      renameSync(one.folder, `${one.folder}.old`)
      renameSync(`${one.folder}.new`, one.folder)
      rmSync(`${one.folder}.old`, { recursive: true })
    }
    for (const name of ['b', 'c']) {
      deploy(name)
      await until(() => weights(one) === `{"${name}:80":1}`)
      one.write('m.json', `{ "backends": ["http://after-${name}"] }`)
      await until(() => weights(one) === `{"after-${name}:80":1}`)
    }
  })

  test('that are bad are told of once, and healed by the next good save', async () => {
    const one = await start(files, { isWatched: true })
    one.write('m.json', '{ "backends": [')
    await until(() => kinds(one).length > 0)
    expect(one.events).toMatchObject([{ kind: 'reload-failed', origin: 'watch', kept: ['web'] }])
    expect(weights(one)).toBe('{"a:80":1}')
    one.write('m.json', files['m.json'])
    await until(() => one.controller.state().lastReload?.ok === true)
    expect(one.events.at(-1)).toMatchObject({ kind: 'reloaded', generation: 1 })
  })

  test('that are gone for a moment only are not worth a word', async () => {
    const one = await start(files, { isWatched: true })
    one.write('m.json', '')
    one.write('m.json', '{ "backends": ["http://b"')
    rmSync(join(one.folder, 'm.json'))
    one.write('m.json', '{ "backends": ["http://b"] }')
    await until(() => weights(one) === '{"b:80":1}')
    expect(kinds(one)).toEqual(['reloaded'])
  })

  test('by the API are no news to the watch', async () => {
    const one = await start(files, { isWatched: true })
    await one.controller.edit({ pool: 'web', kind: 'add', member: 'http://b' }, 'api')
    // What is saved after it is seen after it.
    one.write('edge.json', files['edge.json'].replace('http://z', 'http://y'))
    await until(() => one.members('api')['y:80'] === 1)
    expect(kinds(one)).toEqual(['reloaded', 'audit', 'reloaded'])
    expect(weights(one)).toBe('{"a:80":1,"b:80":1}')
  })

  test('of strategies are a reason to apply again', async () => {
    const one = await start({ ...files, 'mine.ts': '1' }, { isWatched: true })
    one.edge.strategyFiles = [join(one.folder, 'mine.ts')]
    await one.controller.reload('api')
    let applies = 0
    one.edge.refuses = () => {
      applies += 1
      return []
    }
    one.write('mine.ts', '2')
    await until(() => applies > 0)
  })

  test('are left alone once the controller has stopped', async () => {
    const one = await start(files, { isWatched: true })
    one.controller.stop()
    one.write('m.json', '{ "backends": ["http://b"] }')
    expect((await one.controller.plan()).kind).toBe('plan')
    expect(weights(one)).toBe('{"a:80":1}')
  })
})
