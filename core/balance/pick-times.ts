/** The newest sampled pick times, for a median that no pause of the process can spoil. */

const capacity = 64

export class PickTimes {
  private readonly times = new Float64Array(capacity)
  private count = 0

  record(elapsedMs: number): void {
    this.times[this.count % capacity] = elapsedMs
    this.count += 1
  }

  /** undefined before the first sample. */
  medianNs(): number | undefined {
    const sorted = this.times.slice(0, this.count).toSorted()
    const median = sorted[sorted.length >> 1]
    return median === undefined ? undefined : median * 1e6
  }

  clear(): void {
    this.count = 0
  }
}
