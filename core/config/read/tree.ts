/**
 * Text -> syntax tree with offsets, or what is wrong with the text. JSON with comments and trailing commas; stricter than
 * the parser underneath in three ways: duplicate keys, `__proto__` and deep nesting are refused.
 */
import { createScanner, type Node, parseTree, type ParseError, printParseErrorCode } from 'jsonc-parser'
import type { Fault } from '../problems.ts'
import { findBracketFault } from './brackets.ts'

/** Bytes of a config or members file: room for 40,000 members, and a bound on the tree, which takes up to 200 times as much. */
export const maxFileBytes = 4 * 1024 ** 2

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
  InvalidSymbol: 'this is no JSON; keys and texts stand in double quotes',
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
  const bracket = findBracketFault(text)
  if (bracket?.kind === 'depth') return { root: undefined, faults: [bracket] }
  const errors: ParseError[] = []
  const root = parseTree(text, errors, { allowTrailingComma: true })
  if (root === undefined && isBlank(text)) return whole('must hold a JSON object, this file is empty')
  // After a missing comma the tree is still whole; after any other mistake what follows would be guesswork.
  const isWhole = errors.every((error) => printParseErrorCode(error.error) === 'CommaExpected')
  if (root === undefined || !isWhole || bracket !== undefined)
    return { root: undefined, faults: [first(text, errors, bracket)] }
  return { root, faults: [...errors.map((error) => describe(text, error)), ...keyFaults(root)] }
}

/** What the parser says of the text behind a mistake follows from that one. */
function first(
  text: string,
  errors: readonly ParseError[],
  bracket: (LocatedFault & { at: number }) | undefined,
): LocatedFault {
  const [error] = errors
  if (bracket !== undefined && (error === undefined || bracket.at <= error.offset)) return bracket
  return error === undefined ? { at: 0, rule: 'must be JSON text' } : describe(text, error)
}

/** What can be made out of a text with mistakes, for whoever needs one key of it: guesswork beyond the first mistake. */
export function readBrokenTree(text: string): Node | undefined {
  const isReadable = !text.includes('\0') && text.length <= maxFileBytes && findBracketFault(text)?.kind !== 'depth'
  return isReadable ? parseTree(text, [], { allowTrailingComma: true }) : undefined
}

const whole = (rule: string): Tree => ({ root: undefined, faults: [{ at: 0, rule }] })

function describe(text: string, error: ParseError): LocatedFault {
  const name = printParseErrorCode(error.error)
  const rule = sentences[name] ?? `this is no JSON (${name})`
  return { at: error.offset, rule, hint: name === 'InvalidSymbol' ? hintFor(text.slice(error.offset)) : undefined }
}

/** For habits from other languages. */
function hintFor(rest: string): string | undefined {
  if (rest.startsWith('#')) return 'comments are // and /* */'
  const word = /^\w+/.exec(rest)?.[0].toLowerCase() ?? ''
  const value = ['true', 'false', 'null'].find((known) => known === word)
  return value && `did you mean ${value}?`
}

/** Whether there is nothing but white space and comments. */
function isBlank(text: string): boolean {
  const kind: number = createScanner(text, true).scan()
  return kind === endOfFile
}

// jsonc-parser's token number; its `SyntaxKind` is an ambient const enum, which `verbatimModuleSyntax` refuses.
const endOfFile = 17

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
