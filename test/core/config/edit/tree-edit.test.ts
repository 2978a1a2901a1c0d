import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { findNodeAtLocation, type Node, parse, parseTree, type ParseError } from 'jsonc-parser'
import {
  appendItem,
  appendItems,
  removeItem,
  removeItems,
  replaceNode,
} from '../../../../core/config/edit/tree-edit.ts'

function rootOf(text: string) {
  const root = parseTree(text, [], { allowTrailingComma: true })
  if (root === undefined) throw new Error(`no tree: ${text}`)
  return root
}
const append = (text: string, content = '9') => appendItem(text, rootOf(text), content)
const remove = (text: string, index: number) => removeItem(text, rootOf(text), index)

/** Throws when the text is no JSON with comments and trailing commas. */
function valueOf(text: string): unknown {
  const errors: ParseError[] = []
  const value: unknown = parse(text, errors, { allowTrailingComma: true })
  if (errors.length > 0) throw new Error(`no JSON: ${text}`)
  return value
}

describe('appendItem', () => {
  test.each([
    ['[]', '[9]'],
    ['[ ]', '[9]'],
    ['{}', '{ 9 }'],
    ['[1, 2]', '[1, 2, 9]'],
    ['[1, 2, ]', '[1, 2, 9 ]'],
    ['[\n  1,\n  2\n]', '[\n  1,\n  2,\n  9\n]'],
    ['[\n\t1,\n\t2,\n]', '[\n\t1,\n\t2,\n\t9,\n]'],
    ['[\r\n  1\r\n]', '[\r\n  1,\r\n  9\r\n]'],
    ['[\n  1 // one\n]', '[\n  1, // one\n  9\n]'],
    ['[\n  1, // one\n]', '[\n  1, // one\n  9,\n]'],
    ['[\n  1 // one\n  ,\n]', '[\n  1 // one\n  , 9\n]'],
    ['[\n  1 /* one */ /* more */\n  // no more\n]', '[\n  1, /* one */ /* more */\n  9\n  // no more\n]'],
    ['[1 // one\n]', '[1, 9 // one\n]'],
    ['[\n  // none yet\n]', '[\n  // none yet\n  9\n]'],
    ['  [ /* none yet */ ]', '  [ /* none yet */\n    9\n  ]'],
  ])('turns %j into %j', (text, expected) => {
    expect(append(text)).toBe(expected)
  })
})

describe('removeItem', () => {
  test.each([
    ['[1]', 0, '[]'],
    ['[1, 2, 3]', 0, '[2, 3]'],
    ['[1, 2, 3]', 1, '[1, 3]'],
    ['[1, 2, 3]', 2, '[1, 2]'],
    ['[1, 2, ]', 1, '[1,  ]'],
    ['[\n  1,\n  2\n]', 0, '[\n  2\n]'],
    ['[\n  1,\n  2\n]', 1, '[\n  1\n]'],
    ['[\r\n  1,\r\n  2,\r\n]', 1, '[\r\n  1,\r\n]'],
    ['[\n  1, // one\n  2 // two\n]', 0, '[\n  2 // two\n]'],
    ['[\n  1, // one\n  2 // two\n]', 1, '[\n  1 // one\n]'],
    ['[\n  // about one\n  1,\n  // about two\n  2\n]', 0, '[\n  // about one\n  // about two\n  2\n]'],
    ['[\n  1, 2,\n  3\n]', 0, '[\n  2,\n  3\n]'],
    ['[\n    1\n  , 2\n]', 0, '[\n   2\n]'],
    ['[1, 2]', 7, '[1, 2]'],
    ['[]', 0, '[]'],
  ])('%j without [%d] is %j', (text, index, expected) => {
    expect(remove(text, index)).toBe(expected)
  })
})

