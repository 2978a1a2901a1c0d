/** How many of something each key has under way: exact, and held for as long as there are any. */
import { type Key, KeyTable } from './key-table.ts'

export class InFlight {
  /** Keys that have any. */
  keys = 0
  private readonly table = new KeyTable()

  get bytes(): number {
    return this.table.bytes
  }

  count({ high, low }: Key): number {
    return this.table.read(this.table.find(high, low))
  }

  begin(key: Key): void {
    this.change(key, 1)
  }

  /** Once for each `begin`. */
  end(key: Key): void {
    this.change(key, -1)
  }

  private change(key: Key, by: 1 | -1): void {
    const { table } = this
    const place = table.find(key.high, key.low)
    const before = table.read(place)
    // What is not there has been forgotten, for a million others.
    if (before + by < 0) return
    if (before === 0) this.keys += 1
    if (before + by === 0) this.keys -= 1
    table.write(place, key, before + by, 0)
  }
}
