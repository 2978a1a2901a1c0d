/**
 * Which names in which folders decide what a path leads to: the file, every folder and every link on the way, or what is
 * missing of it. Synchronous for the reason that `files.ts` gives; a look takes some 2 µs.
 */
import { lstatSync, readlinkSync, type Stats } from 'node:fs'
import { join, parse, resolve, sep } from 'node:path'

export interface WatchPoints {
  /** Absolute, links resolved, those further up first; each exists. With what tells one from another of that name. */
  readonly folders: ReadonlyMap<string, string>
  /** What to look for in them, by full path. */
  readonly names: ReadonlySet<string>
}

/** As Linux allows (path_resolution(7)). */
const maxLinks = 40

/** `files`: absolute. Never throws: what cannot be looked at counts as missing. */
export function findWatchPoints(files: Iterable<string>): WatchPoints {
  const points = { folders: new Map<string, string>(), names: new Set<string>() }
  const seen = new Map<string, Stats | undefined>()
  const look = (path: string): Stats | undefined => {
    if (!seen.has(path)) seen.set(path, statsOf(path))
    return seen.get(path)
  }
  for (const file of files) {
    let path: string | undefined = resolve(file)
    for (let links = 0; path !== undefined && links < maxLinks; links++) path = followOnce(path, points, look)
  }
  return points
}

/** Adds everything up to the first link on the way, or to the end of it; returns where that link leads. */
function followOnce(
  path: string,
  points: { folders: Map<string, string>; names: Set<string> },
  look: (path: string) => Stats | undefined,
): string | undefined {
  const { root } = parse(path)
  const steps = path.slice(root.length).split(sep)
  let folder = root
  for (const [index, step] of steps.entries()) {
    const stats = look(folder)
    if (stats === undefined || !stats.isDirectory()) return undefined
    points.folders.set(folder, `${stats.dev} ${stats.ino}`)
    const name = join(folder, step)
    points.names.add(name)
    if (look(name)?.isSymbolicLink()) return resolve(folder, targetOf(name), ...steps.slice(index + 1))
    folder = name
  }
  return undefined
}

function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path)
  } catch {
    return undefined
  }
}

/** A link that has just gone leads to where it stood. */
function targetOf(link: string): string {
  try {
    return readlinkSync(link)
  } catch {
    return '.'
  }
}
