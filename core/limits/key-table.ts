/**
 * A number for each of many keys, in arrays of numbers, so that a million keys cost the garbage collector nothing. A key is a
 * hash of 64 bits; open addressing with linear probing, 16 bytes a slot. A number counts for as long as it is above a floor
 * that never falls: what has come to lie below is as good as absent, and is cleared away as new keys come, a few slots each,
 * so that there is no timer. A table whose size is wrong moves to another as it is used, a few slots with each `set`, so that
 * nobody waits for it. Where there are as many keys as there may be, the lowest of a few is forgotten for a new one.
 */

/** More would be more memory than a limit is worth: this is 32 MiB, 48 while it grows. */
export const MAX_KEYS = 1_000_000

const FEWEST_SLOTS = 16
/** Slots looked through for each new key, so that what lies below the floor takes an eighth of the table at most. */
const SWEPT = 8
/** Keys of which the lowest gives way. */
const SAMPLE = 12
/** Slots moved with each `set`, so that all have moved long before the new table is full. */
const MOVED = 8

/** A slot; one that has not moved is told as `BEFORE - slot`. */
export type Place = number
const NOWHERE: Place = -1
const BEFORE: Place = -2

/** A hash of 64 bits in its halves, each 0 to 2^32 - 1. */
export interface Key {
  readonly high: number
  readonly low: number
}

/** A slot is four words, the halves of the key being the first two (0 in the second: it is empty), and the number the rest. */
interface Slots {
  readonly words: Uint32Array
  readonly numbers: Float64Array
  /** A power of two, less one. */
  readonly mask: number
}

export class KeyTable {
  /** Keys forgotten whose number was above the floor. */
  evicted = 0
  /** Keys that take room, also those whose number has come to lie below the floor. */
  size = 0
  private readonly maxKeys: number
  private slots = createSlots(FEWEST_SLOTS)
  /** What is being moved from, but for its first `moved` slots. */
  private former: Slots | undefined = undefined
  private moved = 0
  /** The next slot to be looked through. */
  private hand = 0

  constructor(maxKeys = MAX_KEYS) {
    this.maxKeys = maxKeys
  }

  get bytes(): number {
    return this.slots.words.byteLength + (this.former?.words.byteLength ?? 0)
  }

  /** Where the key is, for `read` and `write` until the next `write`. `high`, `low`: 0 to 2^32 - 1. */
  find(high: number, low: number): Place {
    const slot = slotOf(this.slots, high, low)
    if (slot >= 0 || this.former === undefined) return slot
    const before = slotOf(this.former, high, low)
    return before < this.moved ? NOWHERE : BEFORE - before
  }

  /** The key's number; 0: there is none. */
  read(place: Place): number {
    if (place >= 0) return numberAt(this.slots, place)
    return this.former === undefined || place === NOWHERE ? 0 : numberAt(this.former, BEFORE - place)
  }

  /** `place`: what `find` said. `number`: > 0. `floor`: >= 0, and never less than before. */
  write(place: Place, { high, low }: Key, number: number, floor: number): void {
    const { former } = this
    if (place >= 0) setNumber(this.slots, place, number)
    else if (former !== undefined && place !== NOWHERE) setNumber(former, BEFORE - place, number)
    else this.enter(high, low, number, floor)
    if (former !== undefined) this.move(former)
  }

  private enter(high: number, low: number, number: number, floor: number): void {
    this.makeRoom(floor)
    put(this.slots, high, low, number)
    this.size += 1
    const slots = this.slots.mask + 1
    if (this.former !== undefined) return
    if (this.size * 3 > slots * 2) this.resize(slots * 2)
    else if (this.size * 4 < slots && slots > FEWEST_SLOTS) this.resize(slots / 2)
  }

  private resize(slots: number): void {
    this.former = this.slots
    this.moved = 0
    this.slots = createSlots(slots)
    this.hand = 0
  }

  /** What has moved stays where it was, for the keys behind it to be found; nobody looks at it any more. */
  private move(former: Slots): void {
    const end = this.moved + MOVED
    for (let slot = this.moved; slot < end; slot += 1)
      if (!isEmpty(former, slot)) put(this.slots, highAt(former, slot), lowAt(former, slot), numberAt(former, slot))
    this.moved = end
    if (end > former.mask) this.former = undefined
  }

  /** Clears away what lies below the floor, a part of the table each time; where all lie above, and it is full, the lowest. */
  private makeRoom(floor: number): void {
    const { slots, maxKeys } = this
    let lowest = -1
    let seen = 0
    const isDone = (looks: number): boolean => this.size < maxKeys || seen >= SAMPLE || looks > slots.mask
    for (let looks = 0; looks < SWEPT || !isDone(looks); looks += 1) {
      const slot = this.hand
      if (!isEmpty(slots, slot) && numberAt(slots, slot) <= floor) {
        this.remove(slot)
        continue
      }
      this.hand = (slot + 1) & slots.mask
      if (isEmpty(slots, slot)) continue
      seen += 1
      if (lowest < 0 || numberAt(slots, slot) < numberAt(slots, lowest)) lowest = slot
    }
    // As long as it is full nothing has been removed, and so nothing has moved.
    if (this.size < maxKeys || lowest < 0) return
    this.evicted += 1
    this.remove(lowest)
  }

  private remove(slot: number): void {
    this.size -= 1
    clear(this.slots, slot)
  }
}

/** Zeros, of which the system gives out those that are used. */
function createSlots(count: number): Slots {
  const memory = new ArrayBuffer(16 * count)
  return { words: new Uint32Array(memory), numbers: new Float64Array(memory), mask: count - 1 }
}

/** One of 2^32 keys is taken for its neighbour: 0 stands for none. */
const filled = (low: number): number => (low === 0 ? 1 : low)

const highAt = ({ words }: Slots, slot: number): number => words[4 * slot] as number
const lowAt = ({ words }: Slots, slot: number): number => words[4 * slot + 1] as number
const numberAt = ({ numbers }: Slots, slot: number): number => numbers[2 * slot + 1] as number
const isEmpty = (slots: Slots, slot: number): boolean => lowAt(slots, slot) === 0

function setNumber({ numbers }: Slots, slot: number, number: number): void {
  numbers[2 * slot + 1] = number
}

/** NOWHERE: the key is not there. */
function slotOf(slots: Slots, high: number, low: number): number {
  const { mask } = slots
  const second = filled(low)
  for (let slot = high & mask; ; slot = (slot + 1) & mask) {
    const found = lowAt(slots, slot)
    if (found === 0) return NOWHERE
    if (found === second && highAt(slots, slot) === high) return slot
  }
}

/** Of a key that is not there. */
function put(slots: Slots, high: number, low: number, number: number): void {
  const { mask, words } = slots
  let slot = high & mask
  while (!isEmpty(slots, slot)) slot = (slot + 1) & mask
  words[4 * slot] = high
  words[4 * slot + 1] = filled(low)
  setNumber(slots, slot, number)
}

/** Empties a slot, and closes the gap for those behind it that belong before it (Knuth 6.4, algorithm R). */
function clear(slots: Slots, slot: number): void {
  const { mask, words } = slots
  let gap = slot
  for (let next = (gap + 1) & mask; !isEmpty(slots, next); next = (next + 1) & mask) {
    const home = highAt(slots, next) & mask
    if (((next - home) & mask) < ((next - gap) & mask)) continue
    words[4 * gap] = highAt(slots, next)
    words[4 * gap + 1] = lowAt(slots, next)
    setNumber(slots, gap, numberAt(slots, next))
    gap = next
  }
  words[4 * gap + 1] = 0
}
