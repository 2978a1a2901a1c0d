import { describe, expect, test } from 'bun:test'
import { rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createFileMemory } from '../../../core/control/file-memory.ts'
import { createReader } from '../../../core/control/read-files.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** These files in a folder of their own, and a clock on which they were written `ageMs` ago. */
function setUp(files: Readonly<Record<string, string>>, ageMs = 1000) {
  const folder = temporaryFolder()
  const path = (name: string): string => join(folder, name)
  const write = (name: string, text: string): void => writeFileSync(path(name), text)
  for (const [name, text] of Object.entries(files)) write(name, text)
  const newest = Math.max(...Object.keys(files).map((name) => statSync(path(name)).ctimeMs))
  const clock = { ...virtualClock(), wallTime: () => newest + ageMs }
  return { folder, path, write, clock }
}

const config = '{ "pools": { "web": { "backends": { "file": "m.json" } } } }'
const files = { 'edge.json': config, 'm.json': '{ "backends": ["http://a"] }', 'mine.ts': '1' }

function reading(ageMs?: number, piped?: string) {
  const rig = setUp(files, ageMs)
  const place = { path: rig.path('edge.json'), kind: 'config' } as const
  let besides: readonly string[] = [rig.path('mine.ts')]
  const given = piped === undefined ? undefined : { from: 'pipe' as const, text: piped }
  const source = { place, cwd: rig.folder, env: {}, given, isWatched: false }
  const read = createReader(source, () => besides, rig.clock)
  return { ...rig, read, name: (...paths: string[]) => void (besides = paths) }
}

describe('a file that was read', () => {
  test('is not read again while its stamp is the same', () => {
    const { clock, path } = setUp({ a: 'one' })
    const memory = createFileMemory(clock)
    expect(memory.read(path('a'))).toBe(memory.read(path('a')))
  })

  test('is read again when it was young, since its stamp may stay the same', () => {
    const { clock, path } = setUp({ a: 'one' }, 50)
    const memory = createFileMemory(clock)
    const first = memory.read(path('a'))
    expect(memory.read(path('a'))).not.toBe(first)
    expect(memory.read(path('a'))).toEqual(first)
  })

  test('is read again when it has changed, and forgotten when it is gone', () => {
    const { clock, path, write } = setUp({ a: 'one' })
    const memory = createFileMemory(clock)
    memory.read(path('a'))
    write('a', 'more')
    expect(String(memory.read(path('a')).bytes)).toBe('more')
    rmSync(path('a'))
    expect(() => memory.read(path('a'))).toThrow('ENOENT')
  })

  test('is forgotten when nobody names it any more', () => {
    const { clock, path } = setUp({ a: 'one', b: 'two' })
    const memory = createFileMemory(clock)
    const [a, b] = [memory.read(path('a')), memory.read(path('b'))]
    memory.keep([path('a')])
    expect([memory.read(path('a')) === a, memory.read(path('b')) === b]).toEqual([true, false])
  })
})

describe('the files of a config', () => {
  test('are the same object while nothing shows a change', () => {
    const { read } = reading()
    read()
    const second = read()
    expect([second.loaded.kind, read()]).toEqual(['config', second])
    expect(read()).toBe(second)
  })

  test.each(['edge.json', 'm.json', 'mine.ts'])('are read anew when %s was saved, whatever it holds', (name) => {
    const { read, write } = reading()
    read()
    const before = read()
    write(name, files[name])
    const touched = read()
    expect([touched === before, touched.digest === before.digest]).toEqual([false, true])
    write(name, `${files[name]} `)
    expect(read().digest).not.toBe(before.digest)
  })

  test('are read anew while one of them is young', () => {
    const { read } = reading(50)
    read()
    const second = read()
    expect(read()).not.toBe(second)
    expect(read().digest).toBe(second.digest)
  })

  test('are read anew when another strategy counts', () => {
    const { read, name, path, write } = reading()
    read()
    const before = read()
    write('other.ts', '2')
    name(path('other.ts'))
    expect(read().digest).not.toBe(before.digest)
  })

  test('are told apart by a database that was saved, without reading it', () => {
    const { read, path, write } = reading()
    write('edge.json', `${config.slice(0, -1)}, "geo": { "database": "big.mmdb" } }`)
    write('big.mmdb', '')
    truncateSync(path('big.mmdb'), 2 ** 40)
    const before = read()
    expect([before.loaded.kind, before.files]).toEqual(['config', ['edge.json', 'big.mmdb', 'm.json'].map(path)])
    truncateSync(path('big.mmdb'), 2 ** 41)
    expect(read().digest).not.toBe(before.digest)
  })

  test('are told apart by a strategy that is missing or a pipe', () => {
    const { read, path } = reading()
    const digests = new Set([read().digest])
    rmSync(path('mine.ts'))
    digests.add(read().digest)
    Bun.spawnSync(['mkfifo', path('mine.ts')])
    digests.add(read().digest)
    expect(digests.size).toBe(3)
  })

  test('may be what somebody means to write', () => {
    const { read, path } = reading()
    const text = '{ "backends": ["http://b", "http://c"] }'
    const meant = read(new Map([[path('m.json'), text]]))
    expect(meant.loaded).toMatchObject({ config: { pools: [{ members: [{ id: 'b:80' }, { id: 'c:80' }] }] } })
    expect(meant.text(path('m.json'))).toBe(text)
    expect(read().text(path('m.json'))).toBe(files['m.json'])
    writeFileSync(path('m.json'), text)
    expect(read().digest).toBe(meant.digest)
  })
})

describe('a config that came through a pipe', () => {
  test('says for ever what it said at the start, and is not watched', () => {
    const { read, path, write } = reading(1000, config)
    rmSync(path('edge.json'))
    expect(read().loaded).toMatchObject({ kind: 'config', config: { pools: [{ members: [{ id: 'a:80' }] }] } })
    expect(read().files).toEqual([path('m.json')])
    write('m.json', '{ "backends": ["http://b"] }')
    expect(read().loaded).toMatchObject({ config: { pools: [{ members: [{ id: 'b:80' }] }] } })
  })

  test('may be another one in a plan', () => {
    const { read, path } = reading(1000, config)
    expect(read(new Map([[path('edge.json'), '{']])).loaded.kind).toBe('problems')
  })
})
