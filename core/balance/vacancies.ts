/**
 * Which backends of a list have room, kept as they fill and empty: a bit each. So a request that finds nobody costs a look
 * at a number, and one that finds some a search of 32 backends at a time, however many there are.
 */
import type { Backend } from '../backend/backend.ts'

export class Vacancies {
  private readonly backends: readonly Backend[]
  private readonly indexOf: ReadonlyMap<Backend, number>
  private readonly words: Uint32Array
  private vacant = 0

  /** As they stand now; from then on `update` is to be called for each whose room has changed. */
  constructor(backends: readonly Backend[]) {
    this.backends = backends
    const indexOf = new Map<Backend, number>()
    this.indexOf = indexOf
    this.words = new Uint32Array(Math.ceil(backends.length / 32))
    let index = 0
    for (const backend of backends) {
      indexOf.set(backend, index)
      if (backend.hasRoom) {
        this.words[index >> 5]! |= 1 << (index & 31)
        this.vacant += 1
      }
      index += 1
    }
  }

  /** How many have room. */
  get size(): number {
    return this.vacant
  }

  /** Looks at it again; nothing for one that is not of the list. */
  update(backend: Backend): void {
    const index = this.indexOf.get(backend)
    if (index === undefined || backend.hasRoom === this.isSet(index)) return
    this.words[index >> 5]! ^= 1 << (index & 31)
    this.vacant += backend.hasRoom ? 1 : -1
  }

  /** Those with room, at most `most` of them, in the list's order, from the one behind `after` on and round. */
  list(most: number, after: Backend | undefined): Backend[] {
    const found: Backend[] = []
    const start = after === undefined ? 0 : (this.indexOf.get(after) ?? -1) + 1
    this.collect(start, this.backends.length, most, found)
    this.collect(0, start, most, found)
    return found
  }

  private collect(from: number, to: number, most: number, into: Backend[]): void {
    for (let index = this.next(from); index < to && into.length < most; index = this.next(index + 1))
      into.push(this.backends[index]!)
  }

  /** The first from `from` on that has room; Infinity: none has. */
  private next(from: number): number {
    const { words } = this
    let at = from >> 5
    // Those before it in its own word do not count.
    let word = (words[at] ?? 0) & (-1 << (from & 31))
    while (word === 0) {
      at += 1
      if (at >= words.length) return Infinity
      word = words[at] ?? 0
    }
    // The lowest bit alone.
    return at * 32 + 31 - Math.clz32(word & -word)
  }

  private isSet(index: number): boolean {
    return (((this.words[index >> 5] ?? 0) >>> (index & 31)) & 1) === 1
  }
}
