/** What follows a server until it breaks off, begun again whenever it does: later behind each failure in a row. */
import type { Cancel, Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import { jittered, retryMs } from './pace.ts'
import type { SourceSink } from './source.ts'

/** What an attempt says of itself; the first of `failed` and `again` ends it, and nothing counts behind that. */
export interface Attempt {
  /** It has come as far as it is to: the next failure is the first again. */
  works(): void
  /** The server cannot be had, or says what makes no sense; in words. */
  failed(reason: string): void
  /** It has to begin anew, which is no failure: what it stood on has run out. */
  again(): void
}

export interface AttemptServices {
  readonly clock: Pick<Clock, 'after'>
  readonly random: Random
}

/** Whoever has to begin anew each time does so no more often than this. */
const AGAIN_MS = 100

/** `begin` returns what ends the attempt. */
export function keepTrying(
  { clock, random }: AttemptServices,
  sink: Pick<SourceSink, 'lose'>,
  begin: (attempt: Attempt) => Cancel,
): Cancel {
  let failures = 0
  let cancel: Cancel = () => undefined

  function next(): void {
    let isOver = false
    let stop: Cancel | undefined
    const end = (ms: number): void => {
      isOver = true
      stop?.()
      cancel = clock.after(jittered(ms, random), next)
    }
    const attempt: Attempt = {
      works() {
        if (!isOver) failures = 0
      },
      failed(reason) {
        if (isOver) return
        failures += 1
        end(retryMs(failures))
        sink.lose(reason)
      },
      again() {
        if (!isOver) end(AGAIN_MS)
      },
    }
    stop = begin(attempt)
    // It may have ended before it told how to end it.
    if (isOver) stop()
    else cancel = stop
  }

  next()
  return () => cancel()
}
