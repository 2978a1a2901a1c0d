import { describe, expect, test } from 'bun:test'
import { bodySchemas, type BodyName } from '../../../core/admin/body-schemas.ts'
import { checkBody } from '../../../core/admin/check-body.ts'
import { membersSchema } from '../../../core/config/schema.ts'

/** What lets a variable through, as it stands in JSON. */
const variable = String.raw`|\\$\\{`

/** One line a problem: `key rule, got value (hint)`. */
function problemsOf(name: BodyName, value: unknown): string[] {
  const checked = checkBody(name, value)
  if (checked.kind === 'body') return []
  return checked.problems.map(({ key, rule, value: got, hint }) => {
    const shown = got === undefined ? '' : `, got ${got}`
    return `${key} ${rule}${shown}${hint === undefined ? '' : ` (${hint})`}`.trimStart()
  })
}

describe('checkBody', () => {
  test.each<[BodyName, unknown]>([
    ['addBackend', 'http://a'],
    ['addBackend', 'unix:/run/a.sock'],
    ['addBackend', { url: 'http://a', weight: 0.001, zone: 'eu', place: { latitude: 1, longitude: 2 }, drain: true }],
    ['updateBackend', { weight: 1000 }],
    ['updateBackend', { maxInflight: 1 }],
    ['updateBackend', { maxInflight: null }],
    ['updateBackend', { state: 'draining' }],
    ['updateBackend', { state: 'active', weight: 1 }],
    ['updatePool', { strategy: 'p2c' }],
    ['updatePool', { strategy: '../mine.ts' }],
    ['updatePool', { strategy: { use: 'p2c', options: [null, { deep: [1] }] } }],
  ])('lets %s be %j', (name, value) => {
    expect(checkBody(name, value)).toEqual({ kind: 'body', value: value as never })
  })

  test.each<[BodyName, unknown, string]>([
    ['updateBackend', {}, 'must hold at least one of the keys weight, maxInflight, state, drain'],
    ['updateBackend', [], 'must be an object with the keys weight, maxInflight, state, drain, got a list'],
    ['updateBackend', null, 'must be an object with the keys weight, maxInflight, state, drain, got null'],
    ['updateBackend', 'x', 'must be an object with the keys weight, maxInflight, state, drain, got "x"'],
    ['updateBackend', { weight: 0 }, 'weight must be a number from 0.001 to 1000, got 0'],
    ['updateBackend', { weight: 1001 }, 'weight must be a number from 0.001 to 1000, got 1001'],
    ['updateBackend', { weight: '1' }, 'weight must be a number from 0.001 to 1000, got "1"'],
    ['updateBackend', { weight: null }, 'weight must be a number from 0.001 to 1000, got null'],
    ['updateBackend', { maxInflight: 0 }, 'maxInflight must be a whole number from 1 to 1000000, got 0'],
    [
      'updateBackend',
      { maxInflight: '5' },
      'maxInflight must be a whole number, 1 to 1000000 or null such as 20, got "5"',
    ],
    ['updateBackend', { weight: Infinity }, 'weight must be a number from 0.001 to 1000, got Infinity'],
    [
      'updateBackend',
      { state: 'drainin' },
      'state must be "active" or "draining", got "drainin" (did you mean "draining"?)',
    ],
    ['updateBackend', { state: true }, 'state must be "active" or "draining", got true'],
    ['updateBackend', { wieght: 1 }, 'wieght is not a known key (did you mean "weight"?)'],
    [
      'beginDeploy',
      { members: ['http://a', { url: 'http://b', weight: -1 }] },
      'members[1].weight must be a number from 0.001 to 1000, got -1',
    ],
    ['updateBackend', { 'a/~b': 1 }, '["a/~b"] is not a known key (known here: weight, maxInflight, state, drain)'],
    ['addBackend', {}, 'url is required'],
    ['addBackend', { url: 'http://a', drain: 1 }, 'drain must be true or false, got 1'],
    ['addBackend', { url: 'http://a', place: { latitude: 1 } }, 'place.longitude is required'],
    [
      'addBackend',
      { url: 'http://a', place: { latitude: 91, longitude: 0 } },
      'place.latitude must be a number from -90 to 90, got 91',
    ],
    ['addBackend', { url: 'http://a', place: 1 }, 'place must be an object with the keys latitude, longitude, got 1'],
    ['addBackend', { url: 'http://a', zone: 'é' }, 'zone must be a name such as "eu-1", got "é"'],
    ['updatePool', {}, 'strategy is required'],
    [
      'updatePool',
      { strategy: { use: 'p2c', option: 1 } },
      'strategy.option is not a known key (did you mean "options"?)',
    ],
  ])('tells %s about %j: %s', (name, value, problem) => {
    expect(problemsOf(name, value)).toEqual([problem])
  })

  test('tells all problems at once, each once', () => {
    expect(problemsOf('addBackend', { weight: 0, zone: 5, colour: 'red' })).toEqual([
      'url is required',
      'colour is not a known key (known here: url, weight, tier, maxInflight, zone, place, drain)',
      'weight must be a number from 0.001 to 1000, got 0',
      'zone must be a name such as "eu-1", got 5',
    ])
  })

  test('speaks of the form that was meant, and of all when there is none', () => {
    expect(problemsOf('addBackend', 'ftp://a')).toEqual([expect.stringMatching(/^must be a backend URL such as "/)])
    expect(problemsOf('addBackend', 5)).toEqual([expect.stringMatching(/^must be a backend such as "http.*, got 5$/)])
    expect(problemsOf('updatePool', { strategy: 5 })).toEqual([expect.stringMatching(/^strategy must be a .*, got 5$/)])
  })

  test('finds the URL that was meant, and says why it may not be another', () => {
    for (const body of ['a:80', { url: 'a:80' }])
      expect(problemsOf('addBackend', body)).toEqual([
        expect.stringMatching(/must be a backend URL .*, got "a:80" \(did you mean "http:\/\/a:80"\?\)$/),
      ])
    expect(problemsOf('addBackend', 'ftp://a')).toEqual([
      expect.stringMatching(/must be a backend URL .*, got "ftp:\/\/a"$/),
    ])
  })

  test('finds the strategy that was meant', () => {
    expect(problemsOf('updatePool', { strategy: 'p3c' })).toEqual([
      expect.stringMatching(/got "p3c" \(did you mean "p2c"\?\)$/),
    ])
    expect(problemsOf('updatePool', { strategy: { use: 'randon' } })).toEqual([
      expect.stringMatching(/^strategy\.use must be .*\(did you mean "random"\?\)$/),
    ])
  })

  test('reads no variable, since texts are written as they are', () => {
    expect(problemsOf('addBackend', '${URL}')).toHaveLength(1)
    expect(problemsOf('updatePool', { strategy: '${STRATEGY}' })).toHaveLength(1)
  })

  test('shows neither passwords nor what would forge a line', () => {
    expect(problemsOf('addBackend', 'https://me:secret@a').join()).not.toContain('secret')
    expect(problemsOf('updateBackend', { '\u202e\n': 1 }).join()).toContain(String.raw`["\u202e\n"]`)
    expect(problemsOf('updateBackend', { state: '\u001b[2J'.repeat(99) }).join().length).toBeLessThan(300)
  })

  test('tells of no more than anybody reads', () => {
    const keys = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`k${index}`, index]))
    expect(problemsOf('updateBackend', keys)).toHaveLength(100)
  })

  test('knows the keys that every object has as unknown ones', () => {
    for (const name of ['constructor', 'toString', 'hasOwnProperty'])
      expect(problemsOf('updateBackend', { [name]: 1 })).toEqual([
        expect.stringContaining(`${name} is not a known key`),
      ])
    expect(problemsOf('addBackend', JSON.parse('{ "__proto__": { "url": "http://a" } }'))).toContain('url is required')
  })
})

describe('body schemas', () => {
  test.each(Object.entries(bodySchemas))('%s accepts its own examples', (name, { examples = [] }) => {
    expect(examples.length).toBeGreaterThan(1)
    for (const example of examples) expect(problemsOf(name as BodyName, example)).toEqual([])
  })

  test('take a backend in the forms that a members file takes, but for variables', () => {
    const published = JSON.stringify(membersSchema.properties?.['backends']?.items?.anyOf)
    expect(published).toContain(variable)
    expect(JSON.stringify(bodySchemas.addBackend.anyOf)).toBe(published.replaceAll(variable, ''))
  })
})
