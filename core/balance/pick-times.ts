/** The newest sampled pick times, for a median that no pause of the process can spoil. */

const capacity = 64
/** From so many samples on there is a figure: one cold pick of a strategy that has just begun says nothing. */
export const shownFrom = 20

export class PickTimes {
  private readonly times = new Float64Array(capacity)
  private count = 0

  record(elapsedMs: number): void {
    this.times[this.count % capacity] = elapsedMs
    this.count += 1
  }

  /** undefined while there are less than `shownFrom` samples. */
  medianNs(): number | undefined {
    if (this.count < shownFrom) return undefined
    const sorted = this.times.slice(0, this.count).toSorted()
    const median = sorted[sorted.length >> 1]
    return median === undefined ? undefined : median * 1e6
  }

  clear(): void {
    this.count = 0
  }
}
