/** A source of the user's own, at work in its thread: what it says, and that it has failed, be it that it hangs. */
import type { Cancel, Clock } from '../clock.ts'
import { inEvent, type ReportFault } from '../net/event.ts'
import type { FromOwnThread, ToOwnThread } from './own-worker.ts'

export interface OwnRun {
  /** Absolute. */
  readonly file: string
  /** Plain values. */
  readonly options: unknown
}

/** Each call in an event of its own; none behind `failed`, nor once it was ended. */
export interface OwnThreadSink {
  /** A list in JSON; no other comes before `done` is called. */
  publish(members: string, done: () => void): void
  confirm(): void
  lose(reason: string): void
  /** It is over; in words. */
  failed(reason: string): void
}

/** Begins a thread; what is returned ends it. */
export type RunOwn = (run: OwnRun, sink: OwnThreadSink) => Cancel

/** For the file to be loaded and its `start` to return; and for an answer whether it is there. */
const PATIENCE_MS = 5000
const PING_MS = 10_000
/** From one word to the next, as members change ten times a second at most. */
const PAUSE_MS = 100
/** Bun 1.4.5 ends the process, not the thread, where one is begun and there is none for it. */
const WANTED_DESCRIPTORS = 16

/** `free`: how many descriptors can still be opened; undefined: nobody knows. */
export function createRunOwn(
  clock: Pick<Clock, 'after'>,
  reportFault: ReportFault,
  free: () => number | undefined,
): RunOwn {
  return (run, sink) => {
    if ((free() ?? WANTED_DESCRIPTORS) < WANTED_DESCRIPTORS)
      return clock.after(0, () => inEvent(reportFault, () => sink.failed('no descriptor is free for its thread')))
    const worker = new Worker(new URL('./own-worker.ts', import.meta.url), { smol: true, name: 'source' })
    let isOver = false
    let cancelTimer: Cancel = () => undefined
    let cancelPause: Cancel = () => undefined
    const end = (): void => {
      isOver = true
      cancelTimer()
      cancelPause()
      worker.terminate()
    }
    const tell = (task: () => void): void => {
      if (!isOver) inEvent(reportFault, task)
    }
    const fail = (reason: string): void =>
      tell(() => {
        end()
        sink.failed(reason)
      })
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows, this is a worker
    const say = (word: ToOwnThread): void => worker.postMessage(word)
    const within = (reason: string): void => {
      cancelTimer()
      cancelTimer = clock.after(PATIENCE_MS, () => fail(reason))
    }
    const lookAgain = (): void => {
      cancelTimer()
      cancelTimer = clock.after(PING_MS, () => {
        say({ kind: 'ping' })
        within(`does not come back for ${PATIENCE_MS} ms; does it loop or block?`)
      })
    }
    const taken = (): void => {
      cancelPause = clock.after(PAUSE_MS, () => say({ kind: 'taken' }))
    }
    const hear = (word: FromOwnThread): void => {
      if (word.kind === 'started' || word.kind === 'pong') return lookAgain()
      if (word.kind === 'failed') return fail(word.reason)
      if (word.kind === 'publish') return tell(() => sink.publish(word.members, taken))
      if (word.kind === 'confirm') tell(() => sink.confirm())
      else tell(() => sink.lose(word.reason))
      taken()
    }
    worker.addEventListener('message', ({ data }: MessageEvent<FromOwnThread>) => hear(data))
    worker.addEventListener('error', ({ message }) => fail(message))
    worker.addEventListener('messageerror', () => fail('says what cannot be read'))
    worker.addEventListener('close', () => fail('has ended its thread; does it call process.exit?'))
    say({ kind: 'run', ...run })
    within(`must have started within ${PATIENCE_MS} ms; does it loop or await something that never comes?`)
    return end
  }
}
