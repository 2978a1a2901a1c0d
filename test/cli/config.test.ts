/** `smartedge config` and what else names a source, against a Consul of our own. */
import { describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import {
  configDiff,
  configHistory,
  configPush,
  configRollback,
  configRollout,
  configShow,
} from '../../cli/commands/config.ts'
import { demo } from '../../cli/commands/demo.ts'
import { run } from '../../cli/commands/run.ts'
import { statusFleet } from '../../cli/commands/status-fleet.ts'
import { validate } from '../../cli/commands/validate.ts'
import type { NodeRecord } from '../../core/report/fleet-status.ts'
import { isChosen } from '../../core/fleet/release.ts'
import { startConsulKv } from '../support/consul-kv.ts'
import { type FakeIo, fakeIo } from '../support/service-io.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const config = (name: string): string => `{ "pools": { "web": { "backends": ["http://${name}"] } } }\n`

function setUp() {
  const cwd = temporaryFolder()
  const consul = startConsulKv()
  const source = `consul://${new URL(consul.url).host}/edge`
  const env = { SMARTEDGE_CONFIG: source, USER: 'ada', HOME: cwd }
  const put = (name: string, text: string): void => writeFileSync(join(cwd, name), text)
  for (const name of ['a', 'b', 'c']) put(`${name}.json`, config(name))
  const told = async (act: (io: FakeIo) => Promise<number>) => {
    const io = fakeIo({ cwd, env })
    return { code: await act(io), out: io.out(), err: io.err() }
  }
  return {
    consul,
    source,
    cwd,
    put,
    told,
    push: (name: string, options = {}) => told((io) => configPush(io, `${name}.json`, options)),
    node(record: Partial<NodeRecord> & { readonly name: string }) {
      const facts = { address: 'h:1', version: '1', generation: 1, since: '2026-01-01T00:00:00Z', offered: 1 }
      const whole = { ...facts, state: 'current', reason: null, health: 'ready', ...record }
      consul.put(`edge/nodes/${record.name}`, JSON.stringify(whole))
    },
    [Symbol.asyncDispose]: () => consul[Symbol.asyncDispose](),
  }
}

describe('a push', () => {
  test('makes the file the next generation, unless it says the same', async () => {
    await using rig = setUp()
    expect(await rig.push('a')).toEqual({
      code: 0,
      out: `${rig.source}: generation 1 is for all nodes\nno node follows it at the moment\n`,
      err: '',
    })
    expect(await rig.push('a')).toMatchObject({ code: 0, out: expect.stringMatching(/^nothing changed: generation 1/) })
    expect(await rig.push('b', { note: 'two' })).toMatchObject({ code: 0 })
    expect((await rig.told((io) => configShow(io, undefined, {}))).out).toBe(config('b'))
    expect((await rig.told((io) => configShow(io, 1, {}))).out).toBe(config('a'))
    const { out } = await rig.told((io) => configHistory(io, {}))
    expect(out).toMatch(/^ +generation .*\n +2 .* ada@\S+ +all +two\n +1 .* ada@\S+\n$/)
  })

  test('writes nothing that no node could run', async () => {
    await using rig = setUp()
    rig.put('bad.json', '{ "pools": { "web": { "backends": [], "strategy": "nonsense" } } }')
    expect(await rig.push('bad')).toMatchObject({ code: 78, err: expect.stringContaining('bad.json:1:') })
    expect(await rig.push('missing')).toMatchObject({ code: 2, err: expect.stringContaining('there is no such file') })
    expect(await rig.told((io) => configShow(io, undefined, {}))).toMatchObject({ code: 1 })
  })

  test('leaves to the nodes what this machine lacks alone', async () => {
    await using rig = setUp()
    rig.put(
      'far.json',
      '{ "admin": { "token": "${NOT_HERE}" }, "geo": { "database": "/nowhere.mmdb" }, "pools": { "web": { "backends": { "file": "m.json" } } } }',
    )
    const { code, err } = await rig.push('far')
    expect(code).toBe(0)
    for (const words of ['NOT_HERE, which is not set', '/nowhere.mmdb', 'm.json', 'each node looks for itself'])
      expect(err).toContain(words)
  })

  test('over another generation than the newest is refused', async () => {
    await using rig = setUp()
    await rig.push('a')
    expect(await rig.push('b', { over: 1 })).toMatchObject({ code: 0 })
    expect(await rig.push('c', { over: 1 })).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^smartedge: nothing was pushed: .* holds generation 2, by ada@/),
    })
  })

  test('that somebody else overtakes is told who did', async () => {
    await using rig = setUp()
    await rig.push('a')
    const both = await Promise.all([rig.push('b'), rig.push('c')])
    const late = both.find(({ code }) => code === 1)
    expect(both.map(({ code }) => code).toSorted((a, b) => a - b)).toEqual([0, 1])
    expect(late?.err).toMatch(/nothing was written: somebody else was faster, and .* holds generation 2, by ada@/)
  })

  test('waits for the nodes, and fails when one refuses it', async () => {
    await using rig = setUp()
    await rig.push('a')
    rig.node({ name: 'one', generation: 2, offered: 2 })
    rig.node({ name: 'two', generation: 1, offered: 2, state: 'refused', reason: 'edge:1:1: no' })
    expect(await rig.push('b')).toEqual({
      code: 1,
      out: expect.stringMatching(/generation 2 is for all nodes\n1 of 2 nodes run it after /),
      err: 'smartedge: two refuses it: edge:1:1: no\n',
    })
  })
})

