/** Examines a strategy in a worker with a deadline, so that one that loops, exits or is slow harms nobody. */
import type { Clock } from '../clock.ts'
import type { Trial } from '../strategy/host.ts'
import type { ExamineAnswer, ExamineRequest } from './examine-worker.ts'
import { refusalOf, type Report } from './examine.ts'
import { strategyCalls } from '../strategy/call-marks.ts'
import { StrategyFileError } from '../strategy/load.ts'

export interface ExamineApart {
  /** Absolute, or a shipped name. */
  readonly use: string
  /** Where messages say the fault is. */
  readonly file: string
  readonly options: unknown
  readonly isFull: boolean
  readonly clock: Pick<Clock, 'after'>
  /** For everything, the load included. */
  readonly deadlineMs: number
}

/**
 * Rejects with a `StrategyFileError` when it does not load, does not return, ends the thread, or takes too long. The
 * worker is gone when this settles.
 */
export async function examineApart(request: ExamineApart): Promise<{ readonly name: string; readonly report: Report }> {
  const call = new SharedArrayBuffer(4)
  const worker = new Worker(new URL('./examine-worker.ts', import.meta.url), { smol: true, name: 'strategy' })
  const done = Promise.withResolvers<ExamineAnswer>()
  const giveUp = (message: string): void => done.resolve({ kind: 'unusable', message: `${request.file}: ${message}` })
  worker.addEventListener('message', ({ data }: MessageEvent<ExamineAnswer>) => done.resolve(data))
  worker.addEventListener('error', ({ message }) => giveUp(message))
  worker.addEventListener('messageerror', () => giveUp('its answer could not be read'))
  worker.addEventListener('close', () => giveUp('ended its thread; does it call process.exit?'))
  const cancel = request.clock.after(request.deadlineMs, () => giveUp(overdue(call, request.deadlineMs)))
  try {
    const { use, options, isFull } = request
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows, this is a worker
    worker.postMessage({ use, options, isFull, call } satisfies ExamineRequest)
    const answer = await done.promise
    if (answer.kind === 'unusable') throw new StrategyFileError(answer.message)
    return answer
  } finally {
    cancel()
    worker.terminate()
  }
}

function overdue(call: SharedArrayBuffer, deadlineMs: number): string {
  const current = strategyCalls[Atomics.load(new Int32Array(call), 0)] ?? 'loading'
  return current === 'loading'
    ? `must load within ${deadlineMs} ms; does it loop or await something that never comes?`
    : `the checks must be over within ${deadlineMs} ms, ${current} was still running; does it loop or block?`
}

/** A sound strategy is through in about 15 ms; the rest is for a machine that is busy. */
export const trialDeadlineMs = 2000

/** What a plugin host tries versions by: the vital checks alone. */
export const trialsApart =
  (clock: Clock) =>
  async ({ use, file, options }: Trial): Promise<string | undefined> => {
    const { report } = await examineApart({ use, file, options, isFull: false, clock, deadlineMs: trialDeadlineMs })
    return refusalOf(file, report)
  }
