/** A field that holds whatever JSON its reader understands: a plugin's options. */
import type { Node } from 'jsonc-parser'
import type { About, Field } from './field.ts'
import type { Reading } from './reading.ts'

/**
 * The value as plain JSON, variables expanded in its texts. Depth is bounded and `__proto__` refused with the tree.
 * Nobody knows which of it is secret, so that problems show none of it.
 */
export const anything = (about: About): Field<unknown> => ({
  schema: { title: 'any JSON', ...about },
  read: (node, reading) => (node === undefined ? undefined : toValue(node, reading)),
})

function toValue(node: Node, reading: Reading): unknown {
  if (node.type === 'array') return (node.children ?? []).map((child) => toValue(child, reading))
  if (node.type === 'object') {
    return Object.fromEntries(
      (node.children ?? []).flatMap(({ children: [key, value] = [] }) =>
        key === undefined || value === undefined ? [] : [[String(key.value), toValue(value, reading)]],
      ),
    )
  }
  if (node.type !== 'string') return node.value
  const expanded = reading.expand(node)
  return expanded.kind === 'text' ? expanded.text : reading.report(node, expanded, { secret: true })
}