describe('a rollout', () => {
  test('is for some nodes, then for more, then for all', async () => {
    await using rig = setUp()
    expect(await rig.push('a', { rollout: 10 })).toMatchObject({ code: 2, err: expect.stringContaining('the first') })
    await rig.push('a')
    const names = Array.from({ length: 20 }, (_, index) => `web-${index}`)
    const isIn = names.find((name) => isChosen(name, 30)) ?? ''
    const isOut = names.find((name) => !isChosen(name, 30)) ?? ''
    rig.node({ name: isOut })
    expect(await rig.push('b', { rollout: 30 })).toMatchObject({ out: expect.stringContaining('none of the 1 node') })
    rig.node({ name: isIn, generation: 2, offered: 2 })
    expect((await rig.told((io) => configRollout(io, 30, {}))).out).toContain('1 of 1 node among the first 30 % run it')
    const fleet = (await rig.told((io) => statusFleet(io, {}))).out
    expect(fleet).toContain('generation 2 · for 30 % of the nodes')
    expect(fleet).toMatch(new RegExp(`${isOut} .* 1 .* - +ready`))
    rig.node({ name: isOut, generation: 2, offered: 2 })
    expect(await rig.told((io) => configRollout(io, 100, {}))).toMatchObject({
      code: 0,
      out: expect.stringContaining('2 of 2 nodes run it'),
    })
    expect(await rig.told((io) => configRollout(io, 50, {}))).toMatchObject({ code: 2 })
  })

  test('is taken back to what the others run', async () => {
    await using rig = setUp()
    await rig.push('a')
    await rig.push('b', { rollout: 30 })
    expect((await rig.told((io) => configRollback(io, undefined, {}))).out).toContain('back to generation 1\n')
    expect((await rig.told((io) => configShow(io, undefined, {}))).out).toBe(config('a'))
  })
})

describe('going back', () => {
  test('leads to the one before, then to the one before that, and not in a circle', async () => {
    await using rig = setUp()
    for (const name of ['a', 'b', 'c']) await rig.push(name)
    const back = (generation?: number) => rig.told((io) => configRollback(io, generation, {}))
    expect((await back()).out).toContain('back to generation 2\n')
    expect((await back()).out).toContain('back to generation 1\n')
    expect(await back()).toMatchObject({ code: 1, err: expect.stringContaining('has nothing before generation 5') })
    expect((await back(3)).out).toContain('generation 6 is for all nodes')
    expect((await rig.told((io) => configShow(io, undefined, {}))).out).toBe(config('c'))
    expect(await back(9)).toMatchObject({ code: 2, err: expect.stringContaining('it has 6, 5, 4, 3, 2, 1') })
    // The fourth was a way back to the second.
    await back(4)
    expect((await back()).out).toContain('back to generation 1\n')
  })
})

