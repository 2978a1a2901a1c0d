import { describe, expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { SocketAddress } from '../../../core/address.ts'
import { createToken, findToken, forgetToken, keepToken } from '../../../core/admin/token-file.ts'
import type { Env } from '../../../core/config/read/expand.ts'
import { type Home, homeOf } from '../../../core/own-files.ts'
import { fail } from '../../support/fail.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const at = (host: string, port = 9900): SocketAddress => ({ kind: 'tcp', host, port })
const address = at('127.0.0.1')

const homeWith = (env: Env): Home => ({ ...homeOf(env), home: undefined })

/** A login session of its own, its folder and its home. */
function session() {
  const [runtime, home] = [temporaryFolder(), temporaryFolder()]
  return { runtime, home, own: homeWith({ XDG_RUNTIME_DIR: runtime, HOME: home }), away: homeWith({ HOME: home }) }
}

/** Keeps a token; returns it and its file. */
function keep(home: Home, where = address) {
  const token = createToken()
  const kept = keepToken(where, token, home)
  return { token, file: kept.kind === 'kept' ? kept.file : fail(kept.reason) }
}

const reasonOf = (home: Home): string => {
  const kept = keepToken(address, createToken(), home)
  return kept.kind === 'fault' ? kept.reason : fail(`kept in ${kept.file}`)
}

const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8)

describe('a token that is kept', () => {
  test('is found again at its address and at no other', () => {
    const { own } = session()
    const { token } = keep(own)
    expect(token).toMatch(/^[\w-]{51}$/)
    expect(findToken(address, own)).toBe(token)
    for (const other of [at('127.0.0.1', 9901), at('127.0.0.2'), at('::1')])
      expect(findToken(other, own)).toBeUndefined()
  })

  test('is another one each time', () => expect(createToken()).not.toBe(createToken()))

  test('lies where only its user can read it, whatever the umask', () => {
    const { own, runtime, home, away } = session()
    const old = process.umask(0)
    try {
      expect(keep(own).file).toBe(join(runtime, 'smartedge/admin-127.0.0.1-9900.token'))
      process.umask(0o777)
      expect(keep(own, at('::1')).file).toBe(join(runtime, 'smartedge/admin-__1-9900.token'))
      process.umask(0)
      expect(keep(away).file).toBe(join(home, '.local/state/smartedge/admin-127.0.0.1-9900.token'))
    } finally {
      process.umask(old)
    }
    expect([modeOf(join(runtime, 'smartedge')), modeOf(join(home, '.local/state/smartedge'))]).toEqual(['700', '700'])
    const files = readdirSync(join(runtime, 'smartedge'))
    expect(files.map((name) => modeOf(join(runtime, 'smartedge', name)))).toEqual(['600', '600'])
  })

  test('lies in XDG_STATE_HOME where there is no session, in the user’s home where HOME is relative', () => {
    const [state, home] = [temporaryFolder(), temporaryFolder()]
    const env = { XDG_RUNTIME_DIR: 'run', XDG_STATE_HOME: state, HOME: home }
    expect(keep(homeWith(env)).file).toStartWith(`${state}/smartedge/`)
    expect(keep(homeWith({ ...env, XDG_STATE_HOME: 'state' })).file).toStartWith(`${home}/.local/state/smartedge/`)
  })

  test('is found from outside the session that it was kept in, and the newest counts', () => {
    const { own, away, runtime, home } = session()
    const inHome = keep(away)
    expect(findToken(address, own)).toBe(inHome.token)
    const inSession = keep(own)
    utimesSync(inHome.file, 1, 1)
    expect(findToken(address, own)).toBe(inSession.token)
    utimesSync(inSession.file, 0, 0)
    expect(findToken(address, own)).toBe(inHome.token)
    expect(findToken(address, homeWith({ XDG_RUNTIME_DIR: runtime, HOME: home }))).toBe(inHome.token)
  })

  test('takes the place of the one before, and leaves nothing else behind', () => {
    const { own, runtime } = session()
    keep(own)
    const { token } = keep(own)
    expect(findToken(address, own)).toBe(token)
    expect(readdirSync(join(runtime, 'smartedge'))).toHaveLength(1)
  })

  test('goes with its process, but not the one that a successor has put there', () => {
    const { own } = session()
    const [first, second] = [keep(own), keep(own)]
    forgetToken(first.file, first.token, own)
    expect(findToken(address, own)).toBe(second.token)
    forgetToken(second.file, second.token, own)
    expect(findToken(address, own)).toBeUndefined()
    expect(() => forgetToken(second.file, second.token, own)).not.toThrow()
  })
})

