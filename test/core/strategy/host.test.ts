import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { mkdir, rm } from 'node:fs/promises'
import { StrategyFileError } from '../../../core/strategy/load.ts'
import { trialsApart } from '../../../core/lab/examine-apart.ts'
import { CallMarks, markBytes, markedCall, readMarks } from '../../../core/strategy/call-marks.ts'
import { createPluginHost, HungVersionError, type PluginHost, unguarded } from '../../../core/strategy/host.ts'
import { StrategyWatch } from '../../../core/strategy/watch.ts'
import { picking, pluginText, type StrategyFiles, strategyFiles } from '../../support/strategy-files.ts'
import { type VirtualClock, virtualClock } from '../../support/virtual-clock.ts'
import { turn } from '../../support/raw-peer.ts'

let files: StrategyFiles
let clock: VirtualClock
let host: PluginHost
beforeAll(async () => {
  files = await strategyFiles()
})
beforeEach(() => {
  clock = virtualClock()
  host = createPluginHost({ clock, examine: trialsApart(clock) })
})
afterAll(() => files[Symbol.asyncDispose]())

async function fault(use: string, options?: unknown): Promise<string> {
  const error: unknown = await host.load(use, options).catch((error: unknown) => error)
  expect(error).toBeInstanceOf(StrategyFileError)
  return (error as Error).message.replaceAll(files.folder, '')
}

