import { describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { PoolEdit } from '../../../core/control/contract.ts'
import { controlled } from '../../support/controlled.ts'
import { add, apart, told, web } from '../../support/pool-edits.ts'

const inline = { 'edge.json': '{ "pools": { "web": { "backends": ["http://a", "http://b"] } } }' }

describe('an edit', () => {
  test('is in force and in the members file, with its comments', async () => {
    const { controller, members, read } = await controlled(apart)
    const result = await controller.edit(add('http://c'), 'api from ::1')
    expect(result).toMatchObject({ kind: 'done', file: 'm.json', generation: { number: 2, origin: 'api from ::1' } })
    expect(members('web')).toEqual({ 'a:80': 1, 'b:80': 1, 'c:80': 1 })
    expect(read('m.json')).toBe(apart['m.json'].replace('"http://b"', '"http://b",\n    "http://c"'))
    expect(read('edge.json')).toBe(apart['edge.json'])
  })

  test.each<[string, object, Readonly<Record<string, number>>, string]>([
    ['removes', { kind: 'remove', backend: 'a:80' }, { 'b:80': 1 }, '["http://b"]'],
    [
      'weighs',
      { kind: 'update', backend: 'a:80', weight: 2.5 },
      { 'a:80': 2.5, 'b:80': 1 },
      '[{ "url": "http://a", "weight": 2.5 }, "http://b"]',
    ],
    [
      'drains',
      { kind: 'update', backend: 'b:80', drain: true },
      { 'a:80': 1, 'b:80': -1 },
      '["http://a", { "url": "http://b", "drain": true }]',
    ],
    [
      'may change nothing',
      { kind: 'update', backend: 'b:80', drain: false },
      { 'a:80': 1, 'b:80': 1 },
      '["http://a", "http://b"]',
    ],
  ])('%s in the config file too', async (_title, edit, inForce, list) => {
    const { controller, members, read } = await controlled(inline)
    expect(told(await controller.edit(web(edit), 'test'))).toBe('done')
    expect(members('web')).toEqual(inForce)
    expect(read('edge.json')).toContain(`"backends": ${list} }`)
  })

  test('switches the strategy of a pool whose members stand in a file', async () => {
    const { controller, edge, read } = await controlled(apart)
    const strategy = { use: 'consistent-hash', options: { load: 1.5 } }
    expect(told(await controller.edit(web({ kind: 'strategy', strategy }), 'test'))).toBe('done')
    expect(edge.config.pools[0]?.strategy).toEqual(strategy)
    expect(read('edge.json')).toContain('"strategy": { "use": "consistent-hash", "options": { "load": 1.5 } }')
  })

  test('says what is missing in the file of a pool whose members are all found', async () => {
    const found = '{ "pools": { "web": { "discovery": [{ "file": "web.json" }] } } }'
    const { controller } = await controlled({ 'edge.json': found })
    expect(await controller.edit(add('http://c'), 'api from ::1')).toMatchObject({
      kind: 'conflict',
      detail: 'The pool web has no "backends" in its file, where members of our own stand; put "backends": [] there.',
    })
  })

  test('works on a lone members file, which has no place for a strategy', async () => {
    const { controller, members } = await controlled({ 'm.json': '{ "backends": [] }' }, { main: 'm.json' })
    const edit = { pool: 'default', kind: 'add', member: 'http://a' } as const
    expect(told(await controller.edit(edit, 'test'))).toBe('done')
    expect(members('default')).toEqual({ 'a:80': 1 })
    expect(told(await controller.edit({ pool: 'default', kind: 'strategy', strategy: 'random' }, 'test'))).toBe(
      'conflict',
    )
  })

  test('finds a member by what its variable stands for', async () => {
    const files = { 'edge.json': '{ "pools": { "web": { "backends": ["http://${HOST}"] } } }' }
    const { controller, read } = await controlled(files, { env: { HOST: 'a' } })
    expect(told(await controller.edit(web({ kind: 'update', backend: 'a:80', weight: 2 }), 'test'))).toBe('done')
    expect(read('edge.json')).toContain('{ "url": "http://${HOST}", "weight": 2 }')
  })
})

describe('a faulty edit', () => {
  test.each<[string, unknown]>([
    ['backends[0].weight must be a number from 0.001 to 1000, got 0', 0],
    ['backends[0].weight must be a number from 0.001 to 1000, got -1', -1],
    ['backends[0].weight must be a number from 0.001 to 1000, got 1000000000', 1e9],
    ['backends[0].weight must be a number from 0.001 to 1000, got null', Number.NaN],
    ['backends[0].weight must be a number from 0.001 to 1000, got null', Number.POSITIVE_INFINITY],
    ['backends[0].weight must be a number from 0.001 to 1000, got "2"', '2'],
    ['backends[0].weight must be a number from 0.001 to 1000, got []', []],
    ['backends[0].weight must be a number from 0.001 to 1000, got a list', [1]],
    ['backends[0].weight must be a number from 0.001 to 1000, got an object', { weight: 1 }],
  ])('says %s', async (problem, weight) => {
    const { controller, edge, read } = await controlled(apart)
    const result = await controller.edit(web({ kind: 'update', backend: 'a:80', weight }), 'test')
    expect(told(result)).toBe(problem)
    expect([edge.inForce.length, read('m.json')]).toEqual([1, apart['m.json']])
  })

  test.each<[unknown, string]>([
    ['http://c/d', 'backends[2] must end after the port: a backend has no path or query, got "http://c/d"'],
    [
      'http://${HOME}',
      'backends[2] must be a backend such as "http://localhost:8081", "https://app.internal", "tcp://10.0.0.1:5432" or "unix:/run/app.sock", got "http://${HOME}"',
    ],
    [
      5,
      'backends[2] must be a backend such as "http://localhost:8081", "https://app.internal", "tcp://10.0.0.1:5432" or "unix:/run/app.sock", got 5',
    ],
    [
      null,
      'backends[2] must be a backend such as "http://localhost:8081", "https://app.internal", "tcp://10.0.0.1:5432" or "unix:/run/app.sock", got null',
    ],
    [{}, 'backends[2].url is required, got undefined'],
    [{ url: 'http://c', wait: 2 }, 'backends[2].wait is not a known key, got undefined'],
    [
      JSON.parse('{ "url": "http://c", "__proto__": 1 }'),
      'backends[2]["__proto__"] is not allowed as a key, got undefined',
    ],
  ])('adding %j says why not', async (member, problem) => {
    const { controller, members } = await controlled(apart)
    const text = told(await controller.edit(add(member), 'test')).replace('.__proto__', '["__proto__"]')
    expect(text.replace('$${', '${')).toBe(problem)
    expect(Object.keys(members('web')).length).toBe(2)
  })

  test.each<[PoolEdit, string]>([
    [{ pool: 'nope', kind: 'add', member: 'http://c' }, 'There is no pool nope.'],
    [{ pool: '__proto__', kind: 'add', member: 'http://c' }, 'There is no pool __proto__.'],
    [{ pool: '', kind: 'strategy', strategy: 'p2c' }, 'There is no pool .'],
    [web({ kind: 'remove', backend: 'c:80' }), 'The pool web has no backend c:80.'],
    [web({ kind: 'update', backend: 'http://a', weight: 2 }), 'The pool web has no backend http://a.'],
  ])('%j names what is not there', async (edit, detail) => {
    const { controller } = await controlled(apart)
    expect(await controller.edit(edit, 'test')).toEqual({ kind: 'unknown', detail })
  })

  test('to a strategy that does not load is not found in the file', async () => {
    const { controller, edge, read } = await controlled(inline)
    edge.refuses = (config) =>
      config.pools[0]?.strategy.use === 'random' ? [{ key: 'pools.web.strategy', message: 'cannot be loaded' }] : []
    const result = await controller.edit(web({ kind: 'strategy', strategy: 'random' }), 'test')
    expect(result).toMatchObject({
      kind: 'invalid',
      problems: [{ key: 'pools.web.strategy', rule: 'cannot be loaded' }],
    })
    expect([edge.inForce.length, read('edge.json')]).toEqual([1, inline['edge.json']])
  })

  test('that cannot be written is not tried on the edge', async () => {
    const { controller, edge, members, folder, read } = await controlled(apart)
    // A folder where the temporary file would be: works for root too, unlike permissions.
    mkdirSync(join(folder, '.m.json.smartedge.tmp'))
    let tries = 0
    edge.refuses = () => {
      tries += 1
      return []
    }
    const result = await controller.edit(add('http://c'), 'test')
    expect(result).toMatchObject({ kind: 'fault' })
    expect(Object.keys(members('web'))).toEqual(['a:80', 'b:80'])
    expect([tries, edge.inForce.length, read('m.json')]).toEqual([0, 1, apart['m.json']])
    expect(controller.state().generation.number).toBe(1)
  })

  test('is not in force when its file cannot be replaced at last', async () => {
    const { controller, edge, folder, read } = await controlled(apart)
    edge.refuses = () => {
      rmSync(join(folder, '.m.json.smartedge.tmp'))
      return []
    }
    const result = await controller.edit(add('http://c'), 'test')
    expect(result).toEqual({ kind: 'fault', detail: 'm.json cannot be written: it is gone' })
    expect([edge.inForce.length, edge.open, read('m.json')]).toEqual([1, 0, apart['m.json']])
  })

  test('that meets a bug of ours is answered, and so are those behind it', async () => {
    const { controller, edge, members } = await controlled(apart)
    edge.refuses = (config) => {
      if (config.pools[0]?.members.some(({ id }) => id === 'c:80')) throw new TypeError('a bug')
      return []
    }
    const results = ['http://c', 'http://d'].map((url) => controller.edit(add(url), 'test'))
    expect(await Promise.all(results)).toMatchObject([{ kind: 'fault', detail: 'a bug' }, { kind: 'done' }])
    expect(members('web')).toEqual({ 'a:80': 1, 'b:80': 1, 'd:80': 1 })
  })

  test('leaves no temporary file, whatever becomes of it', async () => {
    const { controller, edge, folder } = await controlled(apart)
    edge.refuses = (config) => (config.pools[0]?.members.length === 3 ? [{ key: 'geo', message: 'is gone' }] : [])
    expect(told(await controller.edit(add('http://c'), 'test'))).toBe('geo is gone, got undefined')
    expect(readdirSync(folder).toSorted()).toEqual(['edge.json', 'm.json'])
  })
})

describe('an edit of what came through a pipe', () => {
  test('is refused, and one of a members file beside it made', async () => {
    const pools = '"web": { "backends": { "file": "m.json" } }, "api": { "backends": [] }'
    const piped = `{ "routes": [{ "pool": "web" }], "pools": { ${pools} } }`
    const { controller, read } = await controlled(
      { 'edge.json': piped, 'm.json': '{ "backends": [] }' },
      { isPiped: true },
    )
    expect(await controller.edit({ pool: 'api', kind: 'add', member: 'http://c' }, 'test')).toEqual({
      kind: 'conflict',
      detail: 'The configuration was read from a pipe, so that there is no file to change.',
      problems: [],
    })
    expect(told(await controller.edit(add('http://c'), 'test'))).toBe('done')
    expect([read('edge.json'), read('m.json')]).toEqual([piped, '{ "backends": ["http://c"] }'])
  })
})

describe('an edit with If-Match', () => {
  test('counts only for the pool as it was seen', async () => {
    const { controller } = await controlled(apart)
    const first = await controller.edit(add('http://c'), 'test')
    const etag = first.kind === 'done' ? first.etag : ''
    const both = [1, 2].map((weight) =>
      controller.edit({ ...add({ url: `http://d${weight}`, weight }), ifMatch: etag }, 'test'),
    )
    const results = await Promise.all(both)
    expect(results.map(told)).toEqual(['done', 'stale'])
    const [made, stale] = results
    expect(stale).toEqual({ kind: 'stale', etag: made?.kind === 'done' ? made.etag : '' })
  })
})

describe('many edits at once', () => {
  test('are all made, in few writes', async () => {
    const { controller, members, edge } = await controlled(apart)
    const results = await Promise.all(
      Array.from({ length: 1000 }, (_, at) => controller.edit(add(`http://h${at}`), 'test')),
    )
    expect(new Set(results.map(told))).toEqual(new Set(['done']))
    expect(Object.keys(members('web'))).toEqual([
      'a:80',
      'b:80',
      ...Array.from({ length: 1000 }, (_, at) => `h${at}:80`),
    ])
    expect(edge.inForce.length).toBeLessThan(50)
  }, 30_000)

  test('are judged each by itself', async () => {
    const { controller, members } = await controlled(apart)
    const edits = [
      add('http://c'),
      add('http://c'),
      add(5),
      web({ kind: 'remove', backend: 'x' }),
      web({ kind: 'remove', backend: 'a:80' }),
    ]
    const results = await Promise.all(edits.map((edit) => controller.edit(edit, 'test')))
    expect(results.map(({ kind }) => kind)).toEqual(['done', 'duplicate', 'invalid', 'unknown', 'done'])
    expect(Object.keys(members('web'))).toEqual(['b:80', 'c:80'])
  })

  test('of several pools each go to their own file', async () => {
    const files = {
      'edge.json':
        '{ "routes": [{ "pool": "web" }], "pools": { "web": { "backends": { "file": "m.json" } }, "api": { "backends": [] } } }',
      'm.json': '{ "backends": [] }',
    }
    const { controller, read } = await controlled(files)
    await Promise.all(
      [0, 1, 2, 3].map((at) =>
        controller.edit({ pool: at % 2 ? 'api' : 'web', kind: 'add', member: `http://h${at}` }, 'test'),
      ),
    )
    expect(read('m.json')).toBe('{ "backends": ["http://h0", "http://h2"] }')
    expect(read('edge.json')).toContain('"backends": ["http://h1", "http://h3"]')
  })
})

describe('the audit', () => {
  test('tells what was done, from where, and how it ended', async () => {
    const { controller, events } = await controlled(inline)
    await controller.edit(web({ kind: 'update', backend: 'a:80', weight: 2, drain: true }), 'cli from 127.0.0.1')
    await controller.edit(web({ kind: 'strategy', strategy: { use: './x.ts', options: { key: 'hunter2' } } }), 'api')
    await controller.edit(add('x'.repeat(10_000)), 'api')
    const audits = events.filter((event) => event.kind === 'audit')
    expect(audits.map(({ what, from, outcome }) => [what.slice(0, 40), from, outcome.slice(0, 60)])).toEqual([
      ['web: a:80 weight 2, drain', 'cli from 127.0.0.1', 'done, generation 2'],
      ['web: strategy "./x.ts"', 'api', 'refused: edge.json:1:121: pools.web.strategy.use must name a'],
      [`web: add "${'x'.repeat(30)}`, 'api', 'refused: edge.json:1:99: pools.web.backends[2] must be a bac'],
    ])
    expect(JSON.stringify(events)).not.toContain('hunter2')
    expect(JSON.stringify(audits).length).toBeLessThan(2000)
  })

  test('tells no password of a URL, whichever way the URL is sent', async () => {
    const { controller, events } = await controlled(inline)
    const url = 'http://user:hunter2@host'
    for (const member of [url, { url }]) await controller.edit(add(member), 'api')
    expect(events.filter(({ kind }) => kind === 'audit')).toHaveLength(2)
    expect(JSON.stringify(events)).not.toContain('hunter2')
  })
})

test('a file that only its owner may read stays so', async () => {
  const { controller, folder } = await controlled(apart)
  chmodSync(join(folder, 'm.json'), 0o600)
  await controller.edit(add('http://c'), 'test')
  expect(statSync(join(folder, 'm.json')).mode & 0o777).toBe(0o600)
})
