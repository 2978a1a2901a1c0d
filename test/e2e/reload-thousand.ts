/**
 * `bun test/e2e/reload-thousand.ts [reloads]`: the long form of reload.test.ts, with the same load without reloads beside
 * it. Prints what clients saw and exits with 1 when one of them saw too much.
 */
import { startReloadRig } from '../support/reload-rig.ts'
import { startSteadyLoad } from '../support/steady-load.ts'

const [count = '1000'] = process.argv.slice(2)
const reloads = Number(count)
const mebibytes = (): number => Math.round(process.memoryUsage.rss() / 1024 ** 2)

async function run(reloads: number, durationMs: number) {
  const rig = await startReloadRig()
  const load = await startSteadyLoad(rig.url, 100)
  const before = mebibytes()
  const startedAt = performance.now()
  const kinds = await rig.reload(reloads, () => load.ping())
  // As often as ten reloads take.
  for (; performance.now() - startedAt < durationMs; await load.ping()) await Bun.sleep(150)
  const elapsedMs = performance.now() - startedAt
  const tally = await load.stop()
  const { number } = rig.controller.state().generation
  await rig.end()
  return { kinds, tally, generations: number, elapsedMs, memory: [before, mebibytes()] }
}

const changed = await run(reloads, 0)
const quiet = await run(0, changed.elapsedMs)
for (const [name, { tally, elapsedMs, generations, memory }] of Object.entries({ changed, quiet })) {
  const { requests, failures, tunnelsClosed, p99Ms } = tally
  process.stdout.write(
    `${name}: ${requests} requests in ${(elapsedMs / 1000).toFixed(1)} s, ${failures.length} failed, ` +
      `${tunnelsClosed} of 100 tunnels closed, p99 ${p99Ms.toFixed(1)} ms, ${generations} generations, ` +
      `memory ${memory.join(' -> ')} MiB\n`,
  )
  for (const failure of new Set(failures.slice(0, 20))) process.stdout.write(`  ${failure}\n`)
}
process.stdout.write(`${JSON.stringify(changed.kinds)}\n`)
process.exit(changed.tally.failures.length + changed.tally.tunnelsClosed === 0 ? 0 : 1)
