/** Finds the configuration, reads it and the files it names, and hands back a Config or every problem. */
import type { Config } from './config.ts'
import { type Place, type Search, searchFor } from './discover.ts'
import { attach, type FileText, isPipe, readPipe, readRegularFile, readText, type ReadFile } from './files.ts'
import { parseConfig, type Parsed, type Rest } from './parse.ts'
import { readAddress } from '../fleet/address.ts'
import { nodeName, readCopy } from '../fleet/copy.ts'
import { homeOf } from '../own-files.ts'
import { fileProblem, missingConfig, type Problem } from './problems.ts'
import type { Env } from './read/expand.ts'
import { type Attachment, displayName, type MayRead } from './read/reading.ts'

export interface LoadOptions {
  /** What `--config` says; without it the usual places are searched. */
  readonly path?: string | undefined
  /** The one place to look at instead: where an earlier load found it. */
  readonly place?: Place | undefined
  /** Absolute. */
  readonly cwd: string
  readonly env: Env
  /** Absent: every text may read every variable. */
  readonly mayRead?: MayRead | undefined
  /** Defaults to the regular files of the file system, and the configuration itself may come through a pipe. */
  readonly readFile?: ReadFile
}

export type Loaded =
  | {
      readonly kind: 'config'
      readonly config: Config
      /** The file it came from, absolute. */
      readonly source: string
      /** What people are told in place of `source`; absent: it is a file. */
      readonly name?: string | undefined
      readonly place: Place
      /** Every file it was made of, absolute. */
      readonly files: readonly string[]
      /** What `source` says. */
      readonly text: string
      /** It came through a pipe, and cannot be read again. */
      readonly isPiped: boolean
      /** Of what may be run, and is hardly meant. */
      readonly warnings: readonly Problem[]
    }
  | {
      readonly kind: 'problems'
      readonly problems: readonly Problem[]
      /** How many more there are than those listed. */
      readonly omitted: number
      readonly rest: Rest | undefined
      /** undefined: no configuration was found. */
      readonly source: string | undefined
      readonly name?: string | undefined
      /** What `source` says; undefined: it could not be read. */
      readonly text: string | undefined
      /** Every file that was read or should have been, so that a watcher sees the repair. */
      readonly files: readonly string[]
    }

/** Never throws for what files hold or lack. */
export function loadConfig(options: LoadOptions): Loaded {
  const { cwd, env, mayRead, readFile = readRegularFile } = options
  const found = findConfig(options)
  if (found === undefined) return nothingFound(cwd)
  const { place, file, isPiped } = found
  const name = place.name ?? displayName(place.path, cwd)
  if (file.kind !== 'text') {
    return {
      kind: 'problems',
      problems: [file.kind === 'missing' ? missingConfig(name) : fileProblem(name, file.rule)],
      omitted: 0,
      rest: undefined,
      source: place.path,
      name: place.name,
      text: undefined,
      files: [place.path],
    }
  }
  const attachments = new Map<string, Attachment>()
  const text = place.kind === 'config' ? file.text : onePoolOf(place.path)
  if (place.kind === 'members') attachments.set(place.path, file)
  const parsed = parseWithAttachments(text, {
    file: place.path,
    name: place.name,
    cwd,
    env,
    mayRead,
    attachments,
    readFile,
  })
  const files = [...new Set([place.path, ...attachments.keys()])]
  const source = { source: place.path, name: place.name, text: file.text, files }
  return parsed.kind === 'problems' ? { ...parsed, ...source } : { ...parsed, ...source, place, isPiped }
}

export interface Found {
  readonly place: Place
  readonly file: FileText
  readonly isPiped: boolean
}

/**
 * The configuration and its text; undefined: there is none. A file that exists but cannot be read counts as found:
 * another one is not what the user meant.
 */
export function findConfig({ path, place, cwd, env, readFile }: LoadOptions): Found | undefined {
  if (place !== undefined) return read(place, readFile ?? readRegularFile)
  const search: Search = searchFor({ path, cwd, env })
  if (search.kind === 'source') return { ...readKept(search.text, cwd, env), isPiped: false }
  if (search.kind === 'explicit') {
    const isPiped = readFile === undefined && isPipe(search.place.path)
    return { ...read(search.place, readFile ?? (isPiped ? readPipe : readRegularFile)), isPiped }
  }
  for (const place of search.places) {
    const found = read(place, readFile ?? readRegularFile)
    if (found.file.kind !== 'missing') return found
  }
  return undefined
}

/** Of a fleet's source what this node has kept of it: that is what it runs, as far as this machine knows. */
function readKept(text: string, cwd: string, env: Env): Pick<Found, 'place' | 'file'> {
  const address = readAddress(text, env)
  const name = address.kind === 'source' ? address.source.name : 'the configuration'
  const place: Place = { path: `${cwd}/smartedge.config.json`, kind: 'config', name }
  if (address.kind === 'fault') return { place, file: { kind: 'fault', rule: address.rule } }
  const copy = readCopy(address.source, nodeName(env), homeOf(env))
  if (copy.kind === 'copy') return { place, file: { kind: 'text', text: copy.release.text } }
  const reason = copy.kind === 'refused' ? copy.reason : 'no node of this machine and user has run with it'
  return { place, file: { kind: 'fault', rule: `must have a copy here, which says where its admin API is: ${reason}` } }
}

const read = (place: Place, readFile: ReadFile): Found => ({
  place,
  file: readText(place.path, readFile),
  isPiped: false,
})

function nothingFound(cwd: string): Loaded {
  const rule = 'must exist: no configuration was found here, in the user’s or in the system’s folder'
  const problem = fileProblem('smartedge.config.json', rule, '`smartedge init` writes one')
  return {
    kind: 'problems',
    problems: [problem],
    omitted: 0,
    rest: undefined,
    source: undefined,
    text: undefined,
    files: [`${cwd}/smartedge.config.json`],
  }
}

/** The config that a lone members file stands for. */
const onePoolOf = (path: string): string => JSON.stringify({ pools: { default: { backends: { file: path } } } })

type Attaching = Parameters<typeof parseConfig>[1] & {
  readonly attachments: Map<string, Attachment>
  readonly readFile: ReadFile
}

/** Attached files name no others, so that one round is enough. */
function parseWithAttachments(text: string, options: Attaching): Exclude<Parsed, { kind: 'needs' }> {
  const first = parseConfig(text, options)
  if (first.kind !== 'needs') return first
  for (const need of first.needs) options.attachments.set(need.path, attach(need, options.readFile))
  const second = parseConfig(text, options)
  if (second.kind === 'needs') throw new Error(`a file named in the config is still missing: ${second.needs[0]?.path}`)
  return second
}
