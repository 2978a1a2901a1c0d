import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { validate } from '../../cli/commands/validate.ts'
import { recordedIo } from '../support/recorded-io.ts'

const cwd = mkdtempSync(join(tmpdir(), 'smartedge-validate-'))
const empty = mkdtempSync(join(tmpdir(), 'smartedge-validate-'))

beforeAll(() => {
  writeFileSync(
    join(cwd, 'smartedge.config.json'),
    '{ "routes": [{ "match": { "host": "a" }, "pool": "a" }, { "pool": "b" }], "pools": { "a": { "backends": ["http://a", "http://b"] }, "b": { "backends": ["http://c"] } } }',
  )
  writeFileSync(join(cwd, 'bad.json'), '{ "pool": {}, "pools": { "a": { "backends": [5] } } }')
  writeFileSync(join(cwd, 'secret.json'), '{ "admin": { "token": "hunter2 x" }, "pools": { "a": { "backends": [] } } }')
  const backends = Array.from({ length: 103 }, () => 5)
  writeFileSync(join(cwd, 'many.json'), JSON.stringify({ pools: { a: { backends } } }))
})
afterAll(() => [cwd, empty].forEach((folder) => rmSync(folder, { recursive: true, force: true })))

describe('validate', () => {
  test('sums up a valid config in one line of stdout', async () => {
    const io = recordedIo(cwd)
    expect(await validate(io, {})).toBe(0)
    expect(io.out()).toBe('smartedge.config.json: 1 listener, 2 routes, 2 pools, 3 backends\n')
    expect(io.err()).toBe('')
  })

  test('writes every problem to stderr and exits 78', async () => {
    const io = recordedIo(cwd)
    expect(await validate(io, { config: 'bad.json' })).toBe(78)
    expect(io.out()).toBe('')
    expect(io.err()).toBe(
      [
        'bad.json:1:3: pool is not a known key (did you mean "pools"?)',
        'bad.json:1:46: pools.a.backends[0] must be a backend such as "http://localhost:8081", "https://app.internal", "tcp://10.0.0.1:5432" or "unix:/run/app.sock", got 5',
        '2 problems in bad.json',
        '',
      ].join('\n'),
    )
  })

  test('says how many problems it does not show', async () => {
    const io = recordedIo(cwd)
    expect(await validate(io, { config: 'many.json' })).toBe(78)
    expect(io.err()).toEndWith('\n103 problems in many.json, 3 of them not shown\n')
  })

  test('exits 78 when there is no config', async () => {
    const io = recordedIo(empty)
    expect(await validate(io, { config: 'nope.json' })).toBe(78)
    expect(io.err()).toContain(
      'nope.json:1:1: must exist, there is no such file (`smartedge init` writes a smartedge.config.json to start from)\n',
    )
  })

  test('prints JSON on request, for both outcomes', async () => {
    const good = recordedIo(cwd)
    expect(await validate(good, { json: true })).toBe(0)
    const source = join(cwd, 'smartedge.config.json')
    expect(JSON.parse(good.out())).toEqual({
      valid: true,
      source,
      files: [source],
      warnings: [],
      listeners: 1,
      routes: 2,
      pools: 2,
      backends: 3,
    })
    const bad = recordedIo(cwd)
    expect(await validate(bad, { config: 'bad.json', json: true })).toBe(78)
    expect(bad.err()).toBe('')
    expect(JSON.parse(bad.out())).toMatchObject({
      valid: false,
      problems: [{ file: 'bad.json', line: 1, column: 3, key: 'pool' }, { key: 'pools.a.backends[0]' }],
      omitted: 0,
    })
  })

  test('finds what a start would refuse, beside what the file says', async () => {
    writeFileSync(join(cwd, 'mine.ts'), 'export default {')
    writeFileSync(
      join(cwd, 'tried.json'),
      `{ "routes": [{ "pool": "a" }], "pools": {
  "a": { "backends": [], "strategy": { "use": "consistent-hash", "options": { "loadfactor": 2 } } },
  "b": { "backends": [], "strategy": "./mine.ts" },
  "c": { "backends": [5] } } }`,
    )
    const io = recordedIo(cwd)
    expect(await validate(io, { config: 'tried.json' })).toBe(78)
    expect(io.err().split('\n')).toEqual([
      expect.stringContaining('tried.json:4:23: pools.c.backends[0] must be a backend'),
      'tried.json:2:79: pools.a.strategy.options.loadfactor is not an option, known: loadFactor, floor, method, got 2 (did you mean "loadFactor"?)',
      expect.stringMatching(/^mine\.ts:1:\d+: pools\.b\.strategy cannot be used: /),
      '3 problems in tried.json',
      '',
    ])
    const json = recordedIo(cwd)
    expect(await validate(json, { config: 'tried.json', json: true })).toBe(78)
    expect(JSON.parse(json.out())).toMatchObject({
      valid: false,
      problems: [{ line: 4 }, { line: 2 }, { file: 'mine.ts' }],
    })
  })

  test('warns of what is hardly meant, and lets it pass', async () => {
    writeFileSync(join(cwd, 'odd.json'), '{ "routes": [], "pools": { "a": { "backends": [] } } }')
    const io = recordedIo(cwd)
    expect(await validate(io, { config: 'odd.json' })).toBe(0)
    expect(
      io
        .err()
        .split('\n')
        .map((line) => line.slice(0, 42)),
    ).toEqual(['odd.json:1:13: warning: routes is empty, s', 'odd.json:1:47: warning: pools.a.backends i', ''])
    expect(io.out()).toBe('odd.json: 1 listener, 1 route, 1 pool, 0 backends\n')
  })

  test('counts where members are found, beside those that the file names', async () => {
    const discovery = '[{ "file": "web.json" }, { "dns": { "name": "web.internal" } }]'
    const pools = `{ "web": { "backends": ["http://a"], "discovery": ${discovery} } }`
    writeFileSync(join(cwd, 'found.json'), `{ "pools": ${pools} }`)
    const io = recordedIo(cwd)
    expect(await validate(io, { config: 'found.json' })).toBe(0)
    expect(io.out()).toBe('found.json: 1 listener, 1 route, 1 pool, 1 backend, 2 sources of more\n')
  })

  test.each([true, false])('never prints the admin token (json: %p)', async (json) => {
    const io = recordedIo(cwd)
    expect(await validate(io, { config: 'secret.json', json })).toBe(78)
    expect(io.out() + io.err()).toContain('admin.token')
    expect(io.out() + io.err()).not.toContain('hunter2')
  })

  test('takes the config from SMARTEDGE_CONFIG', async () => {
    const io = recordedIo(empty, { SMARTEDGE_CONFIG: join(cwd, 'smartedge.config.json') })
    expect(await validate(io, {})).toBe(0)
    expect(io.out()).toStartWith(`${join(cwd, 'smartedge.config.json')}: 1 listener`)
  })
})
