/** Storage in a folder: whose it is, what is read of it, and who holds a lock. */
import { chmodSync, linkSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'bun:test'
import { folderStorage } from '../../../core/acme/folder-storage.ts'
import { LOCK_MS } from '../../../core/acme/storage.ts'
import { homeOf } from '../../../core/own-files.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const NOW = 1_000_000

function rig() {
  const folder = join(temporaryFolder(), 'acme')
  return {
    folder,
    storage: folderStorage({ folder: folder, home: homeOf(process.env), now: () => NOW, isShared: false }),
  }
}

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

test('folders and files are ours alone, whatever the umask', async () => {
  const before = process.umask(0)
  const { folder, storage } = rig()
  try {
    await storage.write('certificates/a.test.pem', 'secret')
    await storage.lock('a.test')
  } finally {
    process.umask(before)
  }
  expect([
    modeOf(folder),
    modeOf(join(folder, 'certificates')),
    modeOf(join(folder, 'certificates/a.test.pem')),
  ]).toEqual(['700', '700', '600'])
  expect(modeOf(join(folder, 'locks/a.test'))).toBe('600')
})

test('what is written is read, listed and removed; what never was is not there', async () => {
  const { storage, folder } = rig()
  expect([await storage.read('certificates/a.pem'), await storage.list('certificates')]).toEqual([undefined, []])
  await storage.write('certificates/a.pem', 'one')
  await storage.write('certificates/a.pem', 'two')
  expect([await storage.read('certificates/a.pem'), await storage.list('certificates')]).toEqual(['two', ['a.pem']])
  expect(readdirSync(join(folder, 'certificates'))).toEqual(['a.pem'])
  await storage.remove('certificates/a.pem')
  await storage.remove('certificates/a.pem')
  expect(await storage.list('certificates')).toEqual([])
})

describe('what others could have put there is refused:', () => {
  const plants: readonly [string, (file: string) => void][] = [
    ['a file that others may read', (file) => chmodSync(file, 0o644)],
    ['a link', (file) => symlinkSync(file, `${file}.link`)],
    ['a file of two names', (file) => linkSync(file, `${file}.link`)],
    ['a folder', (file) => mkdirSync(`${file}.link`)],
    ['a file of megabytes', (file) => writeFileSync(`${file}.link`, 'x'.repeat(300_000), { mode: 0o600 })],
  ]
  for (const [title, plant] of plants)
    test(title, async () => {
      const { storage, folder } = rig()
      await storage.write('certificates/a.pem', 'one')
      plant(join(folder, 'certificates/a.pem'))
      const name = title === 'a file that others may read' ? 'a.pem' : 'a.pem.link'
      expect(storage.read(`certificates/${name}`)).rejects.toThrow(`certificates/${name}`)
    })

  test('a folder that is a file', async () => {
    const file = join(temporaryFolder(), 'acme')
    writeFileSync(file, '')
    const storage = folderStorage({ folder: file, home: homeOf(process.env), now: () => NOW, isShared: false })
    expect(storage.write('certificates/a.pem', 'x')).rejects.toThrow()
    expect(storage.lock('a')).rejects.toThrow()
  })
})

describe('a lock', () => {
  const held = (facts: object) => JSON.stringify({ host: hostname(), pid: process.ppid, until: NOW + 1000, ...facts })

  test('is one’s own until it is let go, within a process too', async () => {
    const { storage, folder } = rig()
    const other = folderStorage({ folder, home: homeOf(process.env), now: () => NOW, isShared: false })
    const letGo = await storage.lock('a.test')
    expect(await other.lock('a.test')).toBeUndefined()
    expect(await other.lock('b.test')).toBeDefined()
    await letGo?.()
    expect(await other.lock('a.test')).toBeDefined()
  })

  const cases: readonly [string, string, boolean][] = [
    ['of a process that lives', held({}), false],
    ['of another machine', held({ host: 'elsewhere', pid: 1 }), false],
    ['of a process that is gone', held({ pid: 2 ** 30 }), true],
    ['of a former process with our number', held({ pid: process.pid }), true],
    ['whose time is up', held({ until: NOW }), true],
    ['of a far future, which no clock of ours has made', held({ until: NOW + 2 * LOCK_MS }), true],
    ['that was cut as it was written', '{"host', true],
  ]
  for (const [title, text, isTaken] of cases)
    test(`${title} is ${isTaken ? 'taken over' : 'respected'}`, async () => {
      const { storage, folder } = rig()
      const letGo = await storage.lock('a.test')
      await letGo?.()
      writeFileSync(join(folder, 'locks/a.test'), text, { mode: 0o600 })
      expect((await storage.lock('a.test')) !== undefined).toBe(isTaken)
    })
})
