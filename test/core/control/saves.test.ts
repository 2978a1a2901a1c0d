import { describe, expect, test } from 'bun:test'
import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { controlled, type Controlled } from '../../support/controlled.ts'
import { turn } from '../../support/raw-peer.ts'

const two = (webBackends: string, api: string) =>
  `{ "routes": [{ "match": { "path": "/api" }, "pool": "api" }, { "pool": "web" }],\n  "pools": {\n    "web": { "backends": ${webBackends} },\n    "api": ${api}\n  } }`
const good = '{ "backends": ["http://z"] }'
const kinds = (one: Controlled): string[] => one.events.map((event) => event.kind)

/** Resolves when `holds` does; a test for which it never does waits for ever and fails. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn()
}

describe('saved files', () => {
  const files = { 'edge.json': two('{ "file": "m.json" }', good), 'm.json': '{ "backends": ["http://a"] }' }
  const weights = (one: Controlled) => JSON.stringify(one.members('web'))

  test('come into force by themselves, whichever was saved', async () => {
    const one = await controlled(files, { isWatched: true })
    one.write('m.json', '{ "backends": ["http://b"] }')
    await until(() => weights(one) === '{"b:80":1}')
    one.write('edge.json', files['edge.json'].replace('http://z', 'http://y'))
    await until(() => one.members('api')['y:80'] === 1)
    expect(one.controller.state().generation).toMatchObject({ number: 3, origin: 'watch' })
  })

  test('may be links that turn', async () => {
    const one = await controlled(files, { isWatched: true })
    for (const version of ['1', '2', '3']) {
      mkdirSync(join(one.folder, version))
      one.write(`${version}/m.json`, `{ "backends": ["http://v${version}"] }`)
      symlinkSync(`${version}/m.json`, join(one.folder, 'm.json.tmp'))
      renameSync(join(one.folder, 'm.json.tmp'), join(one.folder, 'm.json'))
      await until(() => weights(one) === `{"v${version}:80":1}`)
    }
  })

  test('may lie in a folder that is swapped', async () => {
    const one = await controlled(files, { isWatched: true })
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
    const one = await controlled(files, { isWatched: true })
    one.write('m.json', '{ "backends": [')
    await until(() => kinds(one).length > 0)
    expect(one.events).toMatchObject([{ kind: 'reload-failed', origin: 'watch', kept: ['web'] }])
    expect(weights(one)).toBe('{"a:80":1}')
    one.write('m.json', files['m.json'])
    await until(() => one.controller.state().lastReload?.ok === true)
    expect(one.events.at(-1)).toMatchObject({ kind: 'reloaded', generation: 1 })
  })

  test('that are gone for a moment only are not worth a word', async () => {
    const one = await controlled(files, { isWatched: true })
    one.write('m.json', '')
    one.write('m.json', '{ "backends": ["http://b"')
    rmSync(join(one.folder, 'm.json'))
    one.write('m.json', '{ "backends": ["http://b"] }')
    await until(() => weights(one) === '{"b:80":1}')
    expect(kinds(one)).toEqual(['reloaded'])
  })

  test('by the API are no news to the watch', async () => {
    const one = await controlled(files, { isWatched: true })
    await one.controller.edit({ pool: 'web', kind: 'add', member: 'http://b' }, 'api')
    // What is saved after it is seen after it.
    one.write('edge.json', files['edge.json'].replace('http://z', 'http://y'))
    await until(() => one.members('api')['y:80'] === 1)
    expect(kinds(one)).toEqual(['reloaded', 'audit', 'reloaded'])
    expect(weights(one)).toBe('{"a:80":1,"b:80":1}')
  })

  test('of strategies that are half-written are not worth a word when they are whole soon', async () => {
    const one = await controlled({ ...files, 'mine.ts': '1' }, { isWatched: true })
    one.edge.strategyFiles = [join(one.folder, 'mine.ts')]
    await one.controller.reload('api')
    one.events.length = 0
    const half = Promise.withResolvers<void>()
    one.edge.refuses = () => {
      half.resolve()
      return []
    }
    one.edge.keeps = [{ key: 'pools.web.strategy', message: 'does not parse' }]
    one.write('mine.ts', '2')
    await half.promise
    await one.controller.plan()
    one.edge.keeps = []
    one.write('mine.ts', '22')
    one.write('m.json', '{ "backends": ["http://b"] }')
    await until(() => weights(one) === '{"b:80":1}')
    expect(kinds(one)).toEqual(['reloaded'])
  })

  test('of strategies that stay half-written are told of once', async () => {
    const one = await controlled({ ...files, 'mine.ts': '1' }, { isWatched: true })
    one.edge.strategyFiles = [join(one.folder, 'mine.ts')]
    await one.controller.reload('api')
    one.events.length = 0
    one.edge.keeps = [{ key: 'pools.web.strategy', message: 'does not parse' }]
    one.write('mine.ts', '2')
    await until(() => kinds(one).length > 0)
    one.write('mine.ts', '22')
    await until(() => one.controller.state().lastReload?.problems.length === 1)
    expect(one.events).toMatchObject([{ kind: 'reload-failed', origin: 'watch', kept: ['web'] }])
  })

  test('of strategies are a reason to apply again', async () => {
    const one = await controlled({ ...files, 'mine.ts': '1' }, { isWatched: true })
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
    const one = await controlled(files, { isWatched: true })
    one.controller.stop()
    one.write('m.json', '{ "backends": ["http://b"] }')
    expect((await one.controller.plan()).kind).toBe('plan')
    expect(weights(one)).toBe('{"a:80":1}')
  })
})
