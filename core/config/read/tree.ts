/**
 * Text -> syntax tree with offsets, or what is wrong with the text. JSON with comments and trailing commas; stricter than
 * the parser underneath in three ways: duplicate keys, `__proto__` and deep nesting are refused.
 */
import {
  createScanner,
  type JSONScanner,
  type Node,
  parseTree,
  type ParseError,
  printParseErrorCode,
} from 'jsonc-parser'
import type { Fault } from '../problems.ts'

/** Bytes of a config or members file: room for 40,000 members, and a bound on the tree, which takes up to 200 times as much. */
export const maxFileBytes = 4 * 1024 ** 2

/** The parser and all who walk its tree recurse; a real config has eight levels. */
const maxDepth = 64

// jsonc-parser's token numbers; its `SyntaxKind` is an ambient const enum, which `verbatimModuleSyntax` refuses.
const token = { openBrace: 1, closeBrace: 2, openBracket: 3, closeBracket: 4, endOfFile: 17 } as const

/** At a node of the tree, or at an offset where the text makes no tree. */
export interface LocatedFault extends Fault {
  readonly at: Node | number
}

export interface Tree {
  /** undefined when there is too little left to read on. */
  readonly root: Node | undefined
  readonly faults: readonly LocatedFault[]
}

const sentences: Readonly<Record<string, string>> = {
  PropertyNameExpected: 'a key in double quotes is expected here',
  ValueExpected: 'a value is expected here',
  ColonExpected: 'a colon is expected here',
  CommaExpected: 'a comma is expected before this',
  CloseBraceExpected: 'a closing } is expected here',
  CloseBracketExpected: 'a closing ] is expected here',
  EndOfFileExpected: 'nothing more is expected after the value',
  InvalidNumberFormat: 'this is no JSON number',
  InvalidSymbol: 'this is no JSON value; texts stand in double quotes',
  InvalidCommentToken: 'this is no comment; // and /* */ are',
  UnexpectedEndOfComment: 'this comment has no end',
  UnexpectedEndOfString: 'this text has no closing quote on its line',
  UnexpectedEndOfNumber: 'this number is incomplete',
  InvalidUnicode: 'this \\u escape needs four hexadecimal digits',
  InvalidEscapeCharacter: 'this is no JSON escape',
  InvalidCharacter: 'control characters are not allowed in a text; escape them',
}

/** `text` without a byte order mark. Never throws. */
export function readTree(text: string): Tree {
  if (text.includes('\0')) return whole('must be JSON text, this is binary')
  if (text.length > maxFileBytes) return whole(`must be at most ${maxFileBytes / 1024 ** 2} MiB`)
  const depthFault = checkDepth(text)
  if (depthFault !== undefined) return { root: undefined, faults: [depthFault] }
  const errors: ParseError[] = []
  const root = parseTree(text, errors, { allowTrailingComma: true })
  if (root === undefined && isBlank(text)) return whole('must hold a JSON object, this file is empty')
  // After a missing comma the tree is still whole; after any other mistake what follows would be guesswork.
  const isWhole = errors.every((error) => printParseErrorCode(error.error) === 'CommaExpected')
  const faults = errors.map((error) => describe(error))
  if (root === undefined || !isWhole) return { root: undefined, faults }
  return { root, faults: [...faults, ...keyFaults(root)] }
}

const whole = (rule: string): Tree => ({ root: undefined, faults: [{ at: 0, rule }] })

function describe(error: ParseError): LocatedFault {
  const name = printParseErrorCode(error.error)
  return { at: error.offset, rule: sentences[name] ?? `this is no JSON (${name})` }
}

/** Whether there is nothing but white space and comments. */
const isBlank = (text: string): boolean => tokenKind(createScanner(text, true)) === token.endOfFile

const tokenKind = (scanner: JSONScanner): number => scanner.scan()

/** Brackets are counted by the scanner, which does not recurse, before anything that does sees the text. */
function checkDepth(text: string): LocatedFault | undefined {
  const scanner = createScanner(text, true)
  let depth = 0
  for (let kind = tokenKind(scanner); kind !== token.endOfFile; kind = tokenKind(scanner)) {
    if (kind === token.openBrace || kind === token.openBracket) depth++
    if (kind === token.closeBrace || kind === token.closeBracket) depth--
    if (depth > maxDepth) return { at: scanner.getTokenOffset(), rule: `must not nest deeper than ${maxDepth} levels` }
  }
  return undefined
}

function keyFaults(node: Node): LocatedFault[] {
  if (node.type !== 'object') return (node.children ?? []).flatMap((child) => keyFaults(child))
  const seen = new Set<unknown>()
  return (node.children ?? []).flatMap((property) => {
    const [key, value] = property.children ?? []
    const faults = value === undefined ? [] : keyFaults(value)
    if (key === undefined) return faults
    const rule = seen.has(key.value) ? 'stands here twice' : key.value === '__proto__' ? notAllowed : undefined
    seen.add(key.value)
    return rule === undefined ? faults : [{ at: key, rule }, ...faults]
  })
}

const notAllowed = 'is not allowed as a key'
