import { afterAll, afterEach, describe, expect, test } from 'bun:test'
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { systemClock } from '../../../core/clock.ts'
import { type FileWatch, watchFiles } from '../../../core/config/watch.ts'
import { createDebounce } from '../../../core/control/debounce.ts'
import { findWatchPoints } from '../../../core/config/watch-points.ts'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'smartedge-watch-')))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let folders = 0
function newFolder(): string {
  const path = join(root, String(folders++))
  mkdirSync(path)
  return path
}

const watches: FileWatch[] = []
afterEach(() => {
  for (const watch of watches.splice(0)) watch.stop()
})

/** What a path leads to: a text, or none. */
function look(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return 'none'
  }
}

/** A watch on one file, and a promise of what it shows next. */
function watching(file: string) {
  let tell = (): void => undefined
  let settled = Promise.withResolvers<void>()
  let isSettled = false
  const faults: string[] = []
  const act = (): void => {
    isSettled = true
    settled.resolve()
    tell()
  }
  // Bun 1.4.5 leaves out an event within 2 ms of one like it: who looks must let things settle first, as here.
  const debounce = createDebounce({ clock: systemClock, quietMs: 20, maxMs: 50, act })
  const onChange = (): void => {
    if (isSettled) settled = Promise.withResolvers()
    isSettled = false
    debounce.poke()
  }
  const watch = watchFiles({ onChange, onFault: (detail) => faults.push(detail) })
  watches.push(watch)
  void watch.set([file])
  return {
    faults,
    /** Resolves when who looks at each event finds `text`; a test that misses one waits for ever and fails. */
    async sees(text: string, act: () => void): Promise<void> {
      // What a folder that came under watch gave rise to must not pass for having seen this.
      await settled.promise
      const seen = new Promise<void>((resolve) => {
        tell = () => {
          if (look(file) === text) resolve()
        }
      })
      act()
      await seen
      void watch.set([file])
    },
  }
}

/** The same on a file that holds `first`, alone in its folders. */
function watchingFirst(...names: readonly string[]) {
  const file = join(newFolder(), ...names)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, 'first')
  return { file, watch: watching(file) }
}

/** Each on a file, in this order, the one after the other, and what it then holds. */
const saves: readonly (readonly [text: string, save: (file: string) => void])[] = [
  ['written in place', (file) => writeFileSync(file, 'written in place')],
  [
    'replaced by renaming',
    (file) => {
      writeFileSync(`${file}.new`, 'replaced by renaming')
      renameSync(`${file}.new`, file)
    },
  ],
  ['written in place again', (file) => writeFileSync(file, 'written in place again')],
  [
    'moved to a backup and made anew',
    (file) => {
      renameSync(file, `${file}~`)
      writeFileSync(file, 'moved to a backup and made anew')
    },
  ],
  ['none', (file) => unlinkSync(file)],
  ['made again', (file) => writeFileSync(file, 'made again')],
  [
    'deleted and made again at once',
    (file) => {
      unlinkSync(file)
      writeFileSync(file, 'deleted and made again at once')
    },
  ],
  ['', (file) => truncateSync(file, 0)],
  ['appended', (file) => appendFileSync(file, 'appended')],
  [
    'none',
    (file) => {
      unlinkSync(file)
      mkdirSync(file)
    },
  ],
  [
    'in the place of a folder',
    (file) => {
      rmdirSync(file)
      writeFileSync(file, 'in the place of a folder')
    },
  ],
  ['none', (file) => rmSync(dirname(file), { recursive: true })],
  [
    'made again with its folder',
    (file) => {
      mkdirSync(dirname(file))
      writeFileSync(file, 'made again with its folder')
    },
  ],
  ['written at last', (file) => writeFileSync(file, 'written at last')],
]

