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
  const plain = typed.toLowerCase()
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - typed.length) >= bestDistance) continue
    const distance = editDistance(plain, candidate.toLowerCase(), bestDistance)
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}

/** The hint for `nearest`, in the form problems print it; undefined when nothing is near. */
export function didYouMean(typed: string, candidates: readonly string[]): string | undefined {
  const name = nearest(typed, candidates)
  return name === undefined ? undefined : `did you mean ${JSON.stringify(name)}?`
}

/** The one that was probably meant, else a few of those there are. */
export function meantOrKnown(typed: string, known: readonly string[]): string {
  if (known.length === 0) return 'there is none'
  const names = known.slice(0, mostNamed).join(', ')
  const others = known.length > mostNamed ? ` and ${known.length - mostNamed} more` : ''
  return didYouMean(typed, known) ?? `there ${known.length === 1 ? 'is' : 'are'} ${names}${others}`
}

const mostNamed = 5

/** What is compared with the longest name may be longer by a third, and twice as long in lower case. */
const rowLength = 4 * maxComparedLength
/** Of the table of distances; each is written before it is read. */
const rows = [new Uint8Array(rowLength), new Uint8Array(rowLength), new Uint8Array(rowLength)] as const

/**
 * Insertions, deletions, replacements and swaps of neighbours that turn one into the other (restricted Damerau-Levenshtein);
 * `enough` or more where it is not less than that.
 */
function editDistance(from: string, to: string, enough: number): number {
  let [beforeLast, last, current] = rows
  for (let column = 0; column <= to.length; column++) last[column] = column
  let leastOfLast = 0
  for (let row = 1; row <= from.length; row++) {
    let least = (current[0] = row)
    for (let column = 1; column <= to.length; column++) {
      const replaced = at(last, column - 1) + (from[row - 1] === to[column - 1] ? 0 : 1)
      const isSwap = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      const swapped = isSwap ? at(beforeLast, column - 2) + 1 : Infinity
      const distance = Math.min(at(last, column) + 1, at(current, column - 1) + 1, replaced, swapped)
      current[column] = distance
      least = Math.min(least, distance)
    }
    // What follows is made of these two rows, and never less than the least of both.
    if (least >= enough && leastOfLast >= enough) return enough
    leastOfLast = least
    ;[beforeLast, last, current] = [last, current, beforeLast]
  }
  return at(last, to.length)
}

/** Indices above are within the row by construction. */
const at = (row: Uint8Array, index: number): number => row[index] ?? Infinity
