/**
 * How often things happened lately, by kind: the newest stretch of time in slices that are dropped one by one. So there is
 * no border at which everything is forgotten, and neither adding nor asking grows with how often it was.
 */

/** What is told is of the newest 15 to 16 sixteenths of the time. */
const sliceCount = 16

export class SlidingWindow<Kind extends string> {
  private readonly sliceMs: number
  private readonly slices: Readonly<Record<Kind, Uint32Array>>
  private readonly sums: Record<Kind, number>
  private readonly kinds: readonly Kind[]
  /** Number of the slice that is filled now. */
  private newest = 0

  /** `withinMs` > 0. */
  constructor(withinMs: number, kinds: readonly Kind[]) {
    this.sliceMs = withinMs / sliceCount
    this.kinds = kinds
    this.slices = recordOf(kinds, () => new Uint32Array(sliceCount))
    this.sums = recordOf(kinds, () => 0)
  }

  /** It happened at `now`, monotonic ms, which never goes back. */
  add(kind: Kind, now: number): void {
    this.turn(now)
    const slice = this.slices[kind]
    const at = this.newest % sliceCount
    slice[at] = (slice[at] ?? 0) + 1
    this.sums[kind] += 1
  }

  /** How often it happened within the time. */
  count(kind: Kind, now: number): number {
    this.turn(now)
    return this.sums[kind]
  }

  clear(): void {
    for (const kind of this.kinds) {
      this.slices[kind].fill(0)
      this.sums[kind] = 0
    }
  }

  /** Drops what is too old by now. */
  private turn(now: number): void {
    const current = Math.floor(now / this.sliceMs)
    if (current <= this.newest) return
    const passed = Math.min(sliceCount, current - this.newest)
    this.newest = current
    for (const kind of this.kinds)
      for (let back = 0; back < passed; back += 1) this.drop(kind, (current - back) % sliceCount)
  }

  private drop(kind: Kind, at: number): void {
    this.sums[kind] -= this.slices[kind][at] ?? 0
    this.slices[kind][at] = 0
  }
}

function recordOf<Kind extends string, Value>(kinds: readonly Kind[], make: () => Value): Record<Kind, Value> {
  return Object.fromEntries(kinds.map((kind) => [kind, make()])) as Record<Kind, Value>
}
