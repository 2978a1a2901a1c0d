import { describe, expect, test } from 'bun:test'
import { editText, type FileEdit, findHome } from '../../../../core/config/edit/pool-edit.ts'
import type { Place } from '../../../../core/config/discover.ts'

const place: Place = { path: '/app/edge.json', kind: 'config' }
const env = { PORT: '8081', FILE: 'm.json' }
const config = `{
  "pools": {
    "web": { "backends": ["http://a", { "url": "http://b" }] }, // ours
    "api": { "backends": { "file": "\${FILE}" }, "strategy": "p2c" }
  }
}`

/** The edited text of the file that holds it. */
function edited(text: string, pool: string, edit: FileEdit): string {
  const home = findHome(text, place, { pool, what: edit.kind === 'strategy' ? 'pool' : 'members' }, env)
  if (home === undefined) throw new Error('no home')
  const result = editText(text, home, edit, env)
  return result.kind === 'text' ? result.text : result.kind
}

describe('findHome', () => {
  test('tells the list in the config, or the file that it names', () => {
    expect(findHome(config, place, { pool: 'web', what: 'members' }, env)).toEqual({
      file: '/app/edge.json',
      path: ['pools', 'web', 'backends'],
    })
    expect(findHome(config, place, { pool: 'api', what: 'members' }, env)).toEqual({
      file: '/app/m.json',
      path: ['backends'],
    })
    expect(findHome(config, place, { pool: 'api', what: 'pool' }, env)).toEqual({
      file: '/app/edge.json',
      path: ['pools', 'api'],
    })
  })

  test('knows the one pool of a lone members file, which has no place for a strategy', () => {
    const alone: Place = { path: '/app/backends.json', kind: 'members' }
    expect(findHome('', alone, { pool: 'default', what: 'members' }, env)).toEqual({
      file: '/app/backends.json',
      path: ['backends'],
    })
    expect(findHome('', alone, { pool: 'default', what: 'pool' }, env)).toBeUndefined()
    expect(findHome('', alone, { pool: 'web', what: 'members' }, env)).toBeUndefined()
  })

  test.each(['nope', '', '__proto__', 'constructor', 'web.backends', '0', 'x'.repeat(100_000)])(
    'finds no pool %j',
    (pool) => {
      expect(findHome(config, place, { pool, what: 'members' }, env)).toBeUndefined()
    },
  )

  test.each(['', '{', '[]', 'null', '{ "pools": [] }', '{ "pools": { "web": 5 } }'])('finds none in %j', (text) => {
    expect(findHome(text, place, { pool: 'web', what: 'members' }, env)).toBeUndefined()
  })
})

