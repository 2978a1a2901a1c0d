/**
 * Whether a file that somebody names through the API may run as code of ours. Whoever may write to it, or to a folder on
 * the way to it, could have put it there: so it lies below the config's folder, and all of that is ours or root's alone.
 * What the config file itself names is its writer's decision, and is not asked this.
 */
import { lstatSync, realpathSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

/** Absolute paths; `user`: effective user id, undefined where there are none. */
export interface OwnFileQuestion {
  readonly file: string
  /** The config's. */
  readonly folder: string
  readonly user: number | undefined
}

/** The rule that it breaks, in words; undefined: it may run. Never throws. */
export function faultOfFile({ file, folder, user }: OwnFileQuestion): string | undefined {
  try {
    const realFolder = realpathSync(folder)
    const way = wayBelow(folder, file) ?? wayBelow(realFolder, file)
    // Who may turn a link on the way may choose the file, later too.
    if (way === undefined || realpathSync(file) !== join(realFolder, ...way)) return elsewhere(folder)
    const paths = [realFolder, ...way.map((_, index) => join(realFolder, ...way.slice(0, index + 1)))]
    const fault = paths.map((path) => faultOfPath(path, user)).find((found) => found !== undefined)
    return fault ?? (lstatSync(paths.at(-1) ?? realFolder).isFile() ? undefined : 'must be a file')
  } catch (error) {
    return `must be a file that can be looked at: ${error instanceof Error ? error.message : String(error)}`
  }
}

const elsewhere = (folder: string): string =>
  `must be a shipped strategy, or a file below ${folder} and behind no link, when the API sets it`

/** The steps from `folder` to `path`; undefined when it does not lie below. */
function wayBelow(folder: string, path: string): readonly string[] | undefined {
  const way = relative(folder, path).split(sep)
  return way[0] === '' || way[0] === '..' ? undefined : way
}

function faultOfPath(path: string, user: number | undefined): string | undefined {
  if (user === undefined) return undefined
  const found = lstatSync(path)
  if (found.uid !== user && found.uid !== 0)
    return `must belong to our user or root, as must its folders: ${path} belongs to user ${found.uid}`
  if ((found.mode & 0o022) === 0) return undefined
  return `must be writable by nobody else, as must its folders: ${path} is (chmod go-w)`
}