describe('what is no token of ours', () => {
  /** The text of one, where ours would lie. */
  function planted() {
    const { own, runtime } = session()
    const { file, token } = keep(own)
    return { own, runtime, file, token, find: () => findToken(address, own) }
  }

  test('is not found: a file that others may read or write', () => {
    for (const mode of [0o640, 0o604, 0o620, 0o602, 0o644, 0o666]) {
      const { file, find } = planted()
      chmodSync(file, mode)
      expect([mode, find()]).toEqual([mode, undefined])
    }
  })

  test('is not found: a file of another user', () => {
    const { own, token, find } = planted()
    expect(findToken(address, { ...own, user: (own.user ?? 0) + 1 })).toBeUndefined()
    expect(find()).toBe(token)
  })

  test('is not found: an empty, short, long or odd file', () => {
    for (const text of [
      '',
      '\n',
      'short',
      'x'.repeat(44),
      'x'.repeat(100_000),
      `${'x'.repeat(42)} `,
      '\0'.repeat(43),
    ]) {
      const { file, find } = planted()
      writeFileSync(file, text)
      expect([text.slice(0, 50), find()]).toEqual([text.slice(0, 50), undefined])
    }
    const { file, find } = planted()
    truncateSync(file, 20)
    expect(find()).toBeUndefined()
  })

  test('is not found: a link, a second name, a folder, a pipe', () => {
    const { file, find, runtime, own } = planted()
    const real = join(runtime, 'real')
    rmSync(file)
    const put: readonly (() => void)[] = [
      () => symlinkSync(real, file),
      () => linkSync(real, file),
      () => mkdirSync(file),
      () => execFileSync('mkfifo', [file]),
    ]
    for (const plant of put) {
      writeFileSync(real, createToken(), { mode: 0o600 })
      plant()
      expect(find()).toBeUndefined()
      rmSync(file, { recursive: true })
      rmSync(real)
    }
    expect(keep(own).file).toBe(file)
  })
})

describe('a place that others could reach', () => {
  test('is made private when it is ours', () => {
    const { own, runtime } = session()
    mkdirSync(join(runtime, 'smartedge'), { mode: 0o777 })
    chmodSync(join(runtime, 'smartedge'), 0o777)
    keep(own)
    expect(modeOf(join(runtime, 'smartedge'))).toBe('700')
  })

  test('is passed over when it is a link or another user’s', () => {
    const { own, runtime, home } = session()
    const elsewhere = temporaryFolder()
    symlinkSync(elsewhere, join(runtime, 'smartedge'))
    expect(keep(own).file).toStartWith(home)
    expect(readdirSync(elsewhere)).toEqual([])
    const stranger = { ...own, user: 4_000_000 }
    expect(keepToken(address, createToken(), stranger)).toMatchObject({ kind: 'fault' })
    expect(readdirSync(runtime)).toEqual(['smartedge'])
  })

  test('is not even made under another user’s HOME: the user’s own one counts, else none', () => {
    const [home, own] = [temporaryFolder(), temporaryFolder()]
    // Nothing of root's is another user's, and nobody but root can give a folder away.
    const isRoot = process.geteuid?.() === 0
    if (isRoot) chownSync(home, 65_534, 65_534)
    expect(keep({ ...homeWith(isRoot ? { HOME: home } : {}), home: own }).file).toStartWith(own)
    const stranger = { ...homeWith({ HOME: home }), user: 4_000_000 }
    expect(reasonOf(stranger)).toBe('neither XDG_STATE_HOME nor HOME names a folder of ours')
    expect(reasonOf({ ...stranger, env: { XDG_STATE_HOME: join(home, 'state') } })).toEndWith(
      'belongs to somebody else',
    )
    expect(readdirSync(home)).toEqual([])
  })

  test('is told of when there is no other', () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    expect(reasonOf(homeWith({ XDG_STATE_HOME: file }))).toContain('ENOTDIR')
    const state = temporaryFolder()
    symlinkSync(temporaryFolder(), join(state, 'smartedge'))
    expect(reasonOf(homeWith({ XDG_STATE_HOME: state }))).toContain(`${state}/smartedge`)
  })

  test('gets no half a token when the file cannot take its name', () => {
    const state = temporaryFolder()
    const home = homeWith({ XDG_STATE_HOME: state })
    const { file } = keep(home)
    rmSync(file)
    mkdirSync(join(file, 'x'), { recursive: true })
    expect(reasonOf(home)).toContain('EISDIR')
    expect(readdirSync(join(state, 'smartedge'))).toEqual(['admin-127.0.0.1-9900.token'])
  })
})

describe('on Deno', () => {
  test('the same file is found', () => {
    const { own, runtime } = session()
    const { token } = keep(own)
    const module = new URL('../../../core/admin/token-file.ts', import.meta.url).href
    const script = join(temporaryFolder(), 'find.ts')
    writeFileSync(
      script,
      `import { findToken } from ${JSON.stringify(module)}
import { homeOf } from ${JSON.stringify(new URL('../../../core/own-files.ts', import.meta.url).href)}
const home = homeOf({ XDG_RUNTIME_DIR: ${JSON.stringify(runtime)} })
console.log(findToken(${JSON.stringify(address)}, home))`,
    )
    const deno = new URL('../../../node_modules/.bin/deno', import.meta.url).pathname
    expect(execFileSync(deno, ['run', '--allow-all', script], { encoding: 'utf8' }).trim()).toBe(token)
    expect(readFileSync(script, 'utf8')).not.toContain(token)
  }, 30_000)
})
