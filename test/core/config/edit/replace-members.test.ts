import { describe, expect, test } from 'bun:test'
import { editText, type Home, memberText, memberTexts, textId } from '../../../../core/config/edit/pool-edit.ts'

const env = { PORT: '8081' }
const home: Home = { file: '/app/m.json', path: ['backends'] }

function replaced(text: string, put: readonly string[], gone: readonly string[]): string {
  const edited = editText(text, home, { kind: 'replace', put, gone }, env)
  return edited.kind === 'text' ? edited.text : edited.kind
}

const listed = `{
  // Ours.
  "backends": [
    "http://a", // the first
    // Above b.
    { "url": "http://b", "weight": 2 },
    "http://c:\${PORT}"
  ] // theirs
}
`

describe('members in place of others', () => {
  test('stand where those stood, and all else stays as it is', () => {
    expect(replaced(listed, ['"http://d"', '{ "url": "http://e", "zone": "eu" }'], ['a:80', 'b:80', 'c:8081'])).toBe(`{
  // Ours.
  "backends": [
    // Above b.
    "http://d",
    { "url": "http://e", "zone": "eu" }
  ] // theirs
}
`)
  })

  test.each([
    ['{"backends":["http://a"]}', ['"http://b"'], ['a:80'], '{"backends":["http://b"]}'],
    ['{"backends":[]}', ['"http://b"'], [], '{"backends":["http://b"]}'],
    ['{"backends":["http://a",]}', ['"http://b"'], ['a:80'], '{"backends":["http://b"]}'],
    // Whoever is there already, or gone already, is no fault.
    ['{"backends":["http://a"]}', ['"http://a:80"'], ['x:80'], '{"backends":["http://a"]}'],
    ['{"backends":["http://a"]}', ['"http://b"', '"http://B:80/"'], [], '{"backends":["http://a", "http://b"]}'],
    ['{"backends":["http://a","http://b"]}', [], ['a:80'], '{"backends":["http://b"]}'],
  ])('in %s', (text, put, gone, expected) => {
    expect(replaced(text, put, gone)).toBe(expected)
  })

  test('are nowhere where there is no list', () => {
    expect(replaced('{}', ['"http://a"'], [])).toBe('no-backend')
  })
})

describe('the members of a file', () => {
  test('are told as they stand there, by id, and come back the same', () => {
    const texts = memberTexts(listed, home, env)
    expect([...texts]).toEqual([
      ['a:80', '"http://a"'],
      ['b:80', '{ "url": "http://b", "weight": 2 }'],
      ['c:8081', '"http://c:${PORT}"'],
    ])
    const there = replaced(listed, ['"http://d"'], [...texts.keys()])
    expect([...memberTexts(replaced(there, [...texts.values()], ['d:80']), home, env)]).toEqual([...texts])
  })

  test('are none where there is no list', () => {
    for (const text of ['{}', '', '{"backends":7}', '[']) expect(memberTexts(text, home, env).size).toBe(0)
  })
})

describe('a member as a text', () => {
  test('is literal, and has the id that it will have', () => {
    expect(memberText({ url: 'http://a:${PORT}', weight: 2 })).toBe('{ "url": "http://a:$${PORT}", "weight": 2 }')
    expect(textId(memberText('http://A'), env)).toBe('a:80')
    expect(textId('{', env)).toBeUndefined()
    expect(textId('7', env)).toBeUndefined()
  })
})
