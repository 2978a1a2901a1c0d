import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdir, rename, rm } from 'node:fs/promises'
import { systemClock } from '../../../core/clock.ts'
import { StrategyFileError } from '../../../core/strategy/load.ts'
import { createPluginReader } from '../../../core/strategy/files.ts'
import { type StrategyFiles, strategyFiles } from '../../support/strategy-files.ts'

let files: StrategyFiles
beforeAll(async () => {
  files = await strategyFiles()
})
afterAll(() => files[Symbol.asyncDispose]())

describe('a reader of plugin files', () => {
  // What was just written is not remembered.
  const readPluginFiles = createPluginReader(systemClock)

  const names = async (path: string): Promise<string[]> =>
    readPluginFiles(path).files.map((file) => file.replace(`${files.folder}/`, ''))

  const version = async (path: string): Promise<string> => readPluginFiles(path).version

  async function fault(path: string): Promise<string> {
    try {
      readPluginFiles(path)
    } catch (error) {
      expect(error).toBeInstanceOf(StrategyFileError)
      return (error as Error).message.replace(files.folder, '')
    }
    return 'none'
  }

  test('finds what is imported by a relative path, at any depth', async () => {
    await files.write('deep/one.ts', `export * from '../two.ts'\nexport const a = 1`)
    await files.write('two.ts', `import data from './data.json'\nexport const b = data`)
    await files.write('data.json', '{}')
    const path = await files.write('tree.ts', `import { a } from './deep/one'\nawait import('./two.ts')\na`)
    expect(await names(path)).toEqual(['tree.ts', 'deep/one.ts', 'two.ts', 'data.json'])
  })

  test('leaves out packages and types', async () => {
    const path = await files.write('outer.ts', `import 'node:fs'\nimport 'react'\nimport type { A } from './two.ts'`)
    expect(await names(path)).toEqual(['outer.ts'])
  })

  test('takes files that import each other once', async () => {
    await files.write('b.ts', `import './a.ts'`)
    const path = await files.write('a.ts', `import './b.ts'\nimport './a.ts'`)
    expect(await names(path)).toEqual(['a.ts', 'b.ts'])
  })

  test('names what is imported but missing, so that it can be waited for', async () => {
    const path = await files.write('needy.ts', `import './absent.ts'`)
    expect(await names(path)).toEqual(['needy.ts', 'absent.ts'])
  })

  test('changes the version with the content of any file, and back', async () => {
    await files.write('helper.ts', 'export const a = 1')
    const path = await files.write('main.ts', `import './helper.ts'`)
    const first = await version(path)
    expect(first).toMatch(/^[0-9a-f]{16}$/)
    await files.write('helper.ts', 'export const a = 2')
    expect(await version(path)).not.toBe(first)
    await files.write('helper.ts', 'export const a = 1')
    expect(await version(path)).toBe(first)
  })

  test('changes the version when a missing file appears, even empty', async () => {
    const path = await files.write('waits.ts', `import './late.ts'`)
    const before = await version(path)
    await files.write('late.ts', '')
    expect(await version(path)).not.toBe(before)
  })

  test('does not take one split of the same text for another', async () => {
    const path = await files.write('split.ts', `import './s1.ts'\nimport './s2.ts'`)
    await files.write('s1.ts', '//aa')
    await files.write('s2.ts', '//')
    const before = await version(path)
    await files.write('s1.ts', '//')
    await files.write('s2.ts', '//aa')
    expect(await version(path)).not.toBe(before)
  })

  test.each([
    ['empty', ''],
    ['a syntax error', 'import { from'],
    ['no text', '\u0000\u0001\uFFFF'],
  ])('has a version of a file that is %s', async (name, text) => {
    const path = await files.write(`odd-${name.length}.ts`, text)
    expect(await names(path)).toHaveLength(1)
  })

  test('refuses what is missing, a folder, no source, or huge', async () => {
    await mkdir(files.path('folder.ts'))
    expect(await fault(files.path('none.ts'))).toBe('/none.ts: cannot be read (ENOENT)')
    expect(await fault(files.path('folder.ts'))).toBe('/folder.ts: must be a file')
    expect(await fault('/etc/hosts')).toBe('/etc/hosts: a strategy must be a .ts or .js file')
    const huge = await files.write('huge.ts', ' '.repeat(1024 * 1024 + 1))
    expect(await fault(huge)).toBe('/huge.ts: must be at most 1048576 bytes, has 1048577')
    expect(await fault(await files.write('drags.ts', `import './huge.ts'`))).toStartWith('/huge.ts: must be at most')
  })

  test('refuses a strategy of hundreds of files', async () => {
    for (let index = 0; index < 201; index += 1) await files.write(`many/f${index}.ts`, `import './f${index + 1}.ts'`)
    expect(await fault(files.path('many/f0.ts'))).toBe('/many/f0.ts: must not import more than 200 files')
  })

  test('takes a folder in place of an import for a missing file', async () => {
    await mkdir(files.path('dir.ts'))
    const path = await files.write('odd.ts', `import './dir.ts'`)
    expect(await names(path)).toEqual(['odd.ts', 'dir.ts'])
    await rm(files.path('dir.ts'), { recursive: true })
  })
})

describe('a reader of plugin files that have not changed for long', () => {
  const remembering = createPluginReader({ wallTime: () => systemClock.wallTime() + 60_000 })

  test('sees each change of a file that it remembers', async () => {
    await files.write('leaf.ts', 'export const a = 1')
    const path = await files.write('stem.ts', `import './leaf.ts'`)
    const versions = [remembering(path).version, remembering(path).version]
    await files.write('leaf.ts', 'export const a = 1000')
    versions.push(remembering(path).version)
    await files.write('stem.ts', `import './leaf.ts' // and more`)
    versions.push(remembering(path).version)
    await rm(files.path('leaf.ts'))
    versions.push(remembering(path).version)
    expect(versions[0]).toBe(versions[1] ?? '')
    expect(new Set(versions).size).toBe(4)
  })

  test('sees an import appear that was missing, and another file take its place', async () => {
    const path = await files.write('hopes.ts', `import './soon.ts'`)
    const before = remembering(path)
    await files.write('soon.ts', `import './deep.ts'`)
    const after = remembering(path)
    await files.write('soon.ts.new', '')
    await rename(files.path('soon.ts.new'), files.path('soon.ts'))
    expect([before, after, remembering(path)].map(({ files }) => files.length)).toEqual([2, 3, 2])
  })

  test('says the same as one that reads everything', async () => {
    for (let index = 0; index < 30; index += 1) await files.write(`chain/f${index}.ts`, `import './f${index + 1}.ts'`)
    const path = files.path('chain/f0.ts')
    remembering(path)
    expect(remembering(path)).toEqual(createPluginReader(systemClock)(path))
  })
})
