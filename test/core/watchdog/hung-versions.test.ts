import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Home, homeOf } from '../../../core/own-files.ts'
import { type HungVersion, readHungVersions, rememberHungVersion } from '../../../core/watchdog/hung-versions.ts'

let state: string
let home: Home
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'smartedge-hung-'))
  home = { ...homeOf({ XDG_STATE_HOME: state }), home: undefined }
})
afterEach(() => rmSync(state, { recursive: true }))

const hung = (number: number, overrides: Partial<HungVersion> = {}): HungVersion => ({
  file: '/etc/mine.ts',
  version: number.toString(16).padStart(16, '0'),
  call: 'pick',
  at: '2026-11-26T14:00:00.000Z',
  ...overrides,
})

const file = (): string => join(state, 'smartedge', 'hung-strategies.json')

/** Puts `text` where the memory lies. */
function plant(text: string): void {
  mkdirSync(join(state, 'smartedge'), { mode: 0o700 })
  writeFileSync(file(), text, { mode: 0o600 })
}

describe('hung versions', () => {
  test('are none where nothing has hung', () => {
    expect(readHungVersions(home)).toEqual({ versions: [], ignored: undefined })
  })

  test('are remembered, newest last, each once', () => {
    expect(rememberHungVersion(hung(1), home)).toEqual({ kind: 'kept', file: file() })
    rememberHungVersion(hung(2), home)
    rememberHungVersion(hung(1, { call: 'onEnd' }), home)
    expect(readHungVersions(home)).toEqual({ versions: [hung(2), hung(1, { call: 'onEnd' })], ignored: undefined })
  })

  test('are the newest 32', () => {
    for (let index = 0; index < 40; index += 1) rememberHungVersion(hung(index), home)
    const { versions } = readHungVersions(home)
    expect([versions.length, versions[0], versions.at(-1)]).toEqual([32, hung(8), hung(39)])
  })

  test.each([
    ['nothing', '', 'it is no JSON'],
    ['no JSON', '{"format":1,"versions":[', 'it is no JSON'],
    ['no object', '5', 'it is of format none, not 1'],
    ['null', 'null', 'it is of format none, not 1'],
    ['a newer format', '{"format":2,"versions":[]}', 'it is of format 2, not 1'],
    ['no list', '{"format":1,"versions":{}}', 'it lists no 32 versions at most'],
    [
      'a long list',
      JSON.stringify({ format: 1, versions: Array.from({ length: 33 }, () => hung(1)) }),
      'it lists no 32',
    ],
    ['strangers', '{"format":1,"versions":[5]}', 'it lists something that is no version'],
    ['a relative file', JSON.stringify({ format: 1, versions: [hung(1, { file: 'mine.ts' })] }), 'it lists something'],
    ['another hash', JSON.stringify({ format: 1, versions: [hung(1, { version: 'zz' })] }), 'it lists something'],
    ['another call', JSON.stringify({ format: 1, versions: [hung(1, { call: '\u001B[2J' })] }), 'it lists something'],
    ['another time', JSON.stringify({ format: 1, versions: [hung(1, { at: 'soon' })] }), 'it lists something'],
    ['megabytes', ' '.repeat(256 * 1024 + 1), 'it has 262145 bytes, more than 262144'],
  ])('are none, with a reason, where the file holds %s', (_, text, reason) => {
    plant(text)
    const { versions, ignored } = readHungVersions(home)
    expect(versions).toEqual([])
    expect(ignored?.file).toBe(file())
    expect(ignored?.reason).toStartWith(reason)
  })

  test('begin anew behind what is not ours', () => {
    plant('garbage')
    rememberHungVersion(hung(3), home)
    expect(readHungVersions(home)).toEqual({ versions: [hung(3)], ignored: undefined })
    expect(readdirSync(join(state, 'smartedge'))).toEqual(['hung-strategies.json'])
  })

  test('are not taken from a file that others may write, nor through a link', () => {
    rememberHungVersion(hung(1), home)
    chmodSync(file(), 0o666)
    expect(readHungVersions(home)).toMatchObject({ versions: [], ignored: { reason: 'it is not ours alone' } })
    rmSync(file())
    symlinkSync('/etc/hostname', file())
    expect(readHungVersions(home).ignored?.reason).toContain('ELOOP')
  })

  test('lie where a service manager says', () => {
    const service = { ...home, env: { STATE_DIRECTORY: join(state, 'service'), XDG_STATE_HOME: state } }
    expect(rememberHungVersion(hung(1), service)).toEqual({
      kind: 'kept',
      file: join(state, 'service', 'hung-strategies.json'),
    })
    expect(readHungVersions(service).versions).toEqual([hung(1)])
    expect(readHungVersions(home).versions).toEqual([])
  })

  test('are lost with a reason where nothing may be written', () => {
    const nowhere: Home = { env: {}, user: home.user, home: undefined }
    expect(rememberHungVersion(hung(1), nowhere)).toMatchObject({ kind: 'fault' })
    expect(readHungVersions(nowhere)).toEqual({ versions: [], ignored: undefined })
  })
})
