import { afterAll, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { searchFor } from '../../../core/config/discover.ts'
import { type Loaded, loadConfig } from '../../../core/config/load.ts'
import { formatProblem } from '../../../core/config/problems.ts'
import { maxFileBytes } from '../../../core/config/read/tree.ts'

const root = mkdtempSync(join(tmpdir(), 'smartedge-load-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** A new folder with these files; contents may be bytes. */
let folders = 0
function folder(files: Readonly<Record<string, string | Uint8Array>>): string {
  const path = join(root, String(folders++))
  mkdirSync(path)
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), content)
  }
  return path
}

const minimal = '{ "pools": { "web": { "backends": ["http://a"] } } }'
const named = (pool: string): string => minimal.replace('web', pool)

const poolsOf = (loaded: Loaded): string[] =>
  loaded.kind === 'config' ? loaded.config.pools.map((pool) => pool.name) : []
const told = (loaded: Loaded): string[] =>
  loaded.kind === 'problems' ? loaded.problems.map((problem) => formatProblem(problem)) : []

describe('discovery', () => {
  const cwd = folder({
    'flag.json': named('flag'),
    'variable.json': named('variable'),
    'smartedge.config.json': named('here'),
    'xdg/smartedge/smartedge.config.jsonc': named('xdg'),
    'home/.config/smartedge/smartedge.config.json': named('home'),
    'backends.json': '{ "backends": ["http://m"] }',
  })
  const elsewhere = folder({})

  test.each([
    ['the flag first', { path: 'flag.json', cwd, env: { SMARTEDGE_CONFIG: 'variable.json' } }, 'flag'],
    ['then the variable', { cwd, env: { SMARTEDGE_CONFIG: 'variable.json' } }, 'variable'],
    ['then the working directory', { cwd, env: { SMARTEDGE_CONFIG: '', XDG_CONFIG_HOME: join(cwd, 'xdg') } }, 'here'],
    [
      'then XDG_CONFIG_HOME',
      { cwd: elsewhere, env: { XDG_CONFIG_HOME: join(cwd, 'xdg'), HOME: join(cwd, 'home') } },
      'xdg',
    ],
    ['then ~/.config', { cwd: elsewhere, env: { HOME: join(cwd, 'home') } }, 'home'],
  ])('takes %s', (_title, options, pool) => {
    expect(poolsOf(loadConfig(options))).toEqual([pool])
  })

  test('ends with /etc and a lone members file', () => {
    const search = searchFor({ path: undefined, cwd: '/srv', env: {} })
    expect(search).toEqual({
      kind: 'places',
      places: [
        { path: '/srv/smartedge.config.json', kind: 'config' },
        { path: '/srv/smartedge.config.jsonc', kind: 'config' },
        { path: '/etc/smartedge/smartedge.config.json', kind: 'config' },
        { path: '/etc/smartedge/smartedge.config.jsonc', kind: 'config' },
        { path: '/srv/backends.json', kind: 'members' },
      ],
    })
  })

  test('makes one pool of a lone members file', () => {
    const lone = folder({ 'backends.json': '{ "backends": ["http://m"] }' })
    const loaded = loadConfig({ cwd: lone, env: {} })
    expect(poolsOf(loaded)).toEqual(['default'])
    expect(loaded.source).toBe(join(lone, 'backends.json'))
    expect(loaded.files).toEqual([join(lone, 'backends.json')])
  })

  test('says when there is nothing', () => {
    const loaded = loadConfig({ cwd: elsewhere, env: {} })
    expect(told(loaded)[0]).toContain('no configuration was found')
    expect(loaded.source).toBeUndefined()
  })

  test('does not look further when the file asked for is missing', () => {
    expect(told(loadConfig({ path: 'nope.json', cwd, env: {} }))).toEqual([
      'nope.json:1:1: must exist, there is no such file (`smartedge init` writes a smartedge.config.json to start from)',
    ])
  })

  test('does not look further when a file is faulty', () => {
    const broken = folder({ 'smartedge.config.json': '{', 'backends.json': '{ "backends": [] }' })
    expect(told(loadConfig({ cwd: broken, env: {} }))[0]).toStartWith('smartedge.config.json:1:')
  })
})

describe('the files of a config', () => {
  const cwd = folder({
    'conf/edge.json': `{
      "pools": { "web": { "backends": { "file": "members/m.json" }, "strategy": "./mine.ts" } }
    }`,
    'conf/members/m.json': '{ "backends": ["http://a", "http://b"] }',
    'conf/mine.ts': '',
  })

  test('are found from its folder and listed', () => {
    const loaded = loadConfig({ path: 'conf/edge.json', cwd, env: {} })
    expect(poolsOf(loaded)).toEqual(['web'])
    expect(loaded.files).toEqual(
      ['conf/edge.json', 'conf/members/m.json', 'conf/mine.ts'].map((name) => join(cwd, name)),
    )
  })

  test('are listed although they are missing, for who waits for them', () => {
    const lacking = folder({ 'edge.json': '{ "pools": { "web": { "backends": { "file": "m.json" } } } }' })
    const loaded = loadConfig({ path: 'edge.json', cwd: lacking, env: {} })
    expect(told(loaded)).toEqual(['edge.json:1:45: pools.web.backends.file must name a file that exists, got "m.json"'])
    expect(loaded.files).toContain(join(lacking, 'm.json'))
  })

  test('may not be folders', () => {
    const odd = folder({
      'edge.json': '{ "pools": { "web": { "backends": { "file": "sub" }, "strategy": "./sub" } } }',
      'sub/x': '',
    })
    expect(told(loadConfig({ path: 'edge.json', cwd: odd, env: {} }))).toEqual([
      'edge.json:1:45: pools.web.backends.file must be a file, this is a folder, got "sub"',
      'edge.json:1:66: pools.web.strategy must be a file, this is a folder, got "./sub"',
    ])
  })
})

