/**
 * The thread in which a strategy is tried: loads it, examines it, says what came of it, and is terminated by whoever
 * started it, whatever happens here. An entry of its own, so it takes the system's clock itself.
 */
import { systemClock } from '../clock.ts'
import { examine, type Report } from './examine.ts'
import { type StrategyCall, strategyCalls } from '../strategy/call-marks.ts'
import { loadStrategy } from '../strategy/load.ts'
import { messageOf } from '../strategy/thrown.ts'

/** To the worker, once. */
export interface ExamineRequest {
  /** A shipped name or an absolute path. */
  readonly use: string
  readonly options: unknown
  readonly isFull: boolean
  /** One Int32: which call into the strategy is under way, as its index in `strategyCalls`. */
  readonly call: SharedArrayBuffer
}

/** From the worker, once. */
export type ExamineAnswer =
  | { readonly kind: 'examined'; readonly name: string; readonly report: Report }
  /** It does not load, or throws beside any call. */
  | { readonly kind: 'unusable'; readonly message: string }

declare const self: Worker

self.addEventListener('message', (event: MessageEvent<ExamineRequest>) => void answer(event.data))

async function answer({ use, options, isFull, call }: ExamineRequest): Promise<void> {
  const current = new Int32Array(call)
  const onCall = (name: StrategyCall): void => {
    Atomics.store(current, 0, strategyCalls.indexOf(name))
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows, this is a worker
  const say = (answer: ExamineAnswer): void => self.postMessage(answer)
  const giveUp = (error: unknown): void => say({ kind: 'unusable', message: messageOf(error) })
  try {
    const plugin = await loadStrategy(use, { onLateError: giveUp })
    const report = examine(plugin, { options, isFull, now: () => systemClock.now(), onCall })
    say({ kind: 'examined', name: plugin.name, report })
  } catch (error) {
    giveUp(error)
  }
}
