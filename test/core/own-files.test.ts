import { describe, expect, test } from 'bun:test'
import { chmodSync, linkSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Home, homeOf, lastingFolders, readOwn, stateFolders, writeOwn } from '../../core/own-files.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const home: Home = homeOf({})

describe('a file of our own', () => {
  test('is read as it was written, last', () => {
    const folder = join(temporaryFolder(), 'new')
    expect(writeOwn([folder], 'a.json', 'one', home)).toEqual({ kind: 'kept', file: join(folder, 'a.json') })
    writeOwn([folder], 'a.json', 'two', home)
    expect(readOwn(join(folder, 'a.json'), 100, home)).toMatchObject({ kind: 'read', text: 'two' })
    expect(readdirSync(folder)).toEqual(['a.json'])
    expect(statSync(join(folder, 'a.json')).mode & 0o777).toBe(0o600)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
  })

  test('lies in the first folder that takes it', () => {
    const base = temporaryFolder()
    writeFileSync(join(base, 'file'), '')
    const kept = writeOwn([join(base, 'file', 'no'), join(base, 'yes')], 'a', 'x', home)
    expect(kept).toEqual({ kind: 'kept', file: join(base, 'yes', 'a') })
  })

  test('lies nowhere where no folder takes it, and says why', () => {
    expect(writeOwn([], 'a', 'x', home)).toEqual({
      kind: 'fault',
      reason: 'neither XDG_STATE_HOME nor HOME names a folder of ours',
    })
    expect(writeOwn(['/proc/nowhere'], 'a', 'x', home)).toMatchObject({ kind: 'fault' })
  })

  test.each<[string, (file: string) => void, string]>([
    ['a folder', (file) => mkdirSync(file), 'it is no file'],
    ['a pipe', (file) => void Bun.spawnSync(['mkfifo', '-m', '600', file]), 'it is no file'],
    ['a link', (file) => (writeFileSync(`${file}.to`, 'x', { mode: 0o600 }), symlinkSync(`${file}.to`, file)), 'ELOOP'],
    ['one that others may read', (file) => (writeFileSync(file, 'x'), chmodSync(file, 0o644)), 'it is not ours alone'],
    [
      'one of two names',
      (file) => (writeFileSync(file, 'x', { mode: 0o600 }), linkSync(file, `${file}.2`)),
      'not ours',
    ],
    [
      'too large a one',
      (file) => writeFileSync(file, 'x'.repeat(101), { mode: 0o600 }),
      'it has 101 bytes, more than 100',
    ],
  ])('is not taken when it is %s', (_, make, reason) => {
    const file = join(temporaryFolder(), 'a')
    make(file)
    const found = readOwn(file, 100, home)
    expect(found.kind === 'refused' ? found.reason : found.kind).toContain(reason)
  })

  test('is not taken from another user', () => {
    const file = join(temporaryFolder(), 'a')
    writeFileSync(file, 'x', { mode: 0o600 })
    expect(readOwn(file, 100, { ...home, user: 65_534 })).toEqual({ kind: 'refused', reason: 'it is not ours alone' })
  })

  test('is absent where it or its folder is not', () => {
    expect(readOwn(join(temporaryFolder(), 'a'), 100, home)).toEqual({ kind: 'absent' })
    expect(readOwn('/etc/hostname/a', 100, home)).toEqual({ kind: 'absent' })
  })
})

describe('the state folder', () => {
  test('is what XDG says, else below the home that is ours', () => {
    expect(stateFolders({ ...home, env: { XDG_STATE_HOME: '/var/s', HOME: '/root' } })).toEqual(['/var/s/smartedge'])
    const own = temporaryFolder()
    expect(stateFolders({ ...home, env: { XDG_STATE_HOME: 'relative', HOME: own } })).toEqual([
      join(own, '.local/state/smartedge'),
    ])
    expect(stateFolders({ env: {}, user: undefined, home: undefined })).toEqual([])
    const service = { XDG_STATE_HOME: '/var/s', STATE_DIRECTORY: '/var/lib/one:/var/lib/two' }
    expect(lastingFolders({ ...home, env: service })).toEqual(['/var/lib/one', '/var/s/smartedge'])
    expect(lastingFolders({ ...home, env: { ...service, STATE_DIRECTORY: 'no/root' } })).toEqual(['/var/s/smartedge'])
    expect(stateFolders({ env: {}, user: undefined, home: '/home/me' })).toEqual(['/home/me/.local/state/smartedge'])
  })

  test('is not below a home that cannot be looked at', () => {
    const folder = temporaryFolder()
    symlinkSync('loop', join(folder, 'loop'))
    for (const unseen of [join(folder, 'loop/home'), `/${'x'.repeat(300)}`])
      expect(stateFolders({ ...home, env: { HOME: unseen }, home: '/home/me' })).toEqual([
        '/home/me/.local/state/smartedge',
      ])
  })
})
