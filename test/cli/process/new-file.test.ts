import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { whyUnwritten, writeNewFile } from '../../../cli/process/new-file.ts'

const root = mkdtempSync(join(tmpdir(), 'smartedge-new-file-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const folder = (): string => mkdtempSync(join(root, 'f-'))

describe('writeNewFile', () => {
  test('writes a file where there is none', async () => {
    const path = join(folder(), 'a')
    await writeNewFile(path, 'new')
    expect(readFileSync(path, 'utf8')).toBe('new')
  })

  test('leaves a file alone that is there', async () => {
    const path = join(folder(), 'a')
    writeFileSync(path, 'old')
    expect(await writeNewFile(path, 'new').catch(whyUnwritten)).toBe('a file is in the way')
    expect(readFileSync(path, 'utf8')).toBe('old')
  })

  // An empty file stayed on a full disk, and was in the way of the next try.
  test('leaves nothing behind of what does not fit', () => {
    const cwd = folder()
    const script = `
      import { writeNewFile } from ${JSON.stringify(join(import.meta.dir, '../../../cli/process/new-file.ts'))}
      await writeNewFile('a', 'x'.repeat(100_000)).catch(({ code }) => console.log(code))`
    const limited = ['sh', '-c', 'ulimit -f 8 && exec "$0" -e "$1"', process.execPath, script]
    const { stdout } = Bun.spawnSync(limited, { cwd })
    expect([stdout.toString(), readdirSync(cwd)]).toEqual(['EFBIG\n', []])
  })
})
