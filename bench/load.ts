/**
 * The load generator as a program: reads one plan per line on standard input, prints one report per line. It ends with
 * its input, so that it never outlives whoever started it.
 */
import { createInterface } from 'node:readline'
import { systemClock } from '../core/clock.ts'
import { seededRandom } from '../core/random.ts'
import { generateLoad } from './load/generator.ts'
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

for await (const line of createInterface({ input: process.stdin })) {
  const report = await generateLoad(JSON.parse(line) as LoadPlan, surroundings)
  process.stdout.write(`${JSON.stringify(report)}\n`)
}
process.exit()
