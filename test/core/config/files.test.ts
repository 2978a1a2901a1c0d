import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readPipe, readRegularFile, readText } from '../../../core/config/files.ts'
import { maxFileBytes } from '../../../core/config/read/tree.ts'

const folder = mkdtempSync(join(tmpdir(), 'smartedge-files-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const path = (name: string): string => join(folder, name)
const openFiles = (): number => readdirSync('/proc/self/fd').length

describe('readRegularFile', () => {
  test.each([0, 1, 4095, 4096, 1_000_000, maxFileBytes])('reads all of %d bytes', (length) => {
    const bytes = Buffer.alloc(length, 'SmartEdge ')
    writeFileSync(path('a'), bytes)
    expect(Buffer.compare(readRegularFile(path('a')), bytes)).toBe(0)
  })

  test('stops one byte behind the bound', () => {
    writeFileSync(path('large'), Buffer.alloc(3 * maxFileBytes))
    expect(readRegularFile(path('large')).length).toBe(maxFileBytes + 1)
  })

  test('reads files that hold more than they say', () => {
    expect(Buffer.from(readRegularFile('/proc/self/environ')).equals(readFileSync('/proc/self/environ'))).toBe(true)
    expect(readRegularFile('/proc/self/limits').length).toBeGreaterThan(500)
  })

  test('follows links', () => {
    writeFileSync(path('target'), 'here')
    symlinkSync('target', path('link'))
    expect(String(readRegularFile(path('link')))).toBe('here')
  })

  test.each([
    ['a pipe', path('pipe'), 'must be a regular file, this is a pipe'],
    ['a link to a pipe', path('to-pipe'), 'must be a regular file, this is a pipe'],
    ['an endless device', '/dev/zero', 'must be a regular file, this is a device or a socket'],
    ['a device that waits', '/dev/ptmx', 'must be a regular file, this is a device or a socket'],
    ['a folder', folder, 'must be a file, this is a folder'],
  ])('refuses %s without waiting for it', (_title, name, rule) => {
    rmSync(path('pipe'), { force: true })
    rmSync(path('to-pipe'), { force: true })
    Bun.spawnSync(['mkfifo', path('pipe')])
    symlinkSync('pipe', path('to-pipe'))
    const before = openFiles()
    expect(readText(name, readRegularFile)).toEqual({ kind: 'fault', rule })
    // Fewer when something of another test was collected meanwhile.
    expect(openFiles()).toBeLessThanOrEqual(before)
  })
})

describe('readPipe', () => {
  test('stops one byte behind the bound', () => {
    expect(readPipe('/dev/zero').length).toBe(maxFileBytes + 1)
  })
})
