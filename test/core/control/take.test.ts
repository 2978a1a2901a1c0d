/** A config that comes from a source: its texts are taken as a whole or not at all, and nobody edits it here. */
import { describe, expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { controlled, type Controlled } from '../../support/controlled.ts'
import { turn } from '../../support/raw-peer.ts'

const source = 'etcd://a/edge'
const config = (web: string, api = '["http://z"]') =>
  `{ "routes": [{ "match": { "path": "/api" }, "pool": "api" }, { "pool": "web" }],\n  "pools": {\n    "web": { "backends": ${web} },\n    "api": { "backends": ${api} }\n  } }`
const first = config('["http://a"]')

/** Nothing lies where the config would lie: a source's text is in no file. */
async function sourced(text = first, more: Parameters<typeof controlled>[1] = {}, files = {}): Promise<Controlled> {
  const one = await controlled({ 'edge.json': text, ...files }, { ...more, source })
  rmSync(join(one.folder, 'edge.json'))
  return one
}

const kinds = (one: Controlled): string[] => one.events.map(({ kind }) => kind)

/** Resolves when `holds` does; a test for which it never does waits for ever and fails. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn()
}

describe('a text of the source', () => {
  test('comes into force, and is what a reload finds', async () => {
    const one = await sourced()
    expect(await one.controller.reload('test')).toMatchObject({ kind: 'unchanged' })
    const taken = await one.controller.take(config('["http://b"]'), 'etcd://a/edge, generation 2')
    expect(taken).toMatchObject({ kind: 'applied', generation: { number: 2, origin: 'etcd://a/edge, generation 2' } })
    expect(one.members('web')).toEqual({ 'b:80': 1 })
    expect(await one.controller.reload('test')).toMatchObject({ kind: 'unchanged' })
    expect(await one.controller.plan()).toMatchObject({ kind: 'plan', changes: [] })
    expect(one.members('web')).toEqual({ 'b:80': 1 })
  })

  test('that is the one in force changes nothing, and is told to nobody', async () => {
    const one = await sourced()
    expect(await one.controller.take(first, 'x')).toMatchObject({ kind: 'unchanged' })
    expect(kinds(one)).toEqual([])
  })

  test('with a mistake in one pool is refused as a whole, and told by the name of the source', async () => {
    const one = await sourced()
    expect(await one.controller.take(config('["http://b"]', '5'), 'x')).toMatchObject({ kind: 'refused' })
    expect(one.members('web')).toEqual({ 'a:80': 1 })
    expect(one.edge.inForce.length).toBe(1)
    expect(one.events).toMatchObject([
      { kind: 'reload-failed', origin: 'x', problems: [expect.stringContaining(`${source}:4:26: pools.api.backends`)] },
    ])
    expect(one.controller.state().lastReload).toMatchObject({ ok: false, origin: 'x' })
    expect(await one.controller.take(first, 'x')).toMatchObject({ kind: 'unchanged' })
    expect(one.controller.state().lastReload).toMatchObject({ ok: true })
    // What was refused is not what a reload finds, once the source has taken it back.
    expect(await one.controller.reload('test')).toMatchObject({ kind: 'unchanged' })
  })

  test('that the edge refuses, in one pool or in part, is refused as a whole', async () => {
    const one = await sourced()
    one.edge.refuses = ({ pools }) =>
      pools.some(({ members }) => members[0]?.id === 'b:80') ? [{ key: 'pools.web.strategy', message: 'fails' }] : []
    const second = config('["http://b"]', '["http://y"]')
    expect(await one.controller.take(second, 'x')).toMatchObject({ kind: 'refused' })
    one.edge.refuses = () => []
    one.edge.keeps = [{ key: 'geo.database', message: 'is damaged' }]
    expect(await one.controller.take(second, 'x')).toMatchObject({ kind: 'refused' })
    expect([one.members('api'), one.edge.open]).toEqual([{ 'z:80': 1 }, 0])
    one.edge.keeps = []
    expect(await one.controller.take(second, 'x')).toMatchObject({ kind: 'applied', problems: [] })
    expect(one.controller.state().lastReload).toMatchObject({ ok: true })
  })

  test.each(['', 'not JSON', '[]', '\0', '{'.repeat(200)])('%p is refused', async (text) => {
    const one = await sourced()
    expect(await one.controller.take(text, 'x')).toMatchObject({ kind: 'refused' })
    expect(one.members('web')).toEqual({ 'a:80': 1 })
  })
})

describe('a reload', () => {
  test('tries once more what was refused, and loads the files all the same', async () => {
    const files = { 'm.json': '{ "backends": ["http://a"] }' }
    const one = await sourced(config('{ "file": "m.json" }'), {}, files)
    await one.controller.take(config('{ "file": "n.json" }'), 'x')
    one.write('m.json', '{ "backends": ["http://b"] }')
    expect(await one.controller.reload('test')).toMatchObject({
      kind: 'refused',
      problems: [{ file: source, key: 'pools.web.backends.file', isLocal: true }],
    })
    expect(one.members('web')).toEqual({ 'b:80': 1 })
    expect(one.controller.state().lastReload).toMatchObject({ ok: false, origin: 'test' })
    one.write('n.json', '{ "backends": ["http://n"] }')
    expect(await one.controller.reload('test')).toMatchObject({ kind: 'applied' })
    expect(one.members('web')).toEqual({ 'n:80': 1 })
    expect(await one.controller.reload('test')).toMatchObject({ kind: 'unchanged' })
  })
})

describe('files that the source’s config names', () => {
  const members = (name: string) => `{ "backends": ["http://${name}"] }`

  test('are watched from when it comes into force', async () => {
    // It names none at first, so that nothing else makes anybody look.
    const one = await sourced(first, { isWatched: true }, { 'm.json': members('m') })
    await one.controller.take(config('{ "file": "m.json" }'), 'x')
    expect(one.members('web')).toEqual({ 'm:80': 1 })
    one.write('m.json', members('n'))
    await until(() => one.members('web')['n:80'] === 1)
  })

  test('mend nothing of a text that was refused', async () => {
    const one = await sourced(config('{ "file": "m.json" }'), { isWatched: true }, { 'm.json': members('a') })
    await one.controller.take('{}', 'x')
    // They are looked at once they have come under watch, too.
    await until(() => one.controller.state().reloads.unchanged === 1)
    expect(kinds(one)).toEqual(['reload-failed'])
    expect(one.controller.state().lastReload).toMatchObject({ ok: false })
    one.write('m.json', members('b'))
    await until(() => one.members('web')['b:80'] === 1)
    expect(kinds(one)).toEqual(['reload-failed', 'reloaded'])
    expect(one.events.at(-1)).toMatchObject({ summary: 'pools.web: +b:80, -a:80' })
  })

  test('are edited, and what stands in the source’s own text is not', async () => {
    const one = await sourced(config('{ "file": "m.json" }'), {}, { 'm.json': members('a') })
    const edit = (pool: string) => one.controller.edit({ pool, kind: 'add', member: 'http://c' }, 'test')
    expect(await edit('web')).toMatchObject({ kind: 'done', file: 'm.json' })
    expect(await edit('api')).toEqual({
      kind: 'conflict',
      detail:
        'The configuration comes from etcd://a/edge, which all its nodes follow: change it there, with smartedge config show and push.',
      problems: [],
    })
    expect(await one.controller.take(config('{ "file": "m.json" }'), 'x')).toMatchObject({ kind: 'unchanged' })
  })
})

describe('a rollback', () => {
  test('is the source’s, and not one node’s', async () => {
    const one = await sourced()
    await one.controller.take(config('["http://b"]'), 'x')
    const nowhere = { kind: 'nowhere' as const, detail: expect.stringContaining('smartedge config rollback') as string }
    expect(await one.controller.rollback('test')).toEqual(nowhere)
    expect(await one.controller.planRollback()).toEqual(nowhere)
    expect(one.members('web')).toEqual({ 'b:80': 1 })
  })
})
