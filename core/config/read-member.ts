/**
 * One member as a source outside tells it, a value of JSON: read by the rules of a pool's `backends`, but for variables,
 * which nobody outside is to read.
 */
import type { Node } from 'jsonc-parser'
import type { Member } from '../backend/member.ts'
import { createProblemList, describeProblem } from './problems.ts'
import { createReading } from './read/reading.ts'
import { member } from './schema/member.ts'

/** A member has no value deeper than its `place`'s. */
const MAX_DEPTH = 3
/** None has as many keys, so that one of the first of them is unknown; hundreds of thousands would take seconds to read. */
const MAX_CHILDREN = 32

/** Never throws, whatever the value. */
export function readMember(
  value: unknown,
): { readonly kind: 'member'; readonly member: Member } | { readonly kind: 'fault'; readonly reason: string } {
  const problems = createProblemList()
  const reading = createReading('', '', {
    cwd: '',
    env: {},
    mayRead: () => false,
    problems,
    warnings: createProblemList(),
    attachments: new Map(),
    needs: new Map(),
  })
  const read = member.read(nodeOf(value, undefined, 0), reading)
  const [problem] = problems.sorted()
  if (read !== undefined && problem === undefined) return { kind: 'member', member: read }
  return { kind: 'fault', reason: problem === undefined ? 'cannot be read' : describeProblem(problem) }
}

/** The value as the reader of texts would see it. What lies too deep for a member is left out, and what is too much: no rule allows it. */
function nodeOf(value: unknown, parent: Node | undefined, depth: number): Node {
  const plain = { offset: 0, length: 0, ...(parent && { parent }) }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return { ...plain, type: typeof value as 'string' | 'number' | 'boolean', value }
  if (typeof value !== 'object' || value === null) return { ...plain, type: 'null', value: null }
  const children: Node[] = []
  const node: Node = { ...plain, type: Array.isArray(value) ? 'array' : 'object', children }
  if (depth === MAX_DEPTH) return node
  if (Array.isArray(value))
    for (const item of value.slice(0, MAX_CHILDREN)) children.push(nodeOf(item, node, depth + 1))
  else
    for (const [key, item] of Object.entries(value).slice(0, MAX_CHILDREN))
      children.push(propertyOf(key, item, { node, depth }))
  return node
}

function propertyOf(
  key: string,
  value: unknown,
  { node, depth }: { readonly node: Node; readonly depth: number },
): Node {
  const children: Node[] = []
  const property: Node = { type: 'property', offset: 0, length: 0, parent: node, children }
  children.push(nodeOf(key, property, depth), nodeOf(value, property, depth + 1))
  return property
}
