/**
 * The thread that looks whether strategies return from their calls, and ends the whole process when one does not. It sleeps
 * in between instead of turning its event loop, a turn of which costs as much as three such looks (Bun 1.4.5).
 */
import { receiveMessageOnPort } from 'node:worker_threads'
import { systemClock } from '../../core/clock.ts'
import { markedCall, readMarks, type StrategyCall } from '../../core/strategy/call-marks.ts'
import type { WatchedVersion } from '../../core/strategy/watch.ts'
import { exitAtOnce } from '../../core/net/exit-at-once.ts'
import { rememberHungVersion } from '../../core/watchdog/hung-versions.ts'
import { StuckCall } from '../../core/watchdog/stuck-call.ts'
import { exitCode } from './exit-codes.ts'
import { writeNow } from './last-words.ts'
import { createLog } from './event-log.ts'
import type { NamedCalls, WatchdogStart } from './watchdog.ts'

declare const self: Worker

/** After the first, at which it may have just begun. */
const looks = 5

const names = new Map<number, WatchedVersion>()

self.addEventListener('message', ({ data }: MessageEvent<WatchdogStart>) => lookForGood(data))

function lookForGood(start: WatchdogStart): never {
  const { memory, port, everyMs } = start
  const finders = readMarks(memory).map(() => new StuckCall(looks, everyMs))
  const asleep = new Int32Array(new SharedArrayBuffer(4))
  for (;;) {
    Atomics.wait(asleep, 0, 0, everyMs)
    const now = systemClock.now()
    const stuck = readMarks(memory).find((mark, index) => finders[index]?.look(mark, now))
    for (let told = receiveMessageOnPort(port); told !== undefined; told = receiveMessageOnPort(port)) {
      const { owner, version } = told.message as NamedCalls
      names.set(owner, version)
    }
    if (stuck !== undefined) endProcess(stuck, start)
  }
}

/** There is no other way: the thread that would listen to signals is the one that hangs. */
function endProcess(mark: number, { home, style, everyMs }: WatchdogStart): void {
  const { owner, call } = markedCall(mark) ?? { owner: 0, call: 'pick' as StrategyCall }
  const version = names.get(owner)
  const log = createLog({ ...style, write: (line) => writeNow(`${line}\n`), clock: systemClock })
  log({ kind: 'strategy-hung', ...wordsFor(version, call, (looks * everyMs) / 1000) })
  if (version !== undefined) {
    const at = new Date(systemClock.wallTime()).toISOString()
    const kept = rememberHungVersion({ file: version.file, version: version.version, call, at }, home)
    if (kept.kind === 'fault')
      log({ kind: 'fault', detail: `the next start will run that version again: ${kept.reason}` })
  }
  process.kill(process.pid, 'SIGKILL')
  // The first process of a container is spared signals of its own.
  exitAtOnce(exitCode.SIGKILL)
}

function wordsFor(version: WatchedVersion | undefined, call: StrategyCall, seconds: number) {
  const what = call === 'loading' ? 'has been loading' : `has not returned from ${call}`
  const who = version === undefined ? '' : ` (${version.file}, version ${version.version})`
  const next = version === undefined ? '' : ', the next one leaves this version out'
  const detail = `${what} for ${seconds} s${who}: the process ends${next}`
  return { pool: version?.pool, strategy: version?.use ?? 'of some pool', detail }
}
