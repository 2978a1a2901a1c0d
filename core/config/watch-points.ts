/** Which names in which folders decide what a path leads to: the file, every link on the way, or what is missing of it. */
import { lstat, readlink } from 'node:fs/promises'
import { join, parse, resolve, sep } from 'node:path'

export interface WatchPoints {
  /** Absolute, links resolved; each exists. */
  readonly folders: ReadonlySet<string>
  /** What to look for in them, by full path. */
  readonly names: ReadonlySet<string>
}

/** As Linux allows (path_resolution(7)). */
const maxLinks = 40

/** `files`: absolute. Never rejects: what cannot be looked at counts as missing. */
export async function findWatchPoints(files: Iterable<string>): Promise<WatchPoints> {
  const points = { folders: new Set<string>(), names: new Set<string>() }
  for (const file of files) {
    let path: string | undefined = resolve(file)
    for (let links = 0; path !== undefined && links < maxLinks; links++) path = await followOnce(path, points)
  }
  return points
}

/** Adds the first link on the way, or the end of it; returns where that link leads. */
async function followOnce(
  path: string,
  points: { folders: Set<string>; names: Set<string> },
): Promise<string | undefined> {
  const { root } = parse(path)
  const steps = path.slice(root.length).split(sep)
  let folder = root
  for (const [index, step] of steps.entries()) {
    const name = join(folder, step)
    const kind = await kindOf(name)
    if (kind === 'link' || kind === 'missing' || index === steps.length - 1) {
      points.names.add(name)
      points.folders.add(folder)
      if (kind !== 'link') return undefined
      return resolve(folder, await readlink(name).catch(() => '.'), ...steps.slice(index + 1))
    }
    folder = name
  }
  return undefined
}

async function kindOf(path: string): Promise<'link' | 'other' | 'missing'> {
  try {
    return (await lstat(path)).isSymbolicLink() ? 'link' : 'other'
  } catch {
    return 'missing'
  }
}

/** Whether two sets of points are the same. */
export const isSamePoints = (one: WatchPoints, other: WatchPoints): boolean =>
  isSameSet(one.folders, other.folders) && isSameSet(one.names, other.names)

const isSameSet = (one: ReadonlySet<string>, other: ReadonlySet<string>): boolean =>
  one.size === other.size && one.isSubsetOf(other)
