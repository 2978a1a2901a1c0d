import { afterAll, describe, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parsedFile } from '../../../core/names/system-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'smartedge-names-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A file of its own, and how often it was parsed. */
function makeFile(name: string, text?: string) {
  const path = join(folder, name)
  if (text !== undefined) writeFileSync(path, text)
  let parses = 0
  const read = parsedFile(path, (text) => {
    parses += 1
    return text
  })
  return { path, read, parses: () => parses }
}

describe('a small file of the system', () => {
  test('is parsed once for as long as it stays the same', () => {
    const { read, parses } = makeFile('same', 'one')
    expect([read(), read(), read()]).toEqual(['one', 'one', 'one'])
    expect(parses()).toBe(1)
  })

  test('is parsed anew when it was written, replaced or removed', () => {
    const { path, read } = makeFile('changing', 'one')
    expect(read()).toBe('one')
    writeFileSync(path, 'longer')
    expect(read()).toBe('longer')
    writeFileSync(`${path}.new`, 'LONGER')
    renameSync(`${path}.new`, path)
    expect(read()).toBe('LONGER')
    rmSync(path)
    expect(read()).toBe('')
    writeFileSync(path, 'back')
    expect(read()).toBe('back')
  })

  test('counts as empty when it is missing, a folder or a pipe', () => {
    expect(makeFile('missing').read()).toBe('')
    expect(parsedFile(folder, (text) => text)()).toBe('')
    const { path, read } = makeFile('pipe')
    expect(spawnSync('mkfifo', [path]).status).toBe(0)
    expect(read()).toBe('')
  })

  test('is what it was for as long as no descriptor is left to read it', () => {
    const { path } = makeFile('unread', 'one')
    const { path: other } = makeFile('unread too', 'later')
    const module = join(import.meta.dirname, '../../../core/names/system-file.ts')
    const script = `
      const { closeSync, openSync, writeFileSync } = require('node:fs')
      const { parsedFile } = require(${JSON.stringify(module)})
      const files = ${JSON.stringify([path, other])}.map((path) => parsedFile(path, (text) => text))
      const seen = [files[0]()]
      writeFileSync(${JSON.stringify(path)}, 'two!')
      const held = []
      try { for (;;) held.push(openSync('/dev/null')) } catch {}
      for (const file of files) seen.push(file())
      for (const descriptor of held) closeSync(descriptor)
      for (const file of files) seen.push(file())
      console.log(JSON.stringify(seen))`
    const command = 'ulimit -n 128; exec "$0" --no-env-file -e "$1"'
    const { stdout } = spawnSync('sh', ['-c', command, process.execPath, script], { encoding: 'utf8' })
    expect(JSON.parse(stdout)).toEqual(['one', 'one', '', 'two!', 'later'])
  })

  test('is read up to a bound', () => {
    const { read } = makeFile('huge', 'x'.repeat(5 * 1024 * 1024))
    expect(read()).toHaveLength(4 * 1024 * 1024)
  })
})