describe('a watch', () => {
  test('sees a file however it is saved, one way after the other', async () => {
    const { file, watch } = watchingFirst('inner', 'a.json')
    for (const [text, save] of [...saves, ...saves]) await watch.sees(text, () => save(file))
    expect(watch.faults).toEqual([])
  })

  test('sees a mounted config map turn, whether or not the old one goes', async () => {
    const folder = newFolder()
    const publish = (version: string) => {
      mkdirSync(join(folder, version))
      writeFileSync(join(folder, version, 'm.json'), version)
      symlinkSync(version, join(folder, '..tmp'))
      renameSync(join(folder, '..tmp'), join(folder, '..data'))
    }
    publish('..1')
    symlinkSync('..data/m.json', join(folder, 'm.json'))
    const watch = watching(join(folder, 'm.json'))
    await watch.sees('..2', () => publish('..2'))
    await watch.sees('..3', () => {
      publish('..3')
      rmSync(join(folder, '..2'), { recursive: true })
    })
    await watch.sees('..4', () => publish('..4'))
    await watch.sees('in place', () => writeFileSync(join(folder, '..4', 'm.json'), 'in place'))
  })

  test('sees a file appear whose folders were missing too', async () => {
    const folder = newFolder()
    const file = join(folder, 'a', 'b', 'c.json')
    const watch = watching(file)
    await watch.sees('none', () => mkdirSync(dirname(file), { recursive: true }))
    await watch.sees('here', () => writeFileSync(file, 'here'))
  })
})

/** Renames `name` in `folder` away, as somebody who deploys does, and puts another folder in its place. */
function swap(folder: string, name: string): void {
  renameSync(join(folder, name), join(folder, `${name}.${++swaps}`))
  renameSync(join(folder, `${name}.new`), join(folder, name))
}
let swaps = 0

describe('a watch on a file in folders that are swapped', () => {
  test.each([
    ['its own folder', ['site', 'etc'], 'etc'],
    ['the folder above', ['site', 'etc'], 'site'],
    ['one far above', ['a', 'b', 'c', 'd'], 'a'],
  ])('sees %s swapped, and every save after it', async (_title, levels, swapped) => {
    const folder = newFolder()
    const inner = join(folder, ...levels)
    const file = join(inner, 'a.json')
    const at = join(folder, ...levels.slice(0, levels.indexOf(swapped)))
    mkdirSync(inner, { recursive: true })
    writeFileSync(file, 'first')
    const watch = watching(file)
    for (const round of ['1', '2', '3']) {
      cpSync(join(at, swapped), join(at, `${swapped}.new`), { recursive: true })
      writeFileSync(file.replace(join(at, swapped), join(at, `${swapped}.new`)), `swapped ${round}`)
      await watch.sees(`swapped ${round}`, () => swap(at, swapped))
      await watch.sees(`saved ${round}`, () => writeFileSync(file, `saved ${round}`))
    }
    expect(watch.faults).toEqual([])
  })

  test('sees a folder that is removed and made again with the number of the old one', async () => {
    const { file, watch } = watchingFirst('etc', 'a.json')
    for (const round of ['1', '2', '3']) {
      await watch.sees(`made ${round}`, () => {
        rmSync(dirname(file), { recursive: true })
        mkdirSync(dirname(file))
        writeFileSync(file, `made ${round}`)
      })
      await watch.sees(`saved ${round}`, () => writeFileSync(file, `saved ${round}`))
    }
  })

  test('sees what lies in a folder with a child of the same name', async () => {
    const { file, watch } = watchingFirst('etc', 'etc')
    for (const text of ['second', 'third']) await watch.sees(text, () => writeFileSync(file, text))
  })

  test('keeps one watch a folder, however often it is set', async () => {
    const folder = newFolder()
    const file = join(folder, 'a.json')
    writeFileSync(file, '')
    let signs = 0
    const watch = watchFiles({ onChange: () => void signs++, onFault: () => undefined })
    watches.push(watch)
    await watch.set([file])
    const [before, told] = [inotifyWatches(), signs]
    for (let round = 0; round < 1000; round++) await watch.set([file])
    expect([inotifyWatches(), signs]).toEqual([before, told])
    await watch.set([])
    expect(inotifyWatches()).toBeLessThan(before)
  })

  test('says once which folder of a file it may not read, and nothing of those above', async () => {
    const folder = newFolder()
    for (const name of ['', 'closed', 'closed/open', 'open']) mkdirSync(join(folder, name), { recursive: true })
    const faults: string[] = []
    const watch = watchFiles({ onChange: () => undefined, onFault: (detail) => void faults.push(detail) })
    watches.push(watch)
    // Who runs as root may read everything.
    const user = process.getuid?.()
    for (const path of [root, folder, join(folder, 'closed')]) chmodSync(path, 0o711)
    if (user === 0) process.seteuid?.(65_534)
    try {
      await watch.set([join(folder, 'closed', 'open', 'a.json')])
      expect(faults).toEqual([])
      for (let round = 0; round < 3; round++) await watch.set([join(folder, 'closed', 'a.json')])
    } finally {
      if (user === 0) process.seteuid?.(0)
      for (const path of [root, folder, join(folder, 'closed')]) chmodSync(path, 0o755)
    }
    expect(faults).toEqual([expect.stringContaining(`watching ${join(folder, 'closed')}: EACCES`)])
  })
})

