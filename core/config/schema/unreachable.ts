/** Routes that no request ever reaches, since an earlier one takes all of theirs. Pure. */
import type { RouteMatch } from '../../route/route.ts'

/** By index: the earlier route that takes all. */
export interface Unreachable {
  readonly index: number
  readonly behind: number
}

/**
 * An earlier route that asks for nothing else takes all: each of its conditions is absent, or that of the later one; a path
 * of `/*` asks for nothing either. Not found are routes behind wider patterns or behind several together: that would
 * compare each with each, and routes may be thousands.
 */
export function findUnreachable(matches: readonly RouteMatch[]): readonly Unreachable[] {
  const firsts = new Map<string, number>()
  const found: Unreachable[] = []
  for (const [index, match] of matches.entries()) {
    const parts = partsOf(match)
    const behind = waysToTakeAll(parts).flatMap((key) => firsts.get(key) ?? [])
    if (behind.length > 0) found.push({ index, behind: Math.min(...behind) })
    const key = keyOf(parts)
    if (!firsts.has(key)) firsts.set(key, index)
  }
  return found
}

/** Each condition as a text; empty: none. */
type Parts = readonly [host: string, path: string, methods: string, headers: string]

const keyOf = (parts: Parts): string => parts.join('\n')

function partsOf({ host = '', path = '', methods = [], headers }: RouteMatch): Parts {
  const fields = headers.map(({ name, value }) => `${name}: ${value.reveal()}`)
  return [host, path, methods.toSorted().join(' '), fields.toSorted().join('\r')]
}

function waysToTakeAll([host, path, methods, headers]: Parts): string[] {
  const ways: string[] = []
  for (const anyHost of new Set([host, '']))
    for (const anyPath of new Set([path, '', '/*']))
      for (const anyMethod of new Set([methods, '']))
        for (const anyHeader of new Set([headers, ''])) ways.push(keyOf([anyHost, anyPath, anyMethod, anyHeader]))
  return ways
}
