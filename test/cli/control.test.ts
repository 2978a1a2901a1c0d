import { describe, expect, test } from 'bun:test'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { files, start } from './controlled-cli.ts'

describe('smartedge reload', () => {
  test('says what is in force now', async () => {
    const { run, write, members } = await start()
    write('m.json', '{ "backends": ["http://c"] }')
    expect(await run('reload')).toEqual({
      code: 0,
      out: 'generation 2: pools.web: +c:80, -a:80, -b:80\n',
      err: '',
    })
    expect(members('web')).toEqual({ 'c:80': 1 })
    expect(await run('reload')).toEqual({ code: 0, out: 'generation 2: nothing changed\n', err: '' })
  })

  test('exits with 1 and every problem at its place when refused', async () => {
    const { run, write } = await start()
    write('edge.json', '{ "pools": { "web": { "backends": [] } },\n "colour": 1, "drainTimeout": 5 }')
    const { code, out, err } = await run('reload')
    expect([code, out]).toEqual([1, ''])
    expect(err).toStartWith('edge.json:2:2: colour is not a known key (known here: ')
    expect(err).toContain('\nedge.json:2:31: drainTimeout must be a duration from 0ms to 24h such as "5m", got 5 (')
  })

  test('exits with 1 when a pool had to stay as it was', async () => {
    const { run, write } = await start()
    write('m.json', '{ "backends": [')
    const { code, out, err } = await run('reload')
    expect([code, out]).toEqual([1, 'generation 1: nothing changed\n'])
    expect(err).toContain('m.json:1:16: ')
    expect(err).toEndWith('kept as before: web\n')
  })

  test('plans without changing anything', async () => {
    const { run, write, edge } = await start()
    const load = new Map([['web', new Map([['a:80', { connections: 3, tunnels: 1 }]])]])
    edge.edgeLoad = { listeners: new Map(), pools: load }
    write('m.json', '{ "backends": [{ "url": "http://b", "weight": 2 }] }')
    expect(await run('reload --plan')).toEqual({
      code: 0,
      out:
        'pools.web: weight of b:80 1 -> 2\n' +
        'pools.web: backend a:80 removed (ends 3 connections, 1 tunnel among them)\n' +
        '2 changes, 3 connections to end\n',
      err: '',
    })
    expect(edge.inForce.length).toBe(1)
    write('m.json', files['m.json'])
    expect((await run('reload --plan')).out).toBe('nothing would change\n')
  })

  test('goes back a generation', async () => {
    const { run, write, members } = await start()
    write('m.json', '{ "backends": [] }')
    await run('reload')
    expect((await run('reload --rollback --plan')).out).toBe(
      'pools.web: backend a:80 added\npools.web: backend b:80 added\n2 changes, 0 connections to end\n',
    )
    expect(Object.keys(members('web'))).toEqual([])
    expect((await run('reload --rollback')).out).toBe(
      'generation 3: back to generation 1: pools.web: +a:80, +b:80; the files stay as they are\n',
    )
    expect(Object.keys(members('web'))).toEqual(['a:80', 'b:80'])
    for (const line of ['reload --rollback', 'reload --rollback --plan']) {
      const { code, err } = await run(line)
      expect([code, err]).toEqual([1, expect.stringContaining('409: There is no earlier generation to go back to.\n')])
    }
  })

  test('prints JSON for programs', async () => {
    const { run } = await start()
    expect(JSON.parse((await run('reload --json')).out)).toMatchObject({ kind: 'unchanged', problems: [] })
    expect(JSON.parse((await run('reload --plan --json')).out)).toMatchObject({ kind: 'plan', changes: [] })
  })

  test.each([
    ['reload now', {}, 2],
    ['reload --url nonsense', {}, 2],
    ['reload', { SMARTEDGE_ADMIN_URL: 'http://127.0.0.1:1' }, 69],
    ['reload', { SMARTEDGE_ADMIN_URL: 'unix:/nowhere/at/all' }, 69],
  ])('%s with %j exits with %d', async (line, env, code) => {
    const { run } = await start()
    expect((await run(line, env)).code).toBe(code)
  })

  test('wants the token', async () => {
    const { run } = await start(files, 'secret')
    const refused = await run('reload')
    expect([refused.code, refused.err]).toMatchObject([1, expect.stringContaining('SMARTEDGE_ADMIN_TOKEN')])
    expect((await run('reload', { SMARTEDGE_ADMIN_TOKEN: 'secret' })).code).toBe(0)
  })
})

