/**
 * Strategies in all scenarios, on virtual time, and by how much each loses to the best of them: `bun bench/regret/run.ts
 * [strategy or path …]`, all shipped ones when none is named. Prints the table of docs/strategies.md; the same one each
 * time, since seeds are all the chance there is. Some four minutes for all.
 */
import { resolve } from 'node:path'
import { loadStrategy } from '../../core/strategy/load.ts'
import { shippedStrategies } from '../../core/strategy/shipped.ts'
import { measure } from './measure.ts'
import { scenarios } from './scenarios.ts'
import { type Contestant, renderRegrets } from './table.ts'

const seeds = [1, 2, 3, 4, 5, 6, 7, 8]

async function contest(use: string): Promise<Contestant> {
  const plugin = await loadStrategy(use)
  const results = scenarios.map((scenario) => {
    process.stderr.write(`${plugin.name}: ${scenario.name}\n`)
    return seeds.map((seed) => measure(plugin, scenario, seed))
  })
  return { name: plugin.name, results }
}

const named = process.argv.slice(2).map((use) => (use.includes('/') ? resolve(use) : use))
const contestants: Contestant[] = []
for (const use of named.length === 0 ? shippedStrategies : named) contestants.push(await contest(use))
process.stdout.write(`${renderRegrets(scenarios, contestants)}\n`)
