/** When a service counts as recovered: with the first of many good answers in a row. Pure. */

export interface Recovery {
  /** `askedMs`: when the request was sent; in the order of their answers. */
  readonly answered: (askedMs: number, isGood: boolean) => void
  /** Whole ms from the start to the request that began the row; undefined: it has not come. */
  readonly ms: () => number | undefined
}

/** One good answer may be luck, or a backend that was tried. */
const inRow = 20

export function createRecovery(startMs: number): Recovery {
  let firstMs = startMs
  let row = 0
  return {
    answered(askedMs, isGood) {
      if (row >= inRow) return
      if (row === 0) firstMs = askedMs
      row = isGood ? row + 1 : 0
    },
    ms: () => (row < inRow ? undefined : Math.round(firstMs - startMs)),
  }
}
