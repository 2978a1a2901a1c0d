/**
 * A process that strategies may hang, with a watchdog that looks every EVERY_MS: `bun hanging-process.ts HOW`. It says `going`
 * when it begins, and ends with 0 by itself when nobody ends it.
 */
import { AskedStrategy } from '../../core/balance/asked-strategy.ts'
import { systemClock } from '../../core/clock.ts'
import { fakeAttempt, fakePool } from '../../core/lab/fakes.ts'
import { homeOf } from '../../core/own-files.ts'
import type { Strategy } from '../../core/strategy/strategy.ts'
import { createWatchdog } from '../../cli/process/watchdog.ts'
import { createLog } from '../../cli/process/event-log.ts'
import { writeNow } from '../../cli/process/last-words.ts'
import { contextOf } from './pick-context.ts'

const style = { format: 'json', color: false, quiet: false } as const
const free = Number(process.env['FREE'] ?? 100)
const everyMs = Number(process.env['EVERY_MS'] ?? 50)
const watchdog = createWatchdog({
  home: homeOf(process.env),
  style,
  emit: createLog({ ...style, write: (line) => writeNow(`${line}\n`), clock: systemClock }),
  freeDescriptors: () => free,
  everyMs,
})
const mine = { file: '/etc/mine.ts', version: '00112233445566aa', isShipped: false }
const pool = fakePool([1, 1])
const context = contextOf({ random: () => 0.5 })

function loop(): never {
  for (;;);
}

function busyFor(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

/** Asked by a pool called `web`, which runs `mine`. */
function asked(strategy: Strategy, version = mine): AskedStrategy {
  const calls = watchdog.watch.ofPool('web', () => './mine.ts')
  calls.serves(version)
  const reports = { onFault: () => undefined, onSlow: () => undefined }
  return new AskedStrategy({ strategy, reports, clock: systemClock, calls })
}

const going = (): void => void process.stdout.write('going\n')

const ways: Readonly<Record<string, () => void | Promise<void>>> = {
  /** In machine code by then: nothing may have been optimised away. */
  pick() {
    let picks = 0
    const strategy = asked({
      pick(candidates) {
        picks += 1
        return picks > 300_000 ? loop() : candidates[0]
      },
    })
    going()
    for (;;) strategy.pick(pool, context)
  },
  onEnd() {
    const strategy = asked({ pick: ([first]) => first, onEnd: loop })
    going()
    strategy.onEnd(undefined, { kind: 'abandoned', elapsedMs: 1 }, 1, { view: fakeAttempt(pool[0]), status: 0 })
  },
  create() {
    going()
    watchdog.watch.tries(mine, 'create', loop)
  },
  loading() {
    watchdog.watch.loads(mine)
    going()
    loop()
  },
  /** Each is far from the time after which a call hangs; together they take many times as long. */
  slow() {
    const strategy = asked({ pick: (candidates) => (busyFor(everyMs / 2), candidates[0]) })
    going()
    for (let pick = 0; pick < 40; pick += 1) strategy.pick(pool, context)
  },
  /** The thread is as dead as can be, but by no strategy's doing. */
  elsewhere() {
    asked({ pick: ([first]) => first }).pick(pool, context)
    going()
    busyFor(800)
  },
  /** For whoever stops it meanwhile. */
  stopped() {
    const strategy = asked({ pick: (candidates) => (busyFor(everyMs / 2), candidates[0]) })
    going()
    for (let pick = 0; pick < 25; pick += 1) strategy.pick(pool, context)
  },
  brief() {
    asked({ pick: ([first]) => first }).pick(pool, context)
    going()
  },
  /** Nobody is begun for it, so nobody ends it. */
  shipped() {
    const strategy = asked({ pick: (candidates) => (busyFor(400), candidates[0]) }, { ...mine, isShipped: true })
    going()
    strategy.pick(pool, context)
  },
}

await ways[process.argv[2] ?? '']?.()
process.stdout.write(watchdog.hangs(mine.file, mine.version) ?? 'nothing hung')
process.exit(0)
