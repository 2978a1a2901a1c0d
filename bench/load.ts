/**
 * The load generator as a program: reads one plan per line on standard input, prints one report per line. It ends with
 * its input, so that it never outlives whoever started it.
 */
import { createInterface } from 'node:readline'
import { systemClock } from '../core/clock.ts'
import { seededRandom } from '../core/random.ts'
import { generateLoad } from './load/generator.ts'
import { createIdleCrowd } from './load/idle.ts'
import type { LoadPlan } from './load/plan.ts'

const surroundings = {
  clock: systemClock,
  random: seededRandom(1),
  turn: (task: () => void) => void setImmediate(task),
  cpuMs: () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  },
}

const idle = createIdleCrowd()
for await (const line of createInterface({ input: process.stdin })) {
  const plan = JSON.parse(line) as LoadPlan
  await idle.adjust(plan)
  const report = await generateLoad(plan, surroundings)
  process.stdout.write(`${JSON.stringify(report)}\n`)
}
process.exit()
