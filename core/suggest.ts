/** "Did you mean": the known name nearest to a mistyped one. Pure. */

/** Longer names are not compared: the cost is quadratic, and nobody mistypes a name that long. */
const maxComparedLength = 64

/**
 * The candidate with the fewest edits, if they are few: at most a third of the typed name, and one for short names.
 * Case does not count. The first wins a tie.
 */
export function nearest(typed: string, candidates: readonly string[]): string | undefined {
  if (typed.length > maxComparedLength) return undefined
  let bestDistance = Math.max(1, Math.floor(typed.length / 3)) + 1
  let best: string | undefined
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - typed.length) >= bestDistance) continue
    const distance = editDistance(typed.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}

/** The hint for `nearest`, in the form problems print it; undefined when nothing is near. */
export function didYouMean(typed: string, candidates: readonly string[]): string | undefined {
  const name = nearest(typed, candidates)
  return name === undefined ? undefined : `did you mean ${JSON.stringify(name)}?`
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one into the other (restricted Damerau-Levenshtein). */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const replaced = at(last, column - 1) + (from[row - 1] === to[column - 1] ? 0 : 1)
      const isSwap = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      const swapped = isSwap ? at(beforeLast, column - 2) + 1 : Infinity
      current.push(Math.min(at(last, column) + 1, at(current, column - 1) + 1, replaced, swapped))
    }
    ;[beforeLast, last] = [last, current]
  }
  return at(last, to.length)
}

/** Indices above are within the row by construction. */
const at = (row: readonly number[], index: number): number => row[index] ?? Infinity