describe('smartedge backend', () => {
  test('lists members with state and weight', async () => {
    const { run } = await start()
    const { code, out } = await run('backend list')
    expect(code).toBe(0)
    expect(out.split('\n')[0]).toMatch(/^web · expected-delay · members in .*m\.json$/)
    expect(out).toMatch(/a:80 +active +- +1 +0 +- +-\n/)
    expect(JSON.parse((await run('backend list --pool web --json')).out)).toMatchObject({ pool: 'web' })
  })

  test('adds a backup, and tells tiers where there are any', async () => {
    const { run, read } = await start()
    expect((await run('backend add http://c --tier 1')).code).toBe(0)
    expect(read('m.json')).toContain('{ "url": "http://c", "tier": 1 }')
    expect((await run('backend list')).out).toMatch(/ {2}c:80 +active +\S+ +1 +1 +0 +- +-\n/)
  })

  test('adds, weighs, drains, resumes and removes, in the file too', async () => {
    const { run, members, read } = await start()
    expect((await run('backend add http://c --weight 2 --zone eu')).out).toBe(
      'web: http://c added, written to m.json (generation 2)\n',
    )
    expect((await run('backend weight c:80 0.5')).code).toBe(0)
    expect((await run('backend drain a:80')).out).toContain('web: a:80 is draining, written')
    expect(members('web')).toEqual({ 'a:80': -1, 'b:80': 1, 'c:80': 0.5 })
    expect((await run('backend resume a:80')).code).toBe(0)
    expect((await run('backend remove b:80 --pool web')).code).toBe(0)
    expect(read('m.json')).toBe('{ "backends": ["http://a", { "url": "http://c", "weight": 0.5, "zone": "eu" }] }')
  })

  test('checks the health of one', async () => {
    const { run } = await start()
    expect(await run('backend check a:80')).toEqual({
      code: 0,
      out: 'web: a:80 passed its check: 200 OK in 3.00 ms; it is healthy\n',
      err: '',
    })
    expect(JSON.parse((await run('backend check http://a --json')).out)).toMatchObject({
      pool: 'web',
      backend: 'a:80',
      check: { passed: true, detail: '200 OK' },
    })
    const none = await run('backend check b:80')
    expect([none.code, none.err]).toMatchObject([1, expect.stringContaining('checks: pools.web.health sets')])
  })

  test.each(['http://a', 'http://a/', 'HTTP://A:80', 'a:80', 'a'])('knows a backend by %s', async (name) => {
    const { run, members } = await start()
    expect((await run(`backend weight ${name} 3`)).out).toStartWith('web: a:80 weighs 3, written to m.json')
    expect((await run(`backend remove ${name}`)).out).toStartWith('web: a:80 is removed, written to m.json')
    expect(members('web')).toEqual({ 'b:80': 1 })
  })

  test('says of an unknown one what was probably meant', async () => {
    const { run } = await start({ 'edge.json': '{ "pools": { "web": { "backends": ["http://localhost:8101"] } } }' })
    expect(await run('backend drain localhost:8102')).toEqual({
      code: 1,
      out: '',
      err: 'smartedge: no pool has a backend localhost:8102; did you mean "localhost:8101"?\n',
    })
    expect((await run('backend drain x --pool web')).err).toBe(
      'smartedge: the pool web has no backend x; there is localhost:8101\n',
    )
    expect((await run('backend drain x --pool wep')).err).toBe('smartedge: there is no pool wep; did you mean "web"?\n')
  })

  test('says so when nothing had to be written', async () => {
    const { run, read } = await start()
    await run('backend drain a:80')
    const text = read('m.json')
    expect((await run('backend drain a:80')).out).toBe('web: a:80 is draining already, nothing was written\n')
    expect(JSON.parse((await run('backend drain a:80 --json')).out)).toMatchObject({
      generation: { number: 2 },
      file: null,
    })
    expect((await run('backend resume b:80')).out).toBe('web: b:80 is active already, nothing was written\n')
    expect((await run('backend weight b:80 1')).out).toBe('web: b:80 weighs 1 already, nothing was written\n')
    expect(read('m.json')).toBe(text)
  })

  test.each(['drain', 'remove'])('asks before it would %s the last usable one', async (verb) => {
    const { run, read } = await start({ ...files, 'm.json': '{ "backends": ["http://a", "http://sick"] }' })
    const text = read('m.json')
    const refused = await run(`backend ${verb} a`)
    expect([refused.code, refused.out]).toEqual([1, ''])
    expect(refused.err).toBe(
      'smartedge: nothing changed: a:80 is the last usable backend of web, which could answer nothing without it; --yes goes on all the same\n',
    )
    const asked: string[] = []
    const answering = (answer: boolean) => ({ confirm: async (question: string) => (asked.push(question), answer) })
    expect((await run(`backend ${verb} a`, {}, answering(false))).code).toBe(1)
    expect(read('m.json')).toBe(text)
    expect((await run(`backend ${verb} a`, {}, answering(true))).code).toBe(0)
    expect(asked).toEqual(Array.from({ length: 2 }, () => expect.stringMatching(/^a:80 is the last .* Go on\?$/)))
    expect(read('m.json')).not.toBe(text)
  })

  test('asks nothing where others are usable, or with --yes, or of one that is down', async () => {
    const { run, members } = await start({
      ...files,
      'm.json': '{ "backends": ["http://a", "http://b", "http://sick"] }',
    })
    expect((await run('backend drain sick')).code).toBe(0)
    expect((await run('backend drain a')).code).toBe(0)
    expect((await run('backend drain b --yes')).code).toBe(0)
    expect(members('web')).toEqual({ 'a:80': -1, 'b:80': -1, 'sick:80': -1 })
    const alone = await start({ ...files, 'm.json': '{ "backends": ["http://sick"] }' })
    expect((await alone.run('backend remove sick')).code).toBe(0)
  })

  test.each([
    ['backend', 2],
    ['backend explode', 2],
    ['backend add', 2],
    ['backend weight a:80', 2],
    ['backend weight a:80 0', 2],
    ['backend weight a:80 -1', 2],
    ['backend weight a:80 NaN', 2],
    ['backend weight a:80 1e9', 2],
    ['backend weight a:80 1000000', 2],
    ['backend remove c:80', 1],
    ['backend add http://a', 1],
    ['backend add ftp://c', 1],
    ['backend list --pool nope', 1],
    ['backend list --url http://127.0.0.1:1', 69],
  ])('%s exits with %d and changes nothing', async (line, code) => {
    const { run, read } = await start()
    const result = await run(line)
    expect([result.code, result.err === '']).toEqual([code, false])
    expect(read('m.json')).toBe(files['m.json'])
  })

  test('says what is wrong with a value', async () => {
    const { run } = await start()
    expect((await run('backend weight a:80 1000000')).err).toStartWith(
      "smartedge: <number> must be a number from 0.001 to 1000, such as 2 or 0.5, got '1000000'\n",
    )
    expect((await run('backend add HTTP://A/')).err).toBe('smartedge: nothing changed: web has a:80 already\n')
    const { err } = await run('backend add c:80')
    expect(err).toStartWith('smartedge: <url> must be a backend URL such as ')
    expect(err).toEndWith(', got "c:80" (did you mean "http://c:80"?)\n')
  })

  test('adds one that a source has found, which counts otherwise then', async () => {
    const config = '{ "pools": { "web": { "backends": ["http://a"], "discovery": [{ "file": "list.json" }] } } }'
    const { run, read } = await start({ 'edge.json': config })
    expect((await run('backend add http://found --weight 5')).code).toBe(0)
    expect(read('edge.json')).toContain('{ "url": "http://found", "weight": 5 }')
    expect((await run('backend add http://a')).err).toContain('a:80 is already in web')
  })

  test('wants the pool’s name when there are several', async () => {
    const pools = '{ "routes": [{ "pool": "web" }], "pools": { "web": { "backends": [] }, "api": { "backends": [] } } }'
    const { run, members } = await start({ 'edge.json': pools })
    const refused = await run('backend add http://c')
    expect([refused.code, refused.err]).toEqual([2, 'smartedge: name the pool with --pool: web, api\n'])
    expect((await run('backend add http://c --pool api')).code).toBe(0)
    expect(members('api')).toEqual({ 'c:80': 1 })
    expect((await run('backend list')).out).toMatch(/^web · .*\n.*\napi · .*\n.*\n +c:80/)
    expect((await run('backend weight c:80 2')).out).toStartWith('api: c:80 weighs 2')
    await run('backend add http://c --pool web')
    expect(await run('backend weight c:80 2')).toEqual({
      code: 2,
      out: '',
      err: 'smartedge: c:80 is in the pools web, api: name one with --pool\n',
    })
    expect((await run('backend weight c:80 5 --pool web')).out).toStartWith('web: c:80 weighs 5')
  })
})