/** A list as people write it: some style of gaps, comments that say whom they belong to, perhaps a trailing comma. */
const gap = fc.constantFrom('', ' ', '\n', '\n  ', '\r\n\t', ' /* x */ ', ' // y\n', '\n  // z, "w" ]\n  ')
const list = fc
  .record({ gaps: fc.array(fc.tuple(gap, gap), { minLength: 1, maxLength: 5 }), inner: gap, isTrailing: fc.boolean() })
  .map(({ gaps, inner, isTrailing }) => {
    const items = gaps.slice(1).map(([before, after], at) => `${before}"i${at}"${after}`)
    return `[${items.join(',')}${isTrailing && items.length > 0 ? ',' : ''}${inner}]`
  })

const comments = (text: string): number => text.match(/\/\* x \*\/|\/\/ y\r?\n|\/\/ z, "w" \]\r?\n/g)?.length ?? 0

describe('edits of any list', () => {
  const seed = 7

  test('append behind the last item and keep every comment', () => {
    fc.assert(
      fc.property(list, (text) => {
        const edited = append(text, '"new"')
        expect(valueOf(edited)).toEqual([...(valueOf(text) as unknown[]), 'new'])
        expect(comments(edited)).toBe(comments(text))
      }),
      { seed, numRuns: 500 },
    )
  })

  test('remove one item and nothing else', () => {
    fc.assert(
      fc.property(list, fc.nat(4), (text, index) => {
        const items = valueOf(text) as unknown[]
        expect(valueOf(remove(text, index))).toEqual(items.toSpliced(index, 1))
      }),
      { seed, numRuns: 500 },
    )
  })

  test('replace one item in its place', () => {
    fc.assert(
      fc.property(list, fc.nat(4), (text, index) => {
        const node = rootOf(text).children?.[index]
        if (node === undefined) return
        expect(valueOf(replaceNode(text, node, '{ "a": [1] }'))).toEqual(
          (valueOf(text) as unknown[]).with(index, { a: [1] }),
        )
      }),
      { seed, numRuns: 500 },
    )
  })
})

describe('several items at once', () => {
  /** The list of an object that goes on behind it. */
  const listIn = (text: string): Node => {
    const list = findNodeAtLocation(rootOf(text), ['list'])
    if (list === undefined) throw new Error('no list')
    return list
  }
  const itemsOf = (text: string): unknown => (valueOf(text) as { list: unknown }).list
  const texts = [
    '["a","b","c","d"]',
    '["a", "b", "c", "d",]',
    '[\n  "a", // one\n  // above b\n  "b",\n  "c", "d" // last\n]',
    '[\r\n\t"a"\r\n\t,"b"\r\n\t,"c"\r\n\t,"d"\r\n]',
    '[ /* x */ "a", /* y */ "b" /* z */, "c", "d" ] // end\n',
  ].map((list) => `{ "list": ${list}, "more": ["x", "y"] }`)
  const subsets = Array.from({ length: 16 }, (_, bits) => [0, 1, 2, 3].filter((index) => (bits & (1 << index)) !== 0))

  test.each(texts)('go as if one by one from the last: %j', (text) => {
    for (const gone of subsets) {
      const oneByOne = gone.toReversed().reduce((before, index) => removeItem(before, listIn(before), index), text)
      const edited = removeItems(text, listIn(text), (index) => gone.includes(index))
      expect(edited).toBe(oneByOne)
      expect(itemsOf(edited)).toEqual(['a', 'b', 'c', 'd'].filter((_, index) => !gone.includes(index)))
    }
  })

  test.each([...texts, '{ "list": [], "more": 1 }', '{ "list": [ // none\n], "more": 1 }'])(
    'come as if one by one: %j',
    (text) => {
      expect(appendItems(text, listIn(text), [])).toBe(text)
      const edited = appendItems(text, listIn(text), ['"x"', '"y"'])
      const first = appendItem(text, listIn(text), '"x"')
      expect(edited).toBe(appendItem(first, listIn(first), '"y"'))
      expect((itemsOf(edited) as string[]).slice(-2)).toEqual(['x', 'y'])
    },
  )
})
