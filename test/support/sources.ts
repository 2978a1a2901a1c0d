/** The project's source files as text, and what they import: read as text, since Bun's own scan leaves out type imports. */
import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/** Path from the root -> text. */
export type Sources = ReadonlyMap<string, string>

export interface Import {
  /** Path from the root for a relative one, else the package as written. */
  readonly target: string
  readonly isTypeOnly: boolean
}

const ROOT = join(import.meta.dir, '..', '..')
const FILES = new Bun.Glob('{core,plugins,cli,bench,test,scripts,web}/**/*.{ts,tsx,mjs}')

/** What people wrote: generated files are left out. */
export function readSources(): Sources {
  const paths = [...FILES.scanSync(ROOT)].filter((path) => !path.includes('.generated.')).sort()
  return new Map(paths.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]))
}

/** Comment, string, template, and a slash where an expression may begin: a regular expression. In this order. */
const TOKEN =
  /(\/\/[^\n]*|\/\*[\s\S]*?\*\/)|('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")|`(?:\\[\s\S]|[^`\\])*`|(?<=[(,=:[!&|?{};]\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\//g

/** The code alone: comments, templates and regular expressions are emptied, strings stay. */
export function codeOf(text: string): string {
  return text.replace(
    TOKEN,
    (_token, comment?: string, string?: string) => string ?? (comment === undefined ? '``' : ' '),
  )
}

const IMPORT = /\b(?:from|import|require)\b\s*\(?\s*(['"])([^'"\n]+)\1/g
const TYPE_IMPORT = /\b(?:import|export)\s+type\s+(?:\w+|\{[^}]*\}|\*(?:\s+as\s+\w+)?)\s+from\s*(['"])([^'"\n]+)\1/g

/** Every import and re-export of a file, dynamic ones of a constant path included. */
export function importsOf(path: string, text: string): readonly Import[] {
  const code = codeOf(text)
  const values = code.replace(TYPE_IMPORT, '')
  const target = (specifier: string) =>
    specifier.startsWith('.') ? normalize(join(dirname(path), specifier)) : specifier
  const found = (source: string, pattern: RegExp, isTypeOnly: boolean) =>
    [...source.matchAll(pattern)].map((match) => ({ target: target(match[2] ?? ''), isTypeOnly }))
  return [...found(code, TYPE_IMPORT, true), ...found(values, IMPORT, false)]
}
