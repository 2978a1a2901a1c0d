/**
 * `bun test/e2e/kill-forty.ts [kills]`: the long form of kills.test.ts, one of two and one of four backends in turn. Prints
 * what clients lost and exits with 1 when they lost anything.
 */
import { killBackends } from '../support/kill-rig.ts'

const [count = '40'] = process.argv.slice(2)
let lost = 0
for (const backends of [2, 4]) {
  const { requests, failures, retries } = await killBackends({ backends, kills: Number(count) })
  lost += failures.length
  process.stdout.write(
    `one of ${backends} killed ${count} times: ${requests} requests, ${failures.length} failed, ${retries} tried again\n`,
  )
  for (const failure of new Set(failures)) process.stdout.write(`  ${failure}\n`)
}
process.exit(lost === 0 ? 0 : 1)
