import { afterAll, afterEach, describe, expect, test } from 'bun:test'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
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
async function watching(file: string) {
  let tell = (): void => undefined
  const faults: string[] = []
  // Bun 1.4.5 leaves out an event within 2 ms of one like it: who looks must let things settle first, as here.
  const debounce = createDebounce({ clock: systemClock, quietMs: 20, maxMs: 50, act: () => tell() })
  const watch = watchFiles({ onChange: () => debounce.poke(), onFault: (detail) => faults.push(detail) })
  watches.push(watch)
  await watch.set([file])
  return {
    faults,
    /** Resolves when who looks at each event finds `text`; a test that misses one waits for ever and fails. */
    async sees(text: string, act: () => void): Promise<void> {
      const seen = new Promise<void>((resolve) => {
        tell = () => {
          if (look(file) === text) resolve()
        }
      })
      act()
      await seen
      await watch.set([file])
    },
  }
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
    const folder = newFolder()
    const file = join(folder, 'inner', 'a.json')
    mkdirSync(dirname(file))
    writeFileSync(file, 'first')
    const watch = await watching(file)
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
    const watch = await watching(join(folder, 'm.json'))
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
    const watch = await watching(file)
    await watch.sees('none', () => mkdirSync(dirname(file), { recursive: true }))
    await watch.sees('here', () => writeFileSync(file, 'here'))
  })
})

describe('findWatchPoints', () => {
  test('finds every link on the way, and where it ends', async () => {
    const folder = newFolder()
    mkdirSync(join(folder, 'real'))
    writeFileSync(join(folder, 'real', 'x.json'), '')
    symlinkSync('real', join(folder, 'link'))
    const points = await findWatchPoints([join(folder, 'link', 'x.json')])
    expect([...points.names]).toEqual([join(folder, 'link'), join(folder, 'real', 'x.json')])
    expect([...points.folders]).toEqual([folder, join(folder, 'real')])
  })

  test('waits for what is missing where it would appear', async () => {
    const folder = newFolder()
    const points = await findWatchPoints([join(folder, 'a', 'b', 'c.json')])
    expect([[...points.names], [...points.folders]]).toEqual([[join(folder, 'a')], [folder]])
  })

  test.each(['loop.json', 'dangling.json'])('ends at %s', async (name) => {
    const folder = newFolder()
    symlinkSync('loop.json', join(folder, 'loop.json'))
    symlinkSync('nowhere.json', join(folder, 'dangling.json'))
    const points = await findWatchPoints([join(folder, name)])
    expect([...points.folders]).toEqual([folder])
  })

  test('takes a file for a folder as missing', async () => {
    const folder = newFolder()
    writeFileSync(join(folder, 'plain'), '')
    const points = await findWatchPoints([join(folder, 'plain', 'x.json')])
    expect([...points.names]).toEqual([join(folder, 'plain', 'x.json')])
  })
})