describe('a difference', () => {
  test('is that of a file, or that of the newest generation', async () => {
    await using rig = setUp()
    await rig.push('a')
    expect(await rig.told((io) => configDiff(io, undefined, {}))).toMatchObject({ code: 1 })
    expect((await rig.told((io) => configDiff(io, 'a.json', {}))).out).toContain('say the same')
    await rig.push('b')
    expect((await rig.told((io) => configDiff(io, undefined, {}))).out).toBe(
      `--- generation 1\n+++ generation 2, by ada@${hostname()}\n@@ -1 +1 @@\n-${config('a')}+${config('b')}`,
    )
    expect((await rig.told((io) => configDiff(io, 'c.json', {}))).out).toContain('+++ c.json\n')
  })
})

describe('what was put there by other means', () => {
  test('is shown, validated and pushed over, and what is no release is said to be none', async () => {
    await using rig = setUp()
    rig.consul.put('edge', config('x'))
    expect((await rig.told((io) => configShow(io, undefined, {}))).out).toBe(config('x'))
    expect(await rig.told((io) => validate(io, {}))).toMatchObject({
      code: 0,
      out: `${rig.source}: 1 listener, 1 route, 1 pool, 1 backend\n`,
    })
    expect((await rig.push('a', { rollout: 50 })).out).toContain('generation 1 is for 50 % of the nodes')
    rig.consul.put('edge', '{"smartedge":')
    expect(await rig.push('a')).toMatchObject({ code: 1, err: expect.stringContaining('is no release') })
    rig.consul.put('edge', '{ "pools": 5 }')
    expect(await rig.told((io) => validate(io, {}))).toMatchObject({
      code: 78,
      err: expect.stringContaining(`${rig.source}:1:12: pools must be`),
    })
  })

  test('among the nodes is left out', async () => {
    await using rig = setUp()
    await rig.push('a')
    rig.consul.put('edge/nodes/x', 'null')
    rig.consul.put('edge/nodes/y', 'not JSON')
    rig.node({ name: 'evil\u001b[2J', health: 'no pool has a usable backend' })
    const { out } = await rig.told((io) => statusFleet(io, {}))
    expect(out).toContain('1 node')
    expect(out).not.toContain('\u001b')
    const json = JSON.parse((await rig.told((io) => statusFleet(io, { json: true }))).out) as { nodes: unknown[] }
    expect(json.nodes).toMatchObject([{ lagMs: null, health: 'no pool has a usable backend' }])
  })
})

describe('a source', () => {
  test('that is away is told, and the exit code says so', async () => {
    await using rig = setUp()
    await rig.consul.stop()
    expect(await rig.push('a')).toMatchObject({ code: 69, err: expect.stringContaining('cannot be asked') })
    const started = await rig.told((io) => run(io, {}))
    expect(started).toMatchObject({ code: 1, err: expect.stringContaining('has kept no copy of it either') })
  })

  test.each([
    [{}, 'name the source of the fleet'],
    [{ config: 'a.json' }, 'name the source of the fleet'],
    [{ config: 'redis://u:s3cret@a/b' }, '--config must be a file, or begin with etcd://'],
    [{ config: 'https://config.test/a' }, 'is only read'],
  ])('has to be one that can be written to: %p', async (options, words) => {
    const io = fakeIo({ cwd: temporaryFolder() })
    writeFileSync(join(io.cwd, 'a.json'), config('a'))
    expect(await configPush(io, 'a.json', options)).toBe(2)
    expect(io.err()).toContain(words)
    expect(io.err()).not.toContain('s3cret')
  })

  test('is told of by the variable where that names it', async () => {
    const io = fakeIo({ cwd: temporaryFolder(), env: { SMARTEDGE_CONFIG: 'etcd://u:s3cret@a' } })
    writeFileSync(join(io.cwd, 'a.json'), config('a'))
    expect(await configPush(io, 'a.json', {})).toBe(2)
    expect(io.err()).toStartWith('smartedge: SMARTEDGE_CONFIG must name a key behind the host')
    expect(io.err()).not.toContain('s3cret')
  })

  test('is for run, and not for demo; --base is for a source', async () => {
    const io = fakeIo({ cwd: temporaryFolder() })
    expect(await demo(io, { config: 'etcd://a/b' })).toBe(2)
    expect(await run(io, { config: 'a.json', base: '/' })).toBe(2)
    expect(await run(fakeIo({ env: { SMARTEDGE_NODE: 'a/b' } }), { config: 'etcd://127.0.0.1:1/b' })).toBe(2)
  })
})
