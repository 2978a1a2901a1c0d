/** The configuration as a tree to unfold, or as lines to search in. Pure. */
import { holdsWords } from '../../core/view/filter.ts'

export type Leaf = string | number | boolean | null

export type Node =
  | { readonly kind: 'leaf'; readonly name: string; readonly value: Leaf }
  | { readonly kind: 'branch'; readonly name: string; readonly isList: boolean; readonly children: readonly Node[] }

export function treeOf(value: unknown, name = ''): Node {
  if (Array.isArray(value))
    return {
      kind: 'branch',
      name,
      isList: true,
      children: value.map((item, index) => treeOf(item, nameOf(item, index))),
    }
  if (typeof value === 'object' && value !== null)
    return {
      kind: 'branch',
      name,
      isList: false,
      children: Object.entries(value).map(([key, item]) => treeOf(item, key)),
    }
  const isLeaf = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  return { kind: 'leaf', name, value: isLeaf ? value : null }
}

/** What people call an item of a list by, where it has a name. */
function nameOf(item: unknown, index: number): string {
  if (typeof item !== 'object' || item === null) return String(index)
  const { name, id } = item as { readonly name?: unknown; readonly id?: unknown }
  const called = name ?? id
  return typeof called === 'string' ? called : String(index)
}

export interface ConfigLine {
  /** `pools › web › members › a:80 › weight`. */
  readonly path: string
  readonly value: Leaf
}

const mostLines = 500

/** Leaves whose path or value holds every word; the first 500. */
export function linesOf(tree: Node, filter: string): readonly ConfigLine[] {
  const lines: ConfigLine[] = []
  const visit = (node: Node, path: readonly string[]): void => {
    if (lines.length >= mostLines) return
    if (node.kind === 'branch') return node.children.forEach((child) => visit(child, [...path, child.name]))
    if (holdsWords([...path, String(node.value)], filter)) lines.push({ path: path.join(' › '), value: node.value })
  }
  visit(tree, [])
  return lines
}
