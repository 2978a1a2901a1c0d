/**
 * Whether every bracket of a JSON text has its partner, and how deep they nest; told before the parser sees the text, since
 * it recurses, and makes several faults out of one missing bracket. The scanner does not recurse.
 */
import { createScanner, type JSONScanner } from 'jsonc-parser'
import type { Fault } from '../problems.ts'

/** The parser and all who walk its tree recurse; a real config has eight levels. */
const maxDepth = 64

export type BracketFault =
  | ({ readonly kind: 'depth'; readonly at: number } & Fault)
  /** One bracket of a pair is missing. */
  | ({ readonly kind: 'partner'; readonly at: number } & Fault)

// jsonc-parser's token numbers; its `SyntaxKind` is an ambient const enum, which `verbatimModuleSyntax` refuses.
const token = { openBrace: 1, closeBrace: 2, openBracket: 3, closeBracket: 4, endOfFile: 17 } as const

interface Opening {
  readonly closing: number
  readonly at: number
}

/** The first one at most. Never throws. */
export function findBracketFault(text: string): BracketFault | undefined {
  const scanner = createScanner(text, true)
  const open: Opening[] = []
  /** A closing one at the start of its line that stands further left than the line of its partner. */
  let shifted: { readonly at: number; readonly opening: Opening } | undefined
  /** Behind it only depth counts: the parser goes on there, too. No fault: one too many, and the parser says so. */
  let first: { readonly fault: BracketFault | undefined } | undefined
  for (let kind = kindOf(scanner); kind !== token.endOfFile; kind = kindOf(scanner)) {
    const at = scanner.getTokenOffset()
    if (kind === token.openBrace || kind === token.openBracket) {
      open.push({ closing: kind === token.openBrace ? token.closeBrace : token.closeBracket, at })
      if (open.length > maxDepth) return { kind: 'depth', at, rule: `must not nest deeper than ${maxDepth} levels` }
    } else if (kind === token.closeBrace || kind === token.closeBracket) {
      const opening = open.at(-1)
      if (opening?.closing !== kind) first ??= { fault: opening && missing(text, opening, at, 'before this') }
      else {
        open.pop()
        if (first === undefined && shifted === undefined && isShifted(text, opening.at, at)) shifted = { at, opening }
      }
    }
  }
  if (first !== undefined) return first.fault
  const innermost = open.at(-1)
  if (innermost === undefined) return undefined
  if (shifted !== undefined) return missing(text, shifted.opening, shifted.at, 'before this')
  return missing(text, innermost, text.length, 'here')
}

const kindOf = (scanner: JSONScanner): number => scanner.scan()

function missing(text: string, { closing, at: from }: Opening, at: number, where: string): BracketFault {
  const [first, last] = closing === token.closeBrace ? ['{', '}'] : ['[', ']']
  const line = text.slice(0, from).split(/\r\n|\n|\r/).length
  return { kind: 'partner', at, rule: `a closing ${last} is expected ${where}, for the ${first} in line ${line}` }
}

/** Walks back over no more than the line of each: a line may be the whole file. */
function isShifted(text: string, opening: number, closing: number): boolean {
  let own = closing
  while (isIndent(text[own - 1])) own -= 1
  if (!isLineEnd(text[own - 1])) return false
  let line = opening
  while (line > 0 && !isLineEnd(text[line - 1])) line -= 1
  let indent = 0
  while (isIndent(text[line + indent])) indent += 1
  return closing - own < indent
}

const isIndent = (char: string | undefined): boolean => char === ' ' || char === '\t'

const isLineEnd = (char: string | undefined): boolean => char === undefined || char === '\n' || char === '\r'