/** A pipe of that name, into which a process of its own writes `text` if there is one. */
function makePipe(path: string, text?: string): void {
  Bun.spawnSync(['mkfifo', path])
  if (text === undefined) return
  writeFileSync(`${path}.text`, text)
  Bun.spawn(['sh', '-c', 'cat "$0.text" > "$0"', path])
}

describe('a config that comes through a pipe', () => {
  test('is read whole, and its text kept', () => {
    const path = join(folder({}), 'pipe')
    const long = minimal.replace('"http://a"', Array.from({ length: 9000 }, (_, at) => `"http://h${at}"`).join(', '))
    makePipe(path, long)
    const loaded = loadConfig({ path, cwd: root, env: {} })
    expect(loaded).toMatchObject({ kind: 'config', source: path, text: long, isPiped: true })
    expect(poolsOf(loaded)).toEqual(['web'])
  })

  test('is not waited for where it was a file', () => {
    const path = join(folder({}), 'pipe')
    makePipe(path)
    expect(told(loadConfig({ place: { path, kind: 'config' }, cwd: root, env: {} }))).toEqual([
      `${relative(root, path)}:1:1: must be a regular file, this is a pipe`,
    ])
  })

  test('names regular files only', () => {
    const cwd = folder({
      'edge.json': `{ "geo": { "database": "pipe" }, "pools": { "web": { "backends": { "file": "pipe" }, "strategy": "./pipe" } } }`,
    })
    makePipe(join(cwd, 'pipe'))
    const rule = 'must be a regular file, this is a pipe'
    expect(told(loadConfig({ path: 'edge.json', cwd, env: {} }))).toEqual([
      `edge.json:1:24: geo.database ${rule}, got "pipe"`,
      `edge.json:1:76: pools.web.backends.file ${rule}, got "pipe"`,
      `edge.json:1:98: pools.web.strategy ${rule}, got "./pipe"`,
    ])
  })

  test('is no pipe when it is a file', () => {
    const cwd = folder({ 'edge.json': minimal })
    expect(loadConfig({ path: 'edge.json', cwd, env: {} })).toMatchObject({
      kind: 'config',
      text: minimal,
      isPiped: false,
    })
  })
})

describe('a file', () => {
  test.each([
    ['empty', '', 'must hold a JSON object, this file is empty'],
    ['binary', new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0xff, 0x00]), 'must be JSON text in UTF-8, this is binary'],
    ['of invalid UTF-8', new Uint8Array([0x22, 0xc3, 0x28, 0x22]), 'must be JSON text in UTF-8, this is binary'],
    [
      'cut inside a character',
      new TextEncoder().encode('"é').slice(0, 2),
      'must be JSON text in UTF-8, this is binary',
    ],
    ['too large', new Uint8Array(maxFileBytes + 1).fill(0x20), 'must be at most 4 MiB'],
  ])('that is %s is one problem', (_title, content, rule) => {
    const cwd = folder({ 'edge.json': content })
    expect(told(loadConfig({ path: 'edge.json', cwd, env: {} }))).toEqual([`edge.json:1:1: ${rule}`])
  })

  test('with a byte order mark is read', () => {
    const cwd = folder({ 'edge.json': `\uFEFF${minimal}` })
    expect(poolsOf(loadConfig({ path: 'edge.json', cwd, env: {} }))).toEqual(['web'])
  })

  test('that is a folder is one problem', () => {
    expect(told(loadConfig({ path: '.', cwd: root, env: {} }))[0]).toEndWith(':1:1: must be a file, this is a folder')
  })

  test('that may not be read says so', () => {
    const denied = Object.assign(new Error('no'), { code: 'EACCES' })
    const readFile = () => {
      throw denied
    }
    const loaded = loadConfig({ path: 'edge.json', cwd: root, env: {}, readFile })
    expect(told(loaded)).toEqual(['edge.json:1:1: must be readable: permission denied'])
  })

  test('whose reading fails in an unknown way is a problem, not a crash', () => {
    const readFile = () => {
      throw new Error('disk on fire')
    }
    const loaded = loadConfig({ path: 'edge.json', cwd: root, env: {}, readFile })
    expect(told(loaded)[0]).toContain('disk on fire')
  })

  test('below a plain file counts as missing', () => {
    const cwd = folder({ plain: '' })
    expect(told(loadConfig({ path: 'plain/edge.json', cwd, env: {} }))[0]).toContain('there is no such file')
  })
})
