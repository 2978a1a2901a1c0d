/**
 * What trying a config has shown -> problems at their places: in a strategy's own file where it says so, at the option that
 * it does not take, else where its key, or the nearest one around it, stands in the config. Pure.
 */
import { findNodeAtLocation, type JSONPath, type Node } from 'jsonc-parser'
import type { ApplyProblem } from '../part.ts'
import { fileProblem, type Problem } from './problems.ts'
import { displayName, formatKey } from './read/reading.ts'
import { readTree } from './read/tree.ts'
import { didYouMean } from '../suggest.ts'

export interface ConfigText {
  /** Absolute path of the file that holds it. */
  readonly file: string
  readonly text: string
  /** Absolute; problems name files relative to it. */
  readonly cwd: string
}

/** One for each line of its message that names a place of its own, one when none does. */
export function locate({ key, message }: ApplyProblem, config: ConfigText): Problem[] {
  const parts = message.split(/\n(?=\/[^\n:]+(?::\d+:\d+)?: )/)
  return parts.map((part) => inOwnFile(key, part, config.cwd) ?? inConfig(key, part, config))
}

/** `/app/mine.ts:18:22: Unexpected =` */
function inOwnFile(key: string, message: string, cwd: string): Problem | undefined {
  const [, file, line = '1', column = '1', rest = ''] = /^(\/[^\n:]+)(?::(\d+):(\d+))?: (.*)$/s.exec(message) ?? []
  if (file === undefined) return undefined
  const rule = /^(?:must|cannot|could|keeps) /.test(rest) ? rest : `cannot be used: ${rest}`
  return { ...fileProblem(displayName(file, cwd), rule), line: Number(line), column: Number(column), key }
}

function inConfig(key: string, message: string, { file, text, cwd }: ConfigText): Problem {
  const { root } = readTree(text.replace(/^\uFEFF/, ''))
  // It may know better itself.
  const [, below, what] = /^(\S+) (.*)$/s.exec(message) ?? []
  if (below?.startsWith(`${key}.`) && what !== undefined) return inConfig(below, what, { file, text, cwd })
  const [, option = '', rest = ''] = /^([\w$-]+) (.*)$/s.exec(message) ?? []
  const path = pathOf(key)
  const optionPath = [...path, 'options', option]
  const node = root && findNodeAtLocation(root, optionPath)
  const problem = fileProblem(displayName(file, cwd), message)
  if (node === undefined) return { ...problem, ...placeIn(text, nearest(root, path)?.offset), key }
  const at = rest.startsWith('is not ') ? node.parent : node
  return {
    ...problem,
    ...placeIn(text, at?.offset),
    key: formatKey(optionPath),
    rule: rest,
    hint: hintFor(option, rest),
  }
}

/** As `readOptions` says it: `is not an option, known: decay, penalty, got 2`. */
function hintFor(option: string, rule: string): string | undefined {
  const known = /^is not an option, known: (.*), got /s.exec(rule)?.[1]
  return known === undefined ? undefined : didYouMean(option, known.split(', '))
}

function placeIn(text: string, offset = 0): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset).split(/\r\n|\n|\r/)
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}

function nearest(root: Node | undefined, path: JSONPath): Node | undefined {
  if (root === undefined || path.length === 0) return root
  return findNodeAtLocation(root, path) ?? nearest(root, path.slice(0, -1))
}

/** `pools["a.b"].strategy` -> its steps; the inverse of `formatKey`. */
function pathOf(key: string): (string | number)[] {
  const steps = key.matchAll(/\[("(?:[^"\\]|\\.)*")\]|\[(\d+)\]|([^.[\]]+)/g)
  return [...steps].map(([, quoted, index, plain = '']) => {
    if (quoted !== undefined) return String(JSON.parse(quoted))
    return index !== undefined ? Number(index) : plain
  })
}
