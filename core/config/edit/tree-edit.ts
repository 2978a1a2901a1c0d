/**
 * Changes in a JSON text that leave the rest of it as it stands: comments, order, indentation, line ends, trailing
 * commas. Pure. jsonc-parser's own `modify` puts a new item in front of the comment that belongs to the last one, and
 * takes the comments behind a removed one along; hence this.
 */
import { applyEdits, createScanner, type Edit, type Node } from 'jsonc-parser'

// jsonc-parser's token numbers; its `SyntaxKind` is an ambient const enum, which `verbatimModuleSyntax` refuses.
const token = { comma: 5, lineComment: 12, blockComment: 13, trivia: 15, endOfFile: 17 } as const

const replace = (offset: number, end: number, content: string): Edit => ({ offset, length: end - offset, content })

const insert = (offset: number, content: string): Edit => replace(offset, offset, content)

/** `content` in place of a value. */
export const replaceNode = (text: string, node: Node, content: string): string =>
  applyEdits(text, [replace(node.offset, endOf(node), content)])

/** `content` as the last item of a list, or as the last property of an object, in the manner of the one before it. */
export const appendItem = (text: string, container: Node, content: string): string =>
  appendItems(text, container, [content])

/** The same with several, in one go. */
export function appendItems(text: string, container: Node, contents: readonly string[]): string {
  if (contents.length === 0) return text
  const closing = endOf(container) - 1
  const last = container.children?.at(-1)
  if (last === undefined) return fillEmpty(text, container, contents)
  const { commaEnd, lineEnd } = readTail(text, endOf(last), closing)
  const comma = commaEnd === undefined ? ',' : ''
  const indent = ownIndent(text, last.offset)
  const isStrayComma = commaEnd !== undefined && commaEnd > lineEnd
  if (indent === undefined || isStrayComma)
    return applyEdits(text, [insert(commaEnd ?? endOf(last), `${comma} ${contents.join(', ')}`)])
  const own = `${lineEndOf(text)}${indent}`
  const line = `${own}${contents.join(`,${own}`)}${commaEnd === undefined ? '' : ','}`
  if (lineEnd === endOf(last)) return applyEdits(text, [insert(lineEnd, comma + line)])
  return applyEdits(text, [insert(endOf(last), comma), insert(lineEnd, line)])
}

/** Without the item, its comma and the comment behind it on its line; other comments stay. */
export function removeItem(text: string, container: Node, index: number): string {
  const items = container.children ?? []
  const item = items[index]
  if (item === undefined) return text
  const [before, after] = [items[index - 1], items[index + 1]]
  const tail = readTail(text, endOf(item), after?.offset ?? endOf(container) - 1)
  const isLast = after === undefined && tail.commaEnd === undefined
  const commaBefore = isLast && before !== undefined ? readTail(text, endOf(before), item.offset).commaEnd : undefined
  const indent = ownIndent(text, item.offset)
  const rest = /^[ \t]*(?:\r\n|\n|\r)/.exec(text.slice(tail.lineEnd))?.[0]
  if (indent !== undefined && rest !== undefined) {
    const line = replace(item.offset - indent.length, tail.lineEnd + rest.length, '')
    const comma = tail.commaEnd !== undefined && tail.commaEnd > tail.lineEnd ? tail.commaEnd : commaBefore
    return applyEdits(text, [...commaEdit(comma), line])
  }
  const end = tail.commaEnd ?? endOf(item)
  const space = after === undefined ? 0 : (/^[ \t]*/.exec(text.slice(end))?.[0].length ?? 0)
  // With its comma goes the space in front of the last one.
  const start = commaBefore !== undefined && isBlank(text.slice(commaBefore, item.offset)) ? commaBefore : item.offset
  return applyEdits(text, [...commaEdit(commaBefore), replace(start, end + space, '')])
}

/** The same with several, in one go: from the last to the first, so that those in front stay where they are. */
export function removeItems(text: string, container: Node, isGone: (index: number) => boolean): string {
  const items = container.children ?? []
  let now = text
  let { length } = container
  let after: Node | undefined
  for (const [index, item] of [...items.entries()].toReversed()) {
    if (!isGone(index)) {
      after = item
      continue
    }
    const before = items[index - 1]
    const children = [before, item, after].filter((one) => one !== undefined)
    const next = removeItem(now, { ...container, length, children }, before === undefined ? 0 : 1)
    const moved = next.length - now.length
    if (after !== undefined) after = { ...after, offset: after.offset + moved }
    length += moved
    now = next
  }
  return now
}

const commaEdit = (commaEnd: number | undefined): Edit[] =>
  commaEnd === undefined ? [] : [replace(commaEnd - 1, commaEnd, '')]

const endOf = (node: Node): number => node.offset + node.length

interface Tail {
  /** Behind the first comma; undefined: there is none. */
  readonly commaEnd: number | undefined
  /** Behind the comma and the comments that follow on the same line. */
  readonly lineEnd: number
}

/** What stands between an item and the next one or the closing bracket. */
function readTail(text: string, from: number, to: number): Tail {
  const tail = text.slice(from, to)
  const scanner = createScanner(tail, false)
  const scan = (): number => scanner.scan()
  let commaEnd: number | undefined
  let lineEnd = from
  let isSameLine = true
  for (let kind = scan(); kind !== token.endOfFile; kind = scan()) {
    const end = from + scanner.getTokenOffset() + scanner.getTokenLength()
    if (kind === token.comma) commaEnd ??= end
    const isComment = kind === token.lineComment || kind === token.blockComment
    if (!isComment && kind !== token.comma && kind !== token.trivia) isSameLine = false
    if (isSameLine && kind !== token.trivia) lineEnd = end
    // A comma in front of the next line's comment still ends this item.
    if (kind === token.comma && !isSameLine) break
  }
  return { commaEnd, lineEnd }
}

/** The white space in front, when the item begins its line. */
function ownIndent(text: string, offset: number): string | undefined {
  const lineEnd = offset === 0 ? -1 : Math.max(text.lastIndexOf('\n', offset - 1), text.lastIndexOf('\r', offset - 1))
  const line = text.slice(lineEnd + 1, offset)
  return lineEnd !== -1 && isBlank(line) ? line : undefined
}

/** Comments in an otherwise empty container stay, above the item. */
function fillEmpty(text: string, container: Node, contents: readonly string[]): string {
  const [from, to] = [container.offset + 1, endOf(container) - 1]
  const inner = text.slice(from, to)
  const isList = container.type === 'array'
  const content = contents.join(', ')
  if (isBlank(inner)) return applyEdits(text, [replace(from, to, isList ? content : ` ${content} `)])
  const lineEnd = lineEndOf(text)
  const outer = /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', container.offset) + 1))?.[0] ?? ''
  return applyEdits(text, [
    replace(
      from + inner.trimEnd().length,
      to,
      `${lineEnd}${outer}  ${contents.join(`,${lineEnd}${outer}  `)}${lineEnd}${outer}`,
    ),
  ])
}

const lineEndOf = (text: string): string => /\r\n|\n|\r/.exec(text)?.[0] ?? '\n'

const isBlank = (text: string): boolean => text.trim() === ''
