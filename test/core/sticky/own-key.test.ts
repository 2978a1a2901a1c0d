import { describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { homeOf } from '../../../core/own-files.ts'
import { ownStickyKey } from '../../../core/sticky/own-key.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

function stateOf() {
  const state = temporaryFolder()
  const home = homeOf({ XDG_STATE_HOME: state })
  const file = join(state, 'smartedge', 'sticky.key')
  return { home, file, take: () => ownStickyKey(home) }
}

describe('the key of sticky cookies', () => {
  test('is made once, and is the same from then on', () => {
    const { file, take } = stateOf()
    const first = take()
    expect(first.unkept).toBeUndefined()
    expect(first.key.reveal()).toMatch(/^[\w-]{43}$/)
    expect(take().key.reveal()).toBe(first.key.reveal())
    expect(readFileSync(file, 'utf8')).toBe(`${first.key.reveal()}\n`)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  test('is another for another user', () => {
    expect(stateOf().take().key.reveal()).not.toBe(stateOf().take().key.reveal())
  })

  test('lies where a service manager says', () => {
    const [service, state] = [temporaryFolder(), temporaryFolder()]
    const home = homeOf({ STATE_DIRECTORY: service, XDG_STATE_HOME: state })
    const { key } = ownStickyKey(home)
    expect(readFileSync(join(service, 'sticky.key'), 'utf8')).toBe(`${key.reveal()}\n`)
  })

  test.each([
    ['holds something else', 'short\n', 0o600, 'it holds no key'],
    ['is empty', '', 0o600, 'it holds no key'],
    ['is huge', 'k'.repeat(1_000_000), 0o600, 'more than 64'],
    ['is open to others', `${'k'.repeat(43)}\n`, 0o644, 'it is not ours alone'],
  ])('is one for this process alone when the file %s, which stays as it is', (_, text, mode, reason) => {
    const { file, take } = stateOf()
    mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 })
    writeFileSync(file, text)
    chmodSync(file, mode)
    const { key, unkept } = take()
    expect(unkept).toStartWith(`${file} is not taken: `)
    expect(unkept).toContain(reason)
    expect(key.reveal()).toMatch(/^[\w-]{43}$/)
    expect(take().key.reveal()).not.toBe(key.reveal())
    expect(readFileSync(file, 'utf8')).toBe(text)
  })

  test('is one for this process alone where nothing can be kept', () => {
    expect(ownStickyKey(undefined).unkept).toBe('nobody said where')
    const home = homeOf({ XDG_STATE_HOME: '/proc/nowhere' })
    expect(ownStickyKey(home).unkept).toBeDefined()
  })
})
