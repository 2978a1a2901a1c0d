import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { init } from '../../cli/commands/init.ts'
import { validate } from '../../cli/commands/validate.ts'
import { recordedIo } from '../support/recorded-io.ts'

const main = join(import.meta.dir, '../../cli/main.ts')
const root = mkdtempSync(join(tmpdir(), 'smartedge-init-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const folder = (): string => mkdtempSync(join(root, 'f-'))

describe('init', () => {
  test('writes a config that is valid as it stands, and says what to do next', async () => {
    const io = recordedIo(folder())
    expect(await init(io, {})).toBe(0)
    expect(readdirSync(io.cwd).sort()).toEqual([
      'backends.json',
      'backends.schema.json',
      'smartedge.config.json',
      'smartedge.schema.json',
    ])
    expect(io.out()).toContain('\nNext:\n  smartedge demo ')
    const checked = recordedIo(io.cwd)
    expect(await validate(checked, {})).toBe(0)
    expect(checked.out()).toBe('smartedge.config.json: 1 listener, 1 route, 1 pool, 3 backends\n')
  })

  test.each(['smartedge.config.json', 'backends.json'])('writes nothing when %s is there', async (name) => {
    const io = recordedIo(folder())
    writeFileSync(join(io.cwd, name), 'mine')
    expect(await init(io, {})).toBe(1)
    expect(io.err()).toBe(`Nothing written: ${name} already there. Use --force to overwrite.\n`)
    expect(readdirSync(io.cwd)).toEqual([name])
    expect(readFileSync(join(io.cwd, name), 'utf8')).toBe('mine')
  })

  test('overwrites when told to', async () => {
    const io = recordedIo(folder())
    writeFileSync(join(io.cwd, 'backends.json'), 'mine')
    expect(await init(io, { force: true })).toBe(0)
    expect(readFileSync(join(io.cwd, 'backends.json'), 'utf8')).toContain('http://localhost:8101')
  })

  test('writes into a folder it is given', async () => {
    const io = recordedIo(root)
    const target = folder()
    expect(await init(io, { directory: target })).toBe(0)
    expect(readdirSync(target)).toContain('smartedge.config.json')
  })

  test('makes the folder that it is given, and says where to go', async () => {
    const io = recordedIo(folder())
    expect(await init(io, { directory: 'not/there' })).toBe(0)
    expect(readdirSync(join(io.cwd, 'not/there'))).toContain('smartedge.config.json')
    expect(io.out()).toContain('\nNext:\n  cd not/there\n  smartedge demo ')
  })

  test.each(['file', 'file/there'])('fails in one line where it cannot write: %s', async (directory) => {
    const io = recordedIo(folder())
    writeFileSync(join(io.cwd, 'file'), '')
    expect(await init(io, { directory })).toBe(1)
    const target = join(io.cwd, directory)
    expect(io.err()).toBe(`smartedge: ${target} cannot be written: a file is in the way\n`)
    expect(io.out()).toBe('')
  })

  test('leaves none behind when one of them cannot be written', async () => {
    const io = recordedIo(folder())
    // A look does not see it, a write stumbles over it.
    symlinkSync('nowhere', join(io.cwd, 'smartedge.schema.json'))
    expect(await init(io, {})).toBe(1)
    expect(io.err()).toEndWith('smartedge.schema.json cannot be written: a file is in the way\n')
    expect(readdirSync(io.cwd)).toEqual(['smartedge.schema.json'])
  })

  // The old config was gone, and half of a schema in its place.
  test('changes nothing when it may overwrite and not all of them fit', () => {
    const cwd = folder()
    writeFileSync(join(cwd, 'smartedge.config.json'), 'mine')
    const limited = ['sh', '-c', 'ulimit -f 8 && exec "$0" "$1" init --force', process.execPath, main]
    const { exitCode, stderr } = Bun.spawnSync(limited, { cwd, stdout: 'ignore', stderr: 'pipe' })
    expect([exitCode, stderr.toString()]).toEqual([
      1,
      expect.stringContaining('smartedge.schema.json cannot be written'),
    ])
    expect(readdirSync(cwd)).toEqual(['smartedge.config.json'])
    expect(readFileSync(join(cwd, 'smartedge.config.json'), 'utf8')).toBe('mine')
  })
})