describe('smartedge strategy use', () => {
  test('switches a pool, with options', async () => {
    const { run, edge } = await start()
    expect((await run('strategy use web random')).out).toBe(
      'web: balanced by random, written to edge.json (generation 2)\n',
    )
    expect((await run('strategy use web random')).out).toBe('web: balanced by random already\n')
    expect((await run('strategy use web consistent-hash --options {"load":2}')).code).toBe(0)
    expect(edge.config.pools[0]?.strategy).toEqual({ use: 'consistent-hash', options: { load: 2 } })
    expect((await run('strategy use web best')).code).toBe(1)
    expect((await run('strategy use wep random')).err).toBe('smartedge: there is no pool wep; did you mean "web"?\n')
    expect((await run('strategy use web random --options {')).code).toBe(2)
  })

  test.each(['mine', 'plugins/mine.ts', './plugins/mine.ts'])('takes a file as people name it: %s', async (name) => {
    const { run, edge, folder, write, read } = await start()
    mkdirSync(join(folder, 'plugins'))
    write('plugins/mine.ts', '')
    write('smartedge.config.json', '{}')
    const result = await run(`strategy use web ${name}`, {}, { cwd: folder })
    expect(result).toEqual({
      code: 0,
      out: 'web: balanced by ./plugins/mine.ts, written to edge.json (generation 2)\n',
      err: '',
    })
    expect(edge.config.pools[0]?.strategy.use).toBe(join(folder, 'plugins/mine.ts'))
    expect(read('edge.json')).toContain('"./plugins/mine.ts"')
  })

  test('names a file from the folder of the configuration', async () => {
    const { run, folder, write, read, address } = await start()
    for (const name of ['plugins', 'sub']) mkdirSync(join(folder, name))
    write('plugins/mine.ts', '')
    write('sub/named.json', JSON.stringify({ admin: { address } }))
    const cwd = join(folder, 'plugins')
    const { code, err } = await run('strategy use web mine.ts -c ../sub/named.json', {}, { cwd })
    // Told as that file would name it: in the folder of edge.json there is no such file.
    expect([code, err]).toEqual([1, expect.stringContaining('"../plugins/mine.ts"')])
    expect(read('edge.json')).toBe(files['edge.json'])
  })
})
