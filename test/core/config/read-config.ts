/** Parses a config text as a test needs it: as lines of problems, or as the Config. */
import type { Config } from '../../../core/config/config.ts'
import { parseConfig, type Parsed } from '../../../core/config/parse.ts'
import { formatProblem } from '../../../core/config/problems.ts'
import type { Attachment } from '../../../core/config/read/reading.ts'

export interface Surroundings {
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Texts of members files, by absolute path. */
  readonly members?: Readonly<Record<string, string>>
  /** Every other file that is there. */
  readonly present?: readonly string[]
}

/** The file is /app/edge.json; named files that are not in the surroundings are missing. */
export function parse(source: string | object, { env = {}, members = {}, present = [] }: Surroundings = {}): Parsed {
  const text = typeof source === 'string' ? source : JSON.stringify(source)
  const attachments = new Map<string, Attachment>()
  for (const [path, content] of Object.entries(members)) attachments.set(path, { kind: 'text', text: content })
  for (const path of present) attachments.set(path, { kind: 'present' })
  const options = { file: '/app/edge.json', cwd: '/app', env, attachments }
  const first = parseConfig(text, options)
  if (first.kind !== 'needs') return first
  for (const { path } of first.needs) attachments.set(path, { kind: 'fault', rule: 'must name a file that exists' })
  return parseConfig(text, options)
}

/** Throws with the problems when there are any. */
export function configOf(source: string | object, surroundings?: Surroundings): Config {
  const parsed = parse(source, surroundings)
  if (parsed.kind !== 'config') throw new Error(problemsOf(source, surroundings).join('\n'))
  return parsed.config
}

/** As people see them; none for a valid config. */
export function problemsOf(source: string | object, surroundings?: Surroundings): string[] {
  const parsed = parse(source, surroundings)
  return parsed.kind === 'problems' ? parsed.problems.map((problem) => formatProblem(problem)) : []
}

/** A config of one pool with these keys besides its backends. */
export const withPool = (pool: object): object => ({ pools: { web: { backends: ['http://localhost:8081'], ...pool } } })

/** The smallest valid config with these top-level keys besides. */
export const withTop = (top: object): object => ({ ...withPool({}), ...top })