describe('createPluginHost', () => {
  test('loads a file once for as long as its content stays', async () => {
    const path = await files.write('same.ts', picking(0))
    const first = await host.load(path, undefined)
    await files.write('same.ts', picking(0))
    expect(await host.load(path, undefined)).toBe(first)
    expect(first.files).toEqual([path])
    expect(first.file).toBe(path)
  })

  test('loads a saved file afresh', async () => {
    const path = await files.write('saved.ts', pluginText('{ pick: (c: any) => c[0] }'))
    const first = await host.load(path, undefined)
    await files.write('saved.ts', pluginText('{ pick: (c: any) => c[0] }').replace("'mine'", "'other'"))
    const second = await host.load(path, undefined)
    expect([first.plugin.name, second.plugin.name]).toEqual(['mine', 'other'])
    expect(second.version).not.toBe(first.version)
  })

  test('loads afresh what an import changes', async () => {
    await files.write('lib/name.ts', `export const name = 'one'`)
    const text = pluginText('{ pick: (c: any) => c[0] }', `import { name } from './lib/name.ts'`)
    const path = await files.write('importer.ts', text.replace("name: 'mine'", 'name'))
    const first = await host.load(path, undefined)
    await files.write('lib/name.ts', `export const name = 'two'`)
    const second = await host.load(path, undefined)
    expect([first.plugin.name, second.plugin.name]).toEqual(['one', 'two'])
    expect(second.files).toEqual([path, files.path('lib/name.ts')])
  })

  test('examines a known version again for other options alone', async () => {
    const text = `let count = 0
      export default { apiVersion: 1, name: 'o', create: () => ({ pick: (c: any) => c[0] }),
        parse(raw: any) { if (raw?.isBad) throw new Error('isBad must be absent'); return raw } }`
    const path = await files.write('options.ts', text)
    const loaded = await host.load(path, { isBad: false })
    expect(await fault(path, { isBad: true })).toBe('isBad must be absent')
    expect(await host.load(path, { isBad: false })).toBe(loaded)
    expect(await host.load(path, {})).toBe(loaded)
  })

  test('loads a shipped strategy without an examination, and no other', async () => {
    let examined = 0
    const host = createPluginHost({ clock, examine: async () => void (examined += 1) })
    const path = await files.write('mine.ts', picking(0))
    const loaded = await host.loadShipped('p2c')
    expect([loaded?.plugin.name, await host.loadShipped(path), examined]).toEqual(['p2c', undefined, 0])
  })

  test('takes shipped strategies on trust, with what they import', async () => {
    const loaded = await host.load('p2c', { noSuchOption: 1 })
    expect(loaded.file).toEndWith('/plugins/p2c.ts')
    expect(loaded.files.map((file) => file.split('/').slice(-2).join('/'))).toContain('core/random.ts')
  })

  test.each([
    ['syntax.ts', 'const a = ;', '/syntax.ts:1:11: Unexpected ;'],
    ['import.ts', `import './absent.ts'`, '/import.ts: Cannot find module'],
    ['export.ts', 'export const pick = 1', '/export.ts: the default export must be'],
    ['throws.ts', 'throw new Error("boom")', '/throws.ts:1:11: threw while loading: boom'],
    ['pick.ts', pluginText('{ pick() { throw new Error("no") } }'), '/pick.ts:2:'],
    ['stranger.ts', pluginText('{ pick: () => null }'), '/stranger.ts: pick returned null; it must'],
    ['empty.ts', '', '/empty.ts: the default export must be'],
    ['huge.ts', `//${' '.repeat(1 << 20)}`, '/huge.ts: must be at most 1048576 bytes'],
  ])('refuses %s, and loads it once it is mended', async (name, text, message) => {
    const path = await files.write(name, text)
    expect(await fault(path)).toStartWith(message)
    expect(host.failedFiles()).toContain(path)
    await files.write(name, picking(0))
    expect((await host.load(path, undefined)).plugin.name).toBe('mine')
    expect(host.failedFiles()).toEqual([])
  })

  test('refuses what was deleted or became a folder, and knows it when it is back', async () => {
    const path = await files.write('gone.ts', picking(0))
    const loaded = await host.load(path, undefined)
    await rm(path)
    expect(await fault(path)).toBe('/gone.ts: cannot be read (ENOENT)')
    await mkdir(path)
    expect(await fault(path)).toBe('/gone.ts: must be a file')
    await rm(path, { recursive: true })
    await files.write('gone.ts', picking(0))
    expect(await host.load(path, undefined)).toBe(loaded)
  })

  test('names a missing import among the files to wait for, and loads when it appears', async () => {
    const path = await files.write(
      'waits.ts',
      pluginText('{ pick: (c: any) => c[at] }', `import { at } from './at.ts'`),
    )
    expect(await fault(path)).toContain('Cannot find module')
    expect(host.failedFiles()).toEqual([path, files.path('at.ts')])
    await files.write('at.ts', 'export const at = 0')
    expect((await host.load(path, undefined)).files).toEqual([path, files.path('at.ts')])
  })

  test('refuses at the deadline what loops', async () => {
    const path = await files.write('loop.ts', 'for (;;) {}')
    const refused = fault(path)
    while (clock.pending() === 0) await turn()
    clock.advance(2000)
    expect(await refused).toStartWith('/loop.ts: must load within 2000 ms')
  })

  test('does not run into the same loop at every reload, but tries again in a minute', async () => {
    const path = await files.write('again.ts', 'for (;;) {}')
    const ends = async (): Promise<string> => {
      const refused = fault(path)
      while (clock.pending() === 0) await turn()
      clock.advance(2000)
      return refused
    }
    const said = await ends()
    expect(await fault(path)).toBe(said)
    clock.advance(60_000)
    expect(await ends()).toBe(said)
    await files.write('again.ts', picking(0))
    expect((await host.load(path, undefined)).plugin.name).toBe('mine')
  })

  test('loads nothing of a file that changes at each look', async () => {
    const mark = files.path('restless.ts')
    // Each load, in the worker too, rewrites the file.
    const text = pluginText(
      '{ pick: (c: any) => c[0] }',
      `import { appendFileSync } from 'node:fs'\nappendFileSync(${JSON.stringify(mark)}, '// more\\n')`,
    )
    const path = await files.write('restless.ts', text)
    expect(await fault(path)).toBe('/restless.ts: keeps changing while it is being loaded')
  })

  test('remembers the newest 32 failures only', async () => {
    for (let index = 0; index < 40; index += 1) await fault(files.path(`never-${index}.ts`))
    expect(host.failedFiles()).toHaveLength(32)
    expect(host.failedFiles()[0]).toBe(files.path('never-8.ts'))
  })

  test('refuses a name that is no strategy', async () => {
    expect(await fault('./relative.ts')).toStartWith('strategy must be round-robin')
    expect(await fault('')).toStartWith('strategy must be')
    expect(host.failedFiles()).toEqual([])
  })

  test('keeps no version that nobody holds', async () => {
    // Nothing is examined: what a thread holds, and how long one takes on a busy machine, is not the question.
    const holder = createPluginHost({ clock, examine: async () => undefined })
    const path = files.path('versions.ts')
    const versions: WeakRef<object>[] = []
    for (let index = 0; index < 40; index += 1) {
      await files.write('versions.ts', `${picking(0)}// ${index}`)
      versions.push(new WeakRef(await holder.load(path, undefined)))
    }
    const held = (): number => versions.filter((version) => version.deref() !== undefined).length
    // What one collection finds depends on what still lies about on the stack: most must go, in one of them.
    for (let round = 0; round < 100 && held() >= 10; round += 1) {
      await turn()
      Bun.gc(true)
    }
    expect(held()).toBeLessThan(10)
    expect(await holder.load(path, undefined)).toMatchObject({ file: path })
  }, 60_000)

  test('begins no thread and no module graph while few files can be opened', async () => {
    let free: number | undefined = 31
    let examined = 0
    const examine = async (): Promise<undefined> => void (examined += 1)
    const poor = createPluginHost({ clock, examine, freeDescriptors: () => free })
    const path = await files.write('poor.ts', picking(0))
    const shortage =
      'could not be examined: only 31 more files can be opened, 32 are wanted; raise the limit (ulimit -n)'
    const refusal = (use: string) => poor.load(use, undefined).catch(({ message }: Error) => message)
    expect(await refusal(path)).toBe(`${path}: ${shortage}`)
    expect(await refusal('p2c')).toEndWith(`p2c.ts: ${shortage}`)
    expect(examined).toBe(0)
    free = 32
    const loaded = await poor.load(path, undefined)
    expect(examined).toBe(1)
    // What is loaded already needs nothing.
    free = 0
    expect(await poor.load(path, undefined)).toBe(loaded)
    free = undefined
    await poor.load('p2c', undefined)
  })

  test('loads no version that has hung a process, and any other of its file', async () => {
    const path = await files.write('hung.ts', picking(0))
    const { version } = await host.load(path, undefined)
    const hangs = (file: string, seen: string) =>
      file === path && seen === version ? 'it did not return from pick' : undefined
    const careful = createPluginHost({ clock, examine: trialsApart(clock), guard: { ...unguarded(), hangs } })
    const refusal: unknown = await careful.load(path, undefined).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(HungVersionError)
    expect((refusal as HungVersionError).message).toBe(`${path}: it did not return from pick`)
    expect((refusal as HungVersionError).found).toEqual({ file: path, files: [path], version })
    expect(careful.failedFiles()).toEqual([path])
    await files.write('hung.ts', picking(1))
    expect((await careful.load(path, undefined)).plugin.name).toBe('mine')
  })

  test('marks what it calls of a plugin, and beats while it loads', async () => {
    const memory = new SharedArrayBuffer(markBytes)
    const named: string[] = []
    const watch = new StrategyWatch(new CallMarks(memory), (_, { file }) => named.push(file))
    const seen: unknown[] = []
    Object.assign(globalThis, { look: () => seen.push(...readMarks(memory).map((mark) => markedCall(mark)?.call)) })
    const path = await files.write(
      'marked.ts',
      `globalThis.look?.()
      export default { apiVersion: 1, name: 'mine',
        parse: (raw) => (globalThis.look?.(), raw), create: () => (globalThis.look?.(), { pick: (c) => c[0] }) }`,
    )
    const marked = createPluginHost({ clock, examine: async () => undefined, guard: { ...unguarded(), watch } })
    marked.create(await marked.load(path, undefined), undefined)
    expect(seen).toEqual([undefined, 'loading', 'parse', undefined, 'create', undefined])
    expect(new Set(named)).toEqual(new Set([path]))
    expect(readMarks(memory)).toEqual([0, 0])
    expect(clock.pending()).toBe(0)
  })

  test('goes on saying that it loads, for as long as it waits', async () => {
    const memory = new SharedArrayBuffer(markBytes)
    const watch = new StrategyWatch(new CallMarks(memory))
    const waiting = createPluginHost({ clock, examine: async () => undefined, guard: { ...unguarded(), watch } })
    const path = await files.write('waits-long.ts', 'await new Promise(() => {})')
    const refused = waiting.load(path, undefined).catch(({ message }: Error) => message)
    while (clock.pending() < 2) await turn()
    const first = readMarks(memory)[1]
    clock.advance(250)
    expect(readMarks(memory)[1]).not.toBe(first)
    clock.advance(5000)
    expect(await refused).toContain('must load within 5000 ms')
    expect(readMarks(memory)[1]).toBe(0)
  })

  test('leaves no timer behind', async () => {
    await host.load(await files.write('timer.ts', picking(0)), undefined)
    expect(clock.pending()).toBe(0)
  })
})
