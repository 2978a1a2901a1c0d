/** One file under its reader: how a node of its tree becomes a problem's place, key and value, and what it refers to. */
import { dirname, relative, resolve } from 'node:path'
import { getNodePath, type JSONPath, type Node } from 'jsonc-parser'
import { type Env, expand, type Expanded, holdsVariable } from './expand.ts'
import { quote, showText } from './show.ts'
import type { Tree } from './tree.ts'
import type { Fault, ProblemList } from '../problems.ts'

/** A file that another one names. `text`: it is read as members; `presence`: it only has to be there. */
export interface Need {
  readonly path: string
  readonly use: 'text' | 'presence'
}

/** What became of a need; `pending`: nobody has looked yet. */
export type Attachment =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'present' }
  | { readonly kind: 'pending' }
  | ({ readonly kind: 'fault' } & Fault)

/** What the reading of all files of one config shares. */
export interface Session {
  readonly cwd: string
  readonly env: Env
  /** What problems call files, by absolute path, in place of that. */
  readonly names?: ReadonlyMap<string, string>
  /** Which variables a text may read; absent: all. */
  readonly mayRead?: MayRead | undefined
  readonly problems: ProblemList
  /** What may be run, and is hardly meant. */
  readonly warnings: ProblemList
  /** By absolute path. */
  readonly attachments: ReadonlyMap<string, Attachment>
  /** Every need met so far, by absolute path; filled while reading. */
  readonly needs: Map<string, Need>
}

/** Whether the value at `path` of the file (absolute), as it is written, may read the variables that it names. */
export type MayRead = (file: string, path: JSONPath, written: string) => boolean

export interface Reading {
  /** A text with the variables in it read. */
  expand(node: Node): Expanded
  /**
   * `node`: the faulty value, or a key. `fault`: a function where it costs something to say: it is called only for those
   * that are told. `child`: a key that is missing from the object `node`. `secret`: the value must not be shown. Returns
   * undefined, which is what a faulty value reads as.
   */
  report(
    node: Node,
    fault: Fault | (() => Fault),
    detail?: { readonly child?: string; readonly secret?: boolean },
  ): undefined
  /** Of a value that may be run and is hardly meant. */
  warn(node: Node, fault: Fault): void
  /** What was wrong with the text before there were values to read. */
  reportTree(tree: Tree): void
  /** Absolute form of a path that starts at this file's folder. */
  resolve(path: string): string
  /** What is known of the file at an absolute path; asking makes it a need. */
  attachment(need: Need): Attachment
  /** Another file of the same config, which the value `from` names. */
  open(path: string, text: string, from: Node): Reading
}

/** `path`: absolute path of the file that holds `text`. `pool`: the one that the whole file belongs to. */
export function createReading(path: string, text: string, session: Session, pool?: string): Reading {
  const file = session.names?.get(path) ?? displayName(path, session.cwd)
  const place = locator(text)
  const report: Reading['report'] = (node, fault, { child, secret = false } = {}) => {
    session.problems.add(
      () => {
        const { rule, hint, isLocal } = typeof fault === 'function' ? fault() : fault
        return {
          file,
          ...place(node.offset),
          key: formatKey([...getNodePath(node), ...(child === undefined ? [] : [child])]),
          rule,
          value: child === undefined && !isKey(node) ? showValue(node, secret) : undefined,
          hint,
          ...(isLocal && { isLocal }),
        }
      },
      pool ?? poolAround(node),
    )
    return undefined
  }
  const reportAt = (offset: number, { rule, hint }: Fault): void =>
    session.problems.add(() => ({ file, ...place(offset), key: '', rule, value: undefined, hint }), pool)
  return {
    expand(node) {
      const written = String(node.value)
      if (!holdsVariable(written) || session.mayRead?.(path, getNodePath(node), written) !== false)
        return expand(written, session.env)
      return {
        kind: 'fault',
        rule: 'must hold no ${…} but where the file itself has it: a text of the API reads no variables',
      }
    },
    report,
    warn(node, { rule, hint }) {
      const key = (): string => formatKey(getNodePath(node))
      session.warnings.add(() => ({ file, ...place(node.offset), key: key(), rule, value: undefined, hint }))
    },
    reportTree({ faults }) {
      for (const fault of faults)
        if (typeof fault.at === 'number') reportAt(fault.at, fault)
        else report(fault.at, fault)
    },
    resolve: (relativePath) => resolve(dirname(path), relativePath),
    attachment(need) {
      session.needs.set(need.path, need)
      return session.attachments.get(need.path) ?? { kind: 'pending' }
    },
    open: (otherPath, otherText, from) => createReading(otherPath, otherText, session, pool ?? poolAround(from)),
  }
}

/** The pool of a config file that a node lies in. Climbs without counting list items: faults may be many. */
function poolAround(node: Node): string | undefined {
  const keys: unknown[] = []
  for (let at: Node | undefined = node; at !== undefined; at = at.parent)
    if (at.type === 'property') keys.push(at.children?.[0]?.value)
  return keys.at(-1) === 'pools' ? keys.at(-2)?.toString() : undefined
}

/** Relative to the working directory when inside it. */
export function displayName(path: string, cwd: string): string {
  const name = relative(cwd, path)
  return name === '' || name.startsWith('..') ? path : name
}

/** `pools.web.backends[2].url`; keys that are no plain names stand in quotes. */
export function formatKey(path: readonly (string | number)[]): string {
  let key = ''
  for (const step of path) {
    if (typeof step === 'number') key += `[${step}]`
    else if (/^[\w$-]{1,64}$/.test(step)) key += key === '' ? step : `.${step}`
    else key += `[${quote(step)}]`
  }
  return key
}

const isKey = (node: Node): boolean => node.parent?.type === 'property' && node.parent.children?.[0] === node

/** Texts as they stand in the file, before variables are expanded: an expanded one may be a secret. */
function showValue(node: Node, secret: boolean): string {
  if (node.type === 'object') return node.children?.length === 0 ? '{}' : 'an object'
  if (node.type === 'array') return node.children?.length === 0 ? '[]' : 'a list'
  const isText = node.type === 'string'
  if (secret && (isText || node.type === 'number')) return `a ${isText ? 'text' : 'number'} (not shown)`
  return isText ? showText(String(node.value)) : String(node.value)
}

/** Offset -> line and column; line starts are found once, when the first problem asks. */
export function locator(text: string): (offset: number) => { line: number; column: number } {
  let starts: number[] | undefined
  return (offset) => {
    starts ??= lineStarts(text)
    const next = starts.findIndex((start) => start > offset)
    const line = next === -1 ? starts.length : next
    return { line, column: offset - (starts[line - 1] ?? 0) + 1 }
  }
}

/** Lines end with LF, CR LF or CR. */
function lineStarts(text: string): number[] {
  const starts = [0]
  for (let index = 0; index < text.length; index++) {
    const char = text[index]
    if (char === '\n' || (char === '\r' && text[index + 1] !== '\n')) starts.push(index + 1)
  }
  return starts
}
