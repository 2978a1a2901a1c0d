import { describe, expect, onTestFinished, test } from 'bun:test'
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { faultOfFile } from '../../../core/control/own-file.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** A config's folder with plugins/deep/mine.ts in it, nobody else's to write to. */
function setup() {
  const folder = temporaryFolder()
  const deep = join(folder, 'plugins/deep')
  mkdirSync(deep, { recursive: true, mode: 0o755 })
  const file = join(deep, 'mine.ts')
  writeFileSync(file, '', { mode: 0o644 })
  const ask = (path = file, user = process.geteuid?.()) => faultOfFile({ file: path, folder, user })
  return { folder, deep, file, ask }
}

describe('a file that the API names', () => {
  test('may run when it and its folders are ours alone', () => {
    const { file, folder, ask } = setup()
    expect([ask(), ask(join(folder, 'plugins/../plugins/deep/mine.ts'))]).toEqual([undefined, undefined])
    expect(faultOfFile({ file, folder, user: undefined })).toBeUndefined()
  })

  test('may not run when others can write to it, or to a folder up to the config’s', () => {
    for (const part of ['plugins/deep/mine.ts', 'plugins/deep', 'plugins', '.'])
      for (const mode of [0o775, 0o757, 0o1777]) {
        const { folder, ask } = setup()
        const path = join(folder, part)
        chmodSync(path, mode)
        expect(ask()).toBe(`must be writable by nobody else, as must its folders: ${path} is (chmod go-w)`)
      }
  })

  test('may not run when it is another user’s, root’s being everybody’s', () => {
    const { folder, ask } = setup()
    const us = process.geteuid?.() ?? 0
    const asked = ask(undefined, us === 0 ? 4242 : us + 1)
    // Whoever runs this as root has made root's files.
    if (us === 0) expect(asked).toBeUndefined()
    else expect(asked).toBe(`must belong to our user or root, as must its folders: ${folder} belongs to user ${us}`)
  })

  test('may not lie elsewhere, by whatever way', () => {
    const { folder, deep, ask } = setup()
    const elsewhere = temporaryFolder()
    writeFileSync(join(elsewhere, 'theirs.ts'), '')
    symlinkSync(join(elsewhere, 'theirs.ts'), join(deep, 'link.ts'))
    symlinkSync(elsewhere, join(folder, 'away'))
    const sibling = `${folder}-2`
    mkdirSync(sibling)
    onTestFinished(() => rmSync(sibling, { recursive: true }))
    writeFileSync(join(sibling, 'mine.ts'), '')
    const ways = [
      join(elsewhere, 'theirs.ts'),
      join(deep, 'link.ts'),
      join(folder, 'away/theirs.ts'),
      join(folder, '../', elsewhere.split('/').at(-1) ?? '', 'theirs.ts'),
      join(sibling, 'mine.ts'),
      '/etc/passwd',
    ]
    for (const way of ways) expect([way, ask(way)]).toEqual([way, expect.stringContaining(`a file below ${folder}`)])
  })

  test('may not stand behind a link that could be turned, even to one of ours', () => {
    const { folder, file, ask } = setup()
    symlinkSync(file, join(folder, 'link.ts'))
    symlinkSync(join(folder, 'plugins'), join(folder, 'links'))
    for (const path of [join(folder, 'link.ts'), join(folder, 'links/deep/mine.ts')])
      expect(ask(path)).toContain('behind no link')
  })

  test('may be named through a link to the config’s folder', () => {
    const { folder } = setup()
    const link = join(temporaryFolder(), 'conf')
    symlinkSync(folder, link)
    const ask = (file: string) => faultOfFile({ file, folder: link, user: process.geteuid?.() })
    expect([ask(join(link, 'plugins/deep/mine.ts')), ask(join(folder, 'plugins/deep/mine.ts'))]).toEqual([
      undefined,
      undefined,
    ])
  })

  test('must be a file, and there', () => {
    const { folder, ask } = setup()
    expect(ask(join(folder, 'plugins'))).toBe('must be a file')
    expect(ask(folder)).toContain('a file below')
    expect(ask(join(folder, 'none.ts'))).toContain('ENOENT')
    symlinkSync('loop.ts', join(folder, 'loop.ts'))
    expect(ask(join(folder, 'loop.ts'))).toContain('ELOOP')
  })
})
