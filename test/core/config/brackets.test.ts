import { describe, expect, test } from 'bun:test'
import { findBracketFault } from '../../../core/config/read/brackets.ts'
import { maxFileBytes } from '../../../core/config/read/tree.ts'

/** `line:column rule`; none: every bracket has its partner, or one closes too many. */
function faultOf(text: string): string {
  const fault = findBracketFault(text)
  if (fault === undefined) return 'none'
  const before = text.slice(0, fault.at).split('\n')
  return `${before.length}:${(before.at(-1) ?? '').length + 1} ${fault.rule}`
}

const config = `{
  "pools": {
    "web": {
      "backends": [
        "http://a",
        { "url": "http://b" }
      ],
      "health": { "path": "/h" }
    }
  },
  "routes": [{ "pool": "web" }]
}
`

/** The text without the last character of a line. */
function without(text: string, line: number, what: string): string {
  const lines = text.split('\n')
  const found = lines[line - 1] ?? ''
  lines[line - 1] = found.replace(what, '')
  return lines.join('\n')
}

describe('findBracketFault', () => {
  test.each(['', '{}', config, '"{"', '// {\n[]', '/* [ */ {}'])('finds nothing in %j', (text) => {
    expect(faultOf(text)).toBe('none')
  })

  test.each([
    [12, '}', '13:1 a closing } is expected here, for the { in line 1'],
    [11, ']', '12:1 a closing ] is expected before this, for the [ in line 11'],
    [11, '}', '11:30 a closing } is expected before this, for the { in line 11'],
    [10, '}', '12:1 a closing } is expected before this, for the { in line 2'],
    [9, '}', '10:3 a closing } is expected before this, for the { in line 3'],
    [8, '}', '9:5 a closing } is expected before this, for the { in line 8'],
    [7, ']', '9:5 a closing ] is expected before this, for the [ in line 4'],
    [6, '}', '7:7 a closing } is expected before this, for the { in line 6'],
  ])('without the bracket in line %d tells which one has no partner', (line, bracket, fault) => {
    expect(faultOf(without(config, line, bracket))).toBe(fault)
  })

  test.each(['}', '{}}', '[]]', config.replace('"pools": {', '"pools":')])(
    'leaves one too many in %j to the parser',
    (text) => {
      expect(faultOf(text)).toBe('none')
    },
  )

  test('goes by tabs and other line ends too', () => {
    expect(faultOf('{\r\t"a": {\r\t\t"b": {\r\t\t\t"c": 1\r\t}\r}')).toContain('for the { in line 3')
    expect(faultOf('{\n "a": {\n  "b": 1\n}')).toBe('4:1 a closing } is expected before this, for the { in line 2')
  })

  test('counts levels, not brackets in texts', () => {
    expect(faultOf('['.repeat(65))).toBe('1:65 must not nest deeper than 64 levels')
    expect(faultOf(`[${'[],'.repeat(1000)}]`)).toBe('none')
    expect(faultOf(`["${'['.repeat(100)}"]`)).toBe('none')
  })

  test.each([
    ['one long line', `[${'[],'.repeat(maxFileBytes / 3)}`],
    ['short lines', `[\n${'[\n],\n'.repeat(maxFileBytes / 5)}`],
    ['lines that close what a long one opens', `${'['.repeat(60)}${' '.repeat(maxFileBytes / 2)}${'\n]'.repeat(59)}`],
  ])(
    'is through with %s of the largest size at once',
    (_title, text) => {
      expect(findBracketFault(text.slice(0, maxFileBytes))?.kind).toBe('partner')
    },
    5000,
  )
})
