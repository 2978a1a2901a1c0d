/**
 * What trying a config has shown -> problems at their places: in a strategy's own file where it says so, at the option that
 * it does not take, else where its key, or the nearest one around it, stands in the config. Pure.
 */
import { findNodeAtLocation, type JSONPath, type Node } from 'jsonc-parser'
import type { ApplyProblem } from '../part.ts'
import { fileProblem, type Problem } from './problems.ts'
import { displayName, formatKey, locator } from './read/reading.ts'
import { readTree } from './read/tree.ts'
import { didYouMean } from '../suggest.ts'

export interface ConfigText {
  /** Absolute path of the file that holds it. */
  readonly file: string
  /** What it is called instead; absent: by its path. */
  readonly name?: string | undefined
  readonly text: string
  /** Absolute; problems name files relative to it. */
  readonly cwd: string
}

/** For each problem one for each line of its message that names a place or an option of its own, one when none does. */
export function locateAll(problems: readonly ApplyProblem[], config: ConfigText): Problem[] {
  let source: Source | undefined
  return problems.flatMap(({ key, message }) => {
    const parts = message.split(/\n(?=\/[^\n:]+(?::\d+:\d+)?: )/).flatMap(optionsIn)
    // The text may be long, and what is wrong with it much.
    return parts.map((part) => inOwnFile(key, part, config.cwd) ?? inConfig(key, part, (source ??= sourceOf(config))))
  })
}

/** `readOptions` has a line for each option that is wrong; what else has several lines is one message. */
function optionsIn(message: string): string[] {
  const lines = message.split('\n')
  return lines.every((line) => /^.+ (?:must be |is not an option, )/.test(line)) ? lines : [message]
}

export const locate = (problem: ApplyProblem, config: ConfigText): Problem[] => locateAll([problem], config)

/** The config's text, read once. */
interface Source {
  readonly name: string
  readonly root: Node | undefined
  readonly placeOf: ReturnType<typeof locator>
}

function sourceOf({ file, name, text, cwd }: ConfigText): Source {
  const plain = text.replace(/^\uFEFF/, '')
  return { name: name ?? displayName(file, cwd), root: readTree(plain).root, placeOf: locator(plain) }
}

/** `/app/mine.ts:18:22: Unexpected =` */
function inOwnFile(key: string, message: string, cwd: string): Problem | undefined {
  const [, file, line = '1', column = '1', rest = ''] = /^(\/[^\n:]+)(?::(\d+):(\d+))?: (.*)$/s.exec(message) ?? []
  if (file === undefined) return undefined
  const rule = /^(?:must|cannot|could|keeps) /.test(rest) ? rest : `cannot be used: ${rest}`
  return { ...fileProblem(displayName(file, cwd), rule), line: Number(line), column: Number(column), key }
}

function inConfig(key: string, message: string, source: Source): Problem {
  const { name, root, placeOf } = source
  // It may know better itself.
  const [, below, what] = /^(\S+) (.*)$/s.exec(message) ?? []
  if (below?.startsWith(`${key}.`) && what !== undefined) return inConfig(below, what, source)
  const [, option = '', rest = ''] = /^([\w$-]+) (.*)$/s.exec(message) ?? []
  const path = pathOf(key)
  const optionPath = [...path, 'options', option]
  const node = root && findNodeAtLocation(root, optionPath)
  const problem = fileProblem(name, message)
  if (node === undefined) return { ...problem, ...placeOf(nearest(root, path)?.offset ?? 0), key }
  const at = rest.startsWith('is not ') ? node.parent : node
  return {
    ...problem,
    ...placeOf(at?.offset ?? 0),
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
