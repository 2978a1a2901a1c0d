import { describe, expect, test } from 'bun:test'
import { maxFileBytes, readTree } from '../../../core/config/read/tree.ts'

const rules = (text: string): string[] => readTree(text).faults.map((fault) => fault.rule)
const places = (text: string) => readTree(text).faults.map(({ at }) => (typeof at === 'number' ? at : at.offset))

describe('readTree', () => {
  test('takes comments and trailing commas', () => {
    const { root, faults } = readTree('// a\n{ "a": [1, 2,], /* b */ "c": {}, }')
    expect(faults).toEqual([])
    expect(root?.children?.length).toBe(2)
  })

  test.each(['', ' \n\t', '// only a comment', '/* and this */'])('calls %p empty', (text) => {
    expect(rules(text)).toEqual(['must hold a JSON object, this file is empty'])
  })

  test('calls NUL bytes binary', () => {
    expect(rules('{\0}')).toEqual(['must be JSON text, this is binary'])
  })

  test.each([
    ['{ "a": 1', 'a closing } is expected here, for the { in line 1'],
    ['[1', 'a closing ] is expected here, for the [ in line 1'],
    ['{ "a" 1 }', 'a colon is expected here'],
    ['{ "a": }', 'a value is expected here'],
    ["{ 'a': 1 }", 'this is no JSON; keys and texts stand in double quotes'],
    ['{ "a": "b }', 'this text has no closing quote on its line'],
    ['{} {}', 'nothing more is expected after the value'],
    ['{ "a": 1 } /* ', 'this comment has no end'],
  ])('says what is wrong with %p', (text, rule) => {
    expect(rules(text)).toEqual([rule])
    expect(readTree(text).root).toBeUndefined()
  })

  test.each([
    ["{ 'a': { 'b': ['c'] } }", 2],
    ['{ a: { b: ["c"] } }', 2],
    ['a:\n  b:\n    - c', 0],
    ['{ "a": ["b] } }', 8],
    ['{ "a": [1],, "b": 2 }', 11],
    ['{ "a" = { "b": 1 } }', 6],
    ['{ "a": ["b"; "c"] }', 11],
    ['{ "a":\n "b": { "c": 1 } } }', 11],
  ])('says one thing about %p, where it begins', (text, at) => {
    expect(places(text)).toEqual([at])
  })

  test.each([
    ['{ # mine\n "a": 1 }', 'comments are // and /* */'],
    ['{ "a": True }', 'did you mean true?'],
    ['{ "a": NULL }', 'did you mean null?'],
    ['{ "a": yes }', undefined],
  ])('knows the habit behind %p', (text, hint) => {
    expect(readTree(text).faults.map((fault) => fault.hint)).toEqual([hint])
  })

  test('reads on after a missing comma', () => {
    const { root, faults } = readTree('{ "a": 1 "b": 2 }')
    expect(faults).toEqual([{ at: 9, rule: 'a comma is expected before this' }])
    expect(root?.children?.length).toBe(2)
  })

  test('reports repeated keys at the second one, at every depth', () => {
    expect(rules('{ "a": [{ "b": 1, "b": 2 }], "a": 3 }')).toEqual(['stands here twice', 'stands here twice'])
    expect(places('{ "a": 1, "a": 2 }')).toEqual([10])
  })

  test('sees through an escaped repetition of a key', () => {
    expect(rules(String.raw`{ "a": 1, "\u0061": 2 }`)).toEqual(['stands here twice'])
  })

  test('refuses __proto__ as a key', () => {
    expect(rules('{ "a": { "__proto__": { "x": 1 } } }')).toEqual(['is not allowed as a key'])
  })

  test.each(['[', '{"a":'])('refuses a million nested %p without overflowing the stack', (open) => {
    expect(rules(open.repeat(500_000))).toEqual(['must not nest deeper than 64 levels'])
  })

  test('takes 64 levels and not 65', () => {
    expect(rules('['.repeat(64) + ']'.repeat(64))).toEqual([])
    expect(rules('['.repeat(65) + ']'.repeat(65))).toEqual(['must not nest deeper than 64 levels'])
  })

  test.each(['[1},', '{"a":{"b":1],"c":', '}[', '[}'.repeat(1000)])(
    'refuses deep nesting behind a mistake as well: %.20s',
    (mistake) => {
      expect(rules(mistake + '['.repeat(1_000_000))).toEqual(['must not nest deeper than 64 levels'])
    },
  )

  test('does not count brackets in texts and comments as levels', () => {
    expect(rules(`["${'['.repeat(100)}" /* ${'['.repeat(100)} */]`)).toEqual([])
  })

  test('refuses a text beyond the bound', () => {
    expect(rules(`"${'x'.repeat(maxFileBytes)}"`)).toEqual(['must be at most 4 MiB'])
  })
})