/** Of this process, as the kernel counts them. */
function inotifyWatches(): number {
  return readdirSync('/proc/self/fdinfo')
    .map((name) => look(join('/proc/self/fdinfo', name)))
    .reduce((sum, text) => sum + (text.match(/^inotify wd:/gm)?.length ?? 0), 0)
}

/** What is looked for below `folder`, in order, and where. */
function pointsBelow(folder: string, file: string) {
  const { names, folders } = findWatchPoints([file])
  const below = (paths: Iterable<string>): string[] =>
    [...paths].filter((path) => path.startsWith(folder)).map((path) => path.slice(folder.length))
  return { names: below(names), folders: below(folders.keys()) }
}

describe('findWatchPoints', () => {
  test('finds every folder and link on the way, and where it ends', () => {
    const folder = newFolder()
    mkdirSync(join(folder, 'real'))
    writeFileSync(join(folder, 'real', 'x.json'), '')
    symlinkSync('real', join(folder, 'link'))
    expect(pointsBelow(folder, join(folder, 'link', 'x.json'))).toEqual({
      names: ['', '/link', '/real', '/real/x.json'],
      folders: ['', '/real'],
    })
    expect(findWatchPoints([join(folder, 'x')]).names.has(root)).toBe(true)
    expect([...findWatchPoints(['/x/y']).folders.keys()]).toEqual(['/'])
  })

  test('waits for what is missing where it would appear', () => {
    const folder = newFolder()
    expect(pointsBelow(folder, join(folder, 'a', 'b', 'c.json'))).toEqual({ names: ['', '/a'], folders: [''] })
  })

  test.each(['loop.json', 'dangling.json'])('ends at %s', (name) => {
    const folder = newFolder()
    symlinkSync('loop.json', join(folder, 'loop.json'))
    symlinkSync('nowhere.json', join(folder, 'dangling.json'))
    expect(pointsBelow(folder, join(folder, name)).folders).toEqual([''])
  })

  test('takes a file for a folder as missing', () => {
    const folder = newFolder()
    writeFileSync(join(folder, 'plain'), '')
    expect(pointsBelow(folder, join(folder, 'plain', 'x.json'))).toEqual({ names: ['', '/plain'], folders: [''] })
  })

  test('tells a folder from another that took its name', () => {
    const folder = newFolder()
    for (const name of ['etc', 'etc.new']) mkdirSync(join(folder, name))
    const before = findWatchPoints([join(folder, 'etc', 'a')]).folders.get(join(folder, 'etc'))
    swap(folder, 'etc')
    expect(findWatchPoints([join(folder, 'etc', 'a')]).folders.get(join(folder, 'etc'))).not.toBe(before)
  })
})
