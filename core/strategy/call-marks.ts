/**
 * Which call into a strategy is under way, as a number in memory that another thread may look at: a call that does not
 * return keeps its number there for good. One number a call, two stores, and nothing to be freed.
 */

/** In the order of their numbers; 0 stands for no call at all. */
export const strategyCalls = [
  'loading',
  'parse',
  'create',
  'pick',
  'onStart',
  'onResponse',
  'onEnd',
  'export',
  'import',
] as const

export type StrategyCall = (typeof strategyCalls)[number]

const callNumbers = Object.fromEntries(strategyCalls.map((call, index) => [call, index + 1])) as Readonly<
  Record<StrategyCall, number>
>
/** For callers on the hot path. */
export const { pick: PICK, onStart: ON_START, onResponse: ON_RESPONSE, onEnd: ON_END } = callNumbers

const callBits = 4
const ownerBits = 10
/** Owners are 0..1023. */
export const maxOwner = (1 << ownerBits) - 1
/** The rest tells one call from the next of the same owner; so two looks at one number saw one call. */
const step = 1 << (callBits + ownerBits)

/** Int32 that two threads share; `underWay` is what a request or a reload waits for, `loading` is waited for by nobody. */
const underWay = 0
const loading = 1
export const markBytes = 8

export class CallMarks {
  private readonly cells: Int32Array
  private sequence = 0

  /** `memory` has `markBytes`. */
  constructor(memory: ArrayBufferLike = new ArrayBuffer(markBytes)) {
    this.cells = new Int32Array(memory)
  }

  /** A call of `owner` begins; `call` is one of the numbers above. Calls do not nest. */
  begin(owner: number, call: number): void {
    this.sequence = (this.sequence + step) | 0
    this.cells[underWay] = this.sequence | (owner << callBits) | call
  }

  end(): void {
    this.cells[underWay] = 0
  }

  /** `run`'s result, marked as a call. */
  during<Result>(owner: number, call: StrategyCall, run: () => Result): Result {
    this.begin(owner, callNumbers[call])
    try {
      return run()
    } finally {
      this.end()
    }
  }

  /** `owner` is being loaded, which takes turns of the event loop: to be told again in each, until it is over. */
  load(owner: number): void {
    this.sequence = (this.sequence + step) | 0
    this.cells[loading] = this.sequence | (owner << callBits) | callNumbers.loading
  }

  loaded(): void {
    this.cells[loading] = 0
  }
}

/** What stands in `memory`: the numbers of calls under way, 0 for none. */
export const readMarks = (memory: ArrayBufferLike): readonly number[] => {
  const cells = new Int32Array(memory)
  return [Atomics.load(cells, underWay), Atomics.load(cells, loading)]
}

/** Whose call a number stands for, and which; undefined for none. */
export function markedCall(mark: number): { readonly owner: number; readonly call: StrategyCall } | undefined {
  const call = strategyCalls[(mark & ((1 << callBits) - 1)) - 1]
  return call && { owner: (mark >> callBits) & maxOwner, call }
}
