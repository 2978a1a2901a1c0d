/** Fair turns: connections with more to do than one turn of the event loop allows go on in the next, in order. */
import type { Clock } from '../clock.ts'
import { enter, leave } from '../net/outbox.ts'

/**
 * Requests read from one connection before others have their turn: one that pipelines thousands of cheap ones would
 * otherwise keep everybody waiting while they are answered.
 */
export const MAX_REQUESTS_A_TURN = 32

/** As long as others wait for their turn: who asks for more than a request or two at a time stands in line behind them. */
export const MAX_REQUESTS_BESIDE_OTHERS = 2

/** And bytes, since the cost of a head goes by its length: 64 KiB of it take about as long as 32 small ones. */
export const MAX_BYTES_A_TURN = 64 * 1024

/** Turns between two looks at the sockets: hundreds of connections with more to do must not hold up everybody together. */
const MAX_TURNS_AT_ONCE = 16
/** And how long they take together: what others feel of it is some of these, for each event that their request is made of. */
const MAX_LINE_MS = 0.5

/** Who may have to wait for another turn. */
export interface Turn {
  onTurn(): void
}

export interface Turns {
  /** Somebody waits for a turn. */
  readonly isBusy: boolean
  /** The turn that is being had has lasted as long as it may. */
  readonly isOver: boolean
  /** How often some of those who wait have had theirs. */
  readonly rounds: number
  /**
   * `waiting` has one turn, behind the events that are due now and behind all of its kind who wait: those who are `known` to do
   * no harm, and strangers, who have theirs in turn, so that neither a crowd of these nor of those holds up the others.
   */
  wait(waiting: Turn, isKnown?: boolean): void
  /** The same behind these events alone, for what is short and held up others: all of them have theirs at once. */
  next(waiting: Turn): void
}

/** `reportFault` takes what a turn throws, which is a bug of ours and must not cost the others their turn. */
export function createTurns(clock: Pick<Clock, 'now' | 'soon'>, reportFault: (error: unknown) => void): Turns {
  /** In the order in which they came; who asks again keeps its place. */
  const strangers = new Set<Turn>()
  const known = new Set<Turn>()
  const short = new Set<Turn>()
  /** `run` has been asked for. */
  let isDue = false
  let endsAt = Infinity
  let rounds = 0
  let areStrangersNext = false

  const size = (): number => strangers.size + known.size

  /** Takes who is next out of the line. */
  function next(): Turn | undefined {
    const [first, second] = areStrangersNext ? [strangers, known] : [known, strangers]
    areStrangersNext = !areStrangersNext
    const kind = first.size > 0 ? first : second
    const [waiting] = kind
    if (waiting !== undefined) kind.delete(waiting)
    return waiting
  }

  function have(waiting: Turn): void {
    enter()
    try {
      waiting.onTurn()
    } catch (error) {
      reportFault(error)
    } finally {
      leave()
    }
  }

  function run(): void {
    for (const waiting of Array.from(short)) {
      short.delete(waiting)
      have(waiting)
    }
    if (size() > 0) runLine()
    isDue = size() > 0 || short.size > 0
    if (isDue) clock.soon(run)
  }

  function runLine(): void {
    rounds += 1
    endsAt = clock.now() + MAX_LINE_MS
    // Not those who ask meanwhile.
    for (let left = Math.min(size(), MAX_TURNS_AT_ONCE); left > 0; left -= 1) {
      const waiting = next()
      if (waiting !== undefined) have(waiting)
      if (clock.now() >= endsAt) break
    }
    endsAt = Infinity
  }

  function ask(): void {
    if (isDue) return
    isDue = true
    clock.soon(run)
  }

  return {
    get isBusy() {
      return size() > 0
    },
    get isOver() {
      return endsAt !== Infinity && clock.now() >= endsAt
    },
    get rounds() {
      return rounds
    },
    wait(waiting, isKnown = false) {
      ;(isKnown ? known : strangers).add(waiting)
      ask()
    },
    next(waiting) {
      short.add(waiting)
      ask()
    },
  }
}
