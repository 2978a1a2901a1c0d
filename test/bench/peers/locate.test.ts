import { afterAll, describe, expect, test } from 'bun:test'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { locate } from '../../../bench/peers/peer.ts'

const folder = mkdtempSync(join(tmpdir(), 'smartedge-servers-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('a program of a rival', () => {
  test('goes by its name where PATH has it', () => {
    expect(locate('sh')).toBe('sh')
  })

  test('is found among the servers of the system, which PATH may leave out', () => {
    const file = join(folder, `server-of-${basename(folder)}`)
    writeFileSync(file, '')
    chmodSync(file, 0o755)
    expect(locate(basename(file), folder)).toBe(file)
    expect(locate(basename(file))).toBeUndefined()
  })
})