describe('an edit', () => {
  const members = (...list: string[]) => `{ "pools": { "web": { "backends": [${list.join(', ')}] } } }`

  test.each<[string, string, FileEdit, string]>([
    ['adds a URL', members('"http://a"'), { kind: 'add', member: 'http://b' }, members('"http://a"', '"http://b"')],
    [
      'adds an object',
      members(),
      { kind: 'add', member: { url: 'http://b', weight: 2, place: { latitude: 1, longitude: 2 } } },
      members('{ "url": "http://b", "weight": 2, "place": { "latitude": 1, "longitude": 2 } }'),
    ],
    [
      'removes by id',
      members('"http://a"', '{ "url": "http://b" }'),
      { kind: 'remove', backend: 'b:80' },
      members('"http://a"'),
    ],
    [
      'finds a member by what its variable stands for',
      members('"http://x:${PORT}"', '"http://b"'),
      { kind: 'remove', backend: 'x:8081' },
      members('"http://b"'),
    ],
    [
      'gives a plain member a weight and keeps its variable',
      members('"http://x:${PORT}"'),
      { kind: 'update', backend: 'x:8081', weight: 2 },
      members('{ "url": "http://x:${PORT}", "weight": 2 }'),
    ],
    [
      'changes a weight in its place',
      members('{ "weight": 1, /* ! */ "url": "http://a" }'),
      { kind: 'update', backend: 'a:80', weight: 0.5 },
      members('{ "weight": 0.5, /* ! */ "url": "http://a" }'),
    ],
    [
      'drains and weighs at once',
      members('{ "url": "http://a" }', '"http://b"'),
      { kind: 'update', backend: 'a:80', weight: 2, drain: true },
      members('{ "url": "http://a", "weight": 2, "drain": true }', '"http://b"'),
    ],
    [
      'bounds a plain member',
      members('"http://a"'),
      { kind: 'update', backend: 'a:80', maxInflight: 20 },
      members('{ "url": "http://a", "maxInflight": 20 }'),
    ],
    [
      'takes the bound of a member away, and the object with it',
      members('{ "url": "http://a", "maxInflight": 20 }'),
      { kind: 'update', backend: 'a:80', maxInflight: null },
      members('"http://a"'),
    ],
    [
      'changes all that it has to say at once',
      members('{ "maxInflight": 2, "url": "http://a", "drain": true }'),
      { kind: 'update', backend: 'a:80', weight: 3, maxInflight: 20, drain: false },
      members('{ "maxInflight": 20, "url": "http://a", "weight": 3 }'),
    ],
    [
      'leaves a plain member without a bound as it is',
      members('"http://a"'),
      { kind: 'update', backend: 'a:80', maxInflight: null },
      members('"http://a"'),
    ],
    [
      'drains a plain member',
      members('"http://a"'),
      { kind: 'update', backend: 'a:80', drain: true },
      members('{ "url": "http://a", "drain": true }'),
    ],
    [
      'resumes by taking the key away',
      members('{ "url": "http://a", "drain": true, "zone": "z" }'),
      { kind: 'update', backend: 'a:80', drain: false },
      members('{ "url": "http://a", "zone": "z" }'),
    ],
    [
      'writes the URL alone where nothing else is left to say',
      members('{ "drain": true, "url": "http://x:${PORT}", }', '"http://b"'),
      { kind: 'update', backend: 'x:8081', drain: false },
      members('"http://x:${PORT}"', '"http://b"'),
    ],
    [
      'takes away a weight that is as by default, where nothing else is left to say',
      members('{ "url": "http://a", "weight": 2, "drain": true }'),
      { kind: 'update', backend: 'a:80', weight: 1, drain: false },
      members('"http://a"'),
    ],
    [
      'says nothing of a weight that a plain member has by default',
      members('"http://a"'),
      { kind: 'update', backend: 'a:80', weight: 1, drain: false },
      members('"http://a"'),
    ],
    [
      'keeps a weight that is as by default beside other keys',
      members('{ "url": "http://a", "weight": 2, "zone": "z" }'),
      { kind: 'update', backend: 'a:80', weight: 1 },
      members('{ "url": "http://a", "weight": 1, "zone": "z" }'),
    ],
    [
      'keeps the comments of a member',
      members('{ "url": "http://a", /* ! */ "drain": true }'),
      { kind: 'update', backend: 'a:80', drain: false },
      members('{ "url": "http://a" /* ! */  }'),
    ],
    [
      'leaves an object as it is that it has nothing to change in',
      members('{ "url": "http://a" }'),
      { kind: 'update', backend: 'a:80', drain: false },
      members('{ "url": "http://a" }'),
    ],
    [
      'leaves a member that takes requests as it is',
      members('"http://a"'),
      { kind: 'update', backend: 'a:80', drain: false },
      members('"http://a"'),
    ],
    [
      'sets a strategy where there was none',
      members(),
      { kind: 'strategy', strategy: { use: 'p2c', options: {} } },
      '{ "pools": { "web": { "backends": [], "strategy": { "use": "p2c", "options": {} } } } }',
    ],
    [
      'replaces a strategy',
      '{ "pools": { "web": { "strategy": "random" /* for now */ } } }',
      { kind: 'strategy', strategy: 'p2c' },
      '{ "pools": { "web": { "strategy": "p2c" /* for now */ } } }',
    ],
    [
      'takes texts for what they are, not for variables',
      members(),
      { kind: 'add', member: 'http://${PORT}' },
      members('"http://$${PORT}"'),
    ],
    [
      'writes down wrong types for the loader to refuse',
      members(),
      { kind: 'add', member: [null, { a: true }] },
      members('[null, { "a": true }]'),
    ],
    ['writes null for what JSON cannot hold', members(), { kind: 'add', member: Number.NaN }, members('null')],
  ])('%s', (_title, text, edit, expected) => {
    expect(edited(text, 'web', edit)).toBe(expected)
  })

  test.each<FileEdit>([
    { kind: 'remove', backend: 'nope:80' },
    { kind: 'remove', backend: '' },
    { kind: 'update', backend: 'http://a', weight: 1 },
    { kind: 'update', backend: '__proto__', drain: true },
  ])('says that there is no such backend: %j', (edit) => {
    expect(edited(members('"http://a"', '5', 'null', '{}', '"http://${GONE}"'), 'web', edit)).toBe('no-backend')
  })

  test('keeps comments, order and indentation of everything else', () => {
    const text = `{\r\n\t// ours\r\n\t"pools": {\r\n\t\t"web": {\r\n\t\t\t"backends": [\r\n\t\t\t\t"http://a", // the old one\r\n\t\t\t\t"http://b"\r\n\t\t\t],\r\n\t\t}\r\n\t}\r\n}\r\n`
    expect(edited(text, 'web', { kind: 'update', backend: 'b:80', drain: true })).toBe(
      text.replace('"http://b"', '{ "url": "http://b", "drain": true }'),
    )
    expect(edited(text, 'web', { kind: 'add', member: 'http://c' })).toBe(
      text.replace('"http://b"', '"http://b",\r\n\t\t\t\t"http://c"'),
    )
    expect(edited(text, 'web', { kind: 'strategy', strategy: 'random' })).toBe(
      text.replace('\t\t\t],', '\t\t\t],\r\n\t\t\t"strategy": "random",'),
    )
  })
})
