/** Places in an order: the first that fits is taken out in front, and anybody may leave from anywhere. */

/** Fixed for as long as it stands in a line. */
export interface Place {
  /** The higher, the further in front. */
  readonly priority: number
  /** Among those of one priority: the lower, the further in front. */
  readonly rank: number
  /** Unique; of those that are equal in the rest, the lower is in front. */
  readonly sequence: number
}

/** A sorted array: to enter and to leave take a search of log n and a move of memory, 2 us among 10,000. */
export class Line<P extends Place> {
  private readonly places: P[] = []

  get length(): number {
    return this.places.length
  }

  get last(): P | undefined {
    return this.places.at(-1)
  }

  enter(place: P): void {
    this.places.splice(this.find(place), 0, place)
  }

  /** Whether anybody fits. */
  has(fits: (place: P) => boolean): boolean {
    return this.places.some(fits)
  }

  /** The first that fits, which is no longer in the line; undefined: nobody does. */
  take(fits: (place: P) => boolean): P | undefined {
    const index = this.places.findIndex(fits)
    return index < 0 ? undefined : this.places.splice(index, 1)[0]
  }

  /** false: it is not in the line. */
  leave(place: P): boolean {
    const index = this.find(place)
    if (this.places[index] !== place) return false
    this.places.splice(index, 1)
    return true
  }

  /** Where it stands, or would. */
  private find(place: P): number {
    let [low, high] = [0, this.places.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const other = this.places[middle]
      if (other !== undefined && isInFront(other, place)) low = middle + 1
      else high = middle
    }
    return low
  }
}

function isInFront(one: Place, other: Place): boolean {
  if (one.priority !== other.priority) return one.priority > other.priority
  if (one.rank !== other.rank) return one.rank < other.rank
  return one.sequence < other.sequence
}
