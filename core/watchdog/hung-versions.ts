/**
 * The versions of strategies that have hung a process, in a file that outlives it: the next start leaves them out. A saved
 * file is another version, so nothing has to be taken off the list; the oldest go when there are too many.
 */
import { isAbsolute, join } from 'node:path'
import { type Home, type Kept, lastingFolders, readOwn, writeOwn } from '../own-files.ts'
import { strategyCalls } from '../strategy/call-marks.ts'

export interface HungVersion {
  /** Absolute. */
  readonly file: string
  /** Of its content and of what it imports. */
  readonly version: string
  /** What it did not return from. */
  readonly call: string
  /** ISO 8601. */
  readonly at: string
}

export interface HungVersions {
  /** Newest last. */
  readonly versions: readonly HungVersion[]
  /** A file of that name that is not taken for ours, and why; undefined: there is none. */
  readonly ignored: { readonly file: string; readonly reason: string } | undefined
}

const fileName = 'hung-strategies.json'
/** Raised when the file's form changes. */
const format = 1
const maxVersions = 32
const maxBytes = 256 * 1024

/** Never throws; where nothing can be read there are none. */
export function readHungVersions(home: Home): HungVersions {
  for (const folder of lastingFolders(home)) {
    const file = join(folder, fileName)
    const found = readOwn(file, maxBytes, home)
    if (found.kind === 'absent') continue
    const parsed = found.kind === 'read' ? parse(found.text) : found.reason
    return typeof parsed === 'string'
      ? { versions: [], ignored: { file, reason: parsed } }
      : { versions: parsed, ignored: undefined }
  }
  return { versions: [], ignored: undefined }
}

/** Adds `hung` to those in the file. Never throws. */
export function rememberHungVersion(hung: HungVersion, home: Home): Kept {
  const others = readHungVersions(home).versions.filter((one) => !isSame(one, hung))
  const versions = [...others, hung].slice(-maxVersions)
  return writeOwn(lastingFolders(home), fileName, `${JSON.stringify({ format, versions }, null, 2)}\n`, home)
}

export const isSame = (one: Pick<HungVersion, 'file' | 'version'>, other: typeof one): boolean =>
  one.file === other.file && one.version === other.version

/** The versions, or what is wrong with the text. */
function parse(text: string): readonly HungVersion[] | string {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    return 'it is no JSON'
  }
  const { format: found, versions } = fieldsOf(content)
  if (found !== format) return `it is of format ${JSON.stringify(found) ?? 'none'}, not ${format}`
  if (!Array.isArray(versions) || versions.length > maxVersions) return `it lists no ${maxVersions} versions at most`
  return versions.every(isHungVersion) ? versions : 'it lists something that is no version of a strategy'
}

function isHungVersion(value: unknown): value is HungVersion {
  const { file, version, call, at } = fieldsOf(value)
  return (
    typeof file === 'string' &&
    isAbsolute(file) &&
    typeof version === 'string' &&
    /^[\da-f]{16}$/.test(version) &&
    strategyCalls.some((name) => name === call) &&
    typeof at === 'string' &&
    !Number.isNaN(Date.parse(at))
  )
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {}
