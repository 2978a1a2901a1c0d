/** What has been found out, for as long as it holds; of more than there is room for, what was found out last. */

export class Remembered<Key, Value> {
  private readonly capacity: number
  /** In the order in which they were found out. */
  private readonly entries = new Map<Key, { readonly value: Value; readonly until: number }>()

  /** `capacity`: entries at most, 1 and up. */
  constructor(capacity: number) {
    this.capacity = capacity
  }

  get size(): number {
    return this.entries.size
  }

  /** `now`, and `until` below: monotonic ms. undefined: nothing is known, or it holds no longer. */
  get(key: Key, now: number): Value | undefined {
    const entry = this.entries.get(key)
    if (entry === undefined) return undefined
    if (now < entry.until) return entry.value
    this.entries.delete(key)
    return undefined
  }

  set(key: Key, value: Value, until: number): void {
    this.entries.delete(key)
    this.entries.set(key, { value, until })
    if (this.entries.size <= this.capacity) return
    for (const oldest of this.entries.keys()) {
      this.entries.delete(oldest)
      return
    }
  }

  clear(): void {
    this.entries.clear()
  }
}
