/**
 * Which number was remembered for a key, of the keys used last: a hash table with a list in order of use, in arrays of
 * numbers, so that a million entries cost the garbage collector nothing. A key is 64 bits in two halves. Room for all is
 * taken at once and never grows; memory that no entry has used yet costs nothing.
 */

/** Of one entry, the list's and the hash table's part included. */
export const entryBytes = 36

/** 0 stands for "none" in every array of positions, hence one entry more than there is room for. */
export class SessionTable {
  /** Entries at most. */
  readonly capacity: number
  private used = 0
  private readonly highs: Uint32Array
  private readonly lows: Uint32Array
  private readonly values: Int32Array
  /** Monotonic ms. */
  private readonly usedAt: Float64Array
  /** The next one in the same bucket. */
  private readonly behind: Int32Array
  private readonly older: Int32Array
  private readonly newer: Int32Array
  private readonly buckets: Int32Array
  private oldest = 0
  private newest = 0

  /** `maxBytes`: at least `entryBytes`. */
  constructor(maxBytes: number) {
    this.capacity = Math.floor(maxBytes / entryBytes)
    const length = this.capacity + 1
    this.highs = new Uint32Array(length)
    this.lows = new Uint32Array(length)
    this.values = new Int32Array(length)
    this.usedAt = new Float64Array(length)
    this.behind = new Int32Array(length)
    this.older = new Int32Array(length)
    this.newer = new Int32Array(length)
    this.buckets = new Int32Array(this.capacity)
  }

  /** Entries held, those that nobody has used for long included. */
  get size(): number {
    return this.used
  }

  /** The key's number; 0: there is none, or it was last set before `since`. */
  get(high: number, low: number, since: number): number {
    const entry = this.find(high, low)
    return entry === 0 || at(this.usedAt, entry) < since ? 0 : at(this.values, entry)
  }

  /** Remembers `value`, > 0, as set `now`; without room the entry that was set longest ago is forgotten. */
  set(high: number, low: number, value: number, now: number): void {
    let entry = this.find(high, low)
    if (entry === 0) entry = this.enter(high, low)
    else this.unlink(entry)
    this.values[entry] = value
    this.usedAt[entry] = now
    this.append(entry)
  }

  /** Takes over what `other` holds, of more than there is room for the newest. Both are to have been set in order of time. */
  takeOver(other: SessionTable): void {
    for (let entry = other.oldest; entry !== 0; entry = at(other.newer, entry)) {
      this.set(at(other.highs, entry), at(other.lows, entry), at(other.values, entry), at(other.usedAt, entry))
    }
  }

  private find(high: number, low: number): number {
    let entry = at(this.buckets, this.bucketOf(high))
    while (entry !== 0 && (at(this.lows, entry) !== low || at(this.highs, entry) !== high)) {
      entry = at(this.behind, entry)
    }
    return entry
  }

  /** A new entry in its bucket, in no list yet. */
  private enter(high: number, low: number): number {
    const entry = this.used < this.capacity ? (this.used += 1) : this.evict()
    const bucket = this.bucketOf(high)
    this.highs[entry] = high
    this.lows[entry] = low
    this.behind[entry] = at(this.buckets, bucket)
    this.buckets[bucket] = entry
    return entry
  }

  private evict(): number {
    const entry = this.oldest
    this.unlink(entry)
    const bucket = this.bucketOf(at(this.highs, entry))
    const behind = at(this.behind, entry)
    let before = at(this.buckets, bucket)
    if (before === entry) {
      this.buckets[bucket] = behind
      return entry
    }
    while (at(this.behind, before) !== entry) before = at(this.behind, before)
    this.behind[before] = behind
    return entry
  }

  private append(entry: number): void {
    this.older[entry] = this.newest
    this.newer[entry] = 0
    if (this.newest === 0) this.oldest = entry
    else this.newer[this.newest] = entry
    this.newest = entry
  }

  private unlink(entry: number): void {
    const [older, newer] = [at(this.older, entry), at(this.newer, entry)]
    if (older === 0) this.oldest = newer
    else this.newer[older] = newer
    if (newer === 0) this.newest = older
    else this.older[newer] = older
  }

  private bucketOf(high: number): number {
    return high % this.capacity
  }
}

/** Within the array, by construction. */
const at = (array: Int32Array | Uint32Array | Float64Array, index: number): number => array[index] as number
