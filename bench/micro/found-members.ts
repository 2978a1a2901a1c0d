/**
 * How long a pool holds up everything else while thousands of its members are found, and are all replaced: each turn of it, and
 * the two requests behind the last, which have the strategy's list and what it builds on that made. In CPU time of this
 * thread, so that others on the machine do not count. `bun bench/micro/found-members.ts [members]`.
 */
import { Intake } from '../../core/discovery/intake.ts'
import { memberAt } from '../../core/discovery/member-at.ts'
import { contextOf } from '../../test/support/pick-context.ts'
import { startPool } from '../../test/support/running-pool.ts'
import { threadClockUs } from '../cpu-clock.ts'

const count = Number(process.argv[2] ?? 10_000)
const ROUNDS = 5
const context = contextOf({ random: Math.random })

const listOf = (net: number) =>
  new Map(
    Array.from({ length: count }, (_, index) => memberAt(`10.${net}.${index >> 8}.${index & 255}`, 80)).map(
      (member) => [member.id, member] as const,
    ),
  )

function timed(task: () => void): number {
  const before = threadClockUs() ?? NaN
  task()
  return ((threadClockUs() ?? NaN) - before) / 1000
}

const shown = (times: readonly number[]): string => {
  const sorted = times.toSorted((one, other) => one - other)
  return `${sorted[sorted.length >> 1]?.toFixed(2)} ms (median), ${sorted.at(-1)?.toFixed(2)} ms (worst of ${sorted.length})`
}

for (let round = 1; round <= ROUNDS; round += 1) {
  const { pool, clock } = await startPool([], { strategy: { use: 'expected-delay', options: undefined } })
  const tasks: (() => void)[] = []
  let list: ReturnType<typeof listOf> = new Map()
  const intake = new Intake({
    pool: 'web',
    clock: { ...clock, soon: (task) => void tasks.push(task) },
    emit: () => undefined,
    into: () => pool,
    lists: () => [list],
  })
  for (const net of [1, 2]) {
    list = listOf(net)
    const comparison = timed(() => intake.begin())
    const steps: number[] = []
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) steps.push(timed(task))
    const ask = (): number => timed(() => void pool.snapshot().balancer.pick(context, []))
    const requests = [ask(), ask()].map((ms) => ms.toFixed(2))
    console.log(
      `${round}: ${count} ${net === 1 ? 'come' : 'replaced'}: comparison ${comparison.toFixed(2)} ms, steps ${shown(steps)}`,
    )
    console.log(`   the next two requests ${requests.join(' and ')} ms`)
  }
  pool.stop()
}
