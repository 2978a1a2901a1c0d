import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isSettled, stampOf } from '../../core/file-stamp.ts'

const folder = mkdtempSync(join(tmpdir(), 'smartedge-stamp-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const path = join(folder, 'file')

/** Kernels keep the times in steps: writes until a step is over. */
function writeUntilStamped(text: string): string {
  const before = stampOf(path).text
  for (;;) {
    writeFileSync(path, text)
    const { text: after } = stampOf(path)
    if (after !== before) return after
  }
}

describe('stampOf', () => {
  test('is the same until the file is written, although its size stays', () => {
    writeFileSync(path, 'one')
    const first = stampOf(path)
    expect(stampOf(path)).toEqual(first)
    expect(writeUntilStamped('two')).not.toBe(first.text)
  })

  test('tells a file whose time of writing was set back', () => {
    writeFileSync(path, 'one')
    const { atime, mtime } = statSync(path)
    const first = writeUntilStamped('two')
    utimesSync(path, atime, mtime)
    expect(stampOf(path).text).not.toBe(first)
  })

  test('tells a file that took the place of another', () => {
    writeFileSync(path, 'one')
    const first = stampOf(path)
    writeFileSync(`${path}.new`, 'one')
    renameSync(`${path}.new`, path)
    expect(stampOf(path).text).not.toBe(first.text)
  })

  test.each([
    ['nothing', 'nothing', 'ENOENT'],
    ['a circle of links', 'circle', 'ELOOP'],
    ['something below a file', 'file/below', 'ENOTDIR'],
  ])('says why it cannot look at %s', (_title, name, text) => {
    writeFileSync(path, 'one')
    rmSync(join(folder, 'circle'), { force: true })
    symlinkSync('circle', join(folder, 'circle'))
    expect(stampOf(join(folder, name))).toEqual({ text, changedAt: Infinity })
  })
})

describe('isSettled', () => {
  test('is a matter of a tenth of a second', () => {
    const stamp = { text: '', changedAt: 1000 }
    expect([900, 1000, 1100, 1101].map((wallTime) => isSettled(stamp, wallTime))).toEqual([false, false, false, true])
    expect(isSettled({ text: '', changedAt: Infinity }, 1e15)).toBe(false)
  })
})
