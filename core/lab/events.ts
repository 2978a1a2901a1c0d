/** What is to happen when, on virtual time: a binary heap. The earliest comes first, of equal times what was put in first. */

export interface Events {
  /** Virtual ms: of the event under way, 0 before the first. */
  readonly now: number
  /** When the next one is; Infinity when there is none. */
  readonly nextAt: number
  /** `run` at `at`, or now where that is past. */
  at(at: number, run: () => void): void
  /** The next one; false when there is none left. */
  next(): boolean
}

interface Event {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

export function createEvents(): Events {
  const heap: Event[] = []
  let now = 0
  let count = 0

  /** Moves the hole at `index` up until `event` fits into it. */
  function rise(event: Event, index: number): void {
    let hole = index
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      const above = heap[parent]
      if (above === undefined || isBefore(above, event)) break
      heap[hole] = above
      hole = parent
    }
    heap[hole] = event
  }

  /** Moves a hole at the top down until `event` fits into it. */
  function sink(event: Event): void {
    let hole = 0
    for (;;) {
      const left = 2 * hole + 1
      const [one, other] = [heap[left], heap[left + 1]]
      if (one === undefined) break
      const isRight = other !== undefined && isBefore(other, one)
      const below = isRight ? other : one
      if (isBefore(event, below)) break
      heap[hole] = below
      hole = isRight ? left + 1 : left
    }
    heap[hole] = event
  }

  return {
    get now() {
      return now
    },
    get nextAt() {
      return heap[0]?.at ?? Infinity
    },
    at(at, run) {
      rise({ at: Math.max(now, at), order: (count += 1), run }, heap.length)
    },
    next() {
      const [first] = heap
      const last = heap.pop()
      if (first === undefined || last === undefined) return false
      if (last !== first) sink(last)
      now = first.at
      first.run()
      return true
    },
  }
}

const isBefore = (one: Event, other: Event): boolean =>
  one.at < other.at || (one.at === other.at && one.order < other.order)
