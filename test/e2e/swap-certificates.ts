/**
 * `bun test/e2e/swap-certificates.ts [swaps]`: the long form of certificate-swaps.test.ts. Prints what clients saw, and exits
 * with 1 when a handshake failed.
 */
import { swapCertificates } from '../support/certificate-swaps.ts'

const [count = '300'] = process.argv.slice(2)
const startedAt = performance.now()
const { handshakes, failures, shown } = await swapCertificates(Number(count))
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
process.stdout.write(
  `${count} certificates saved in ${seconds} s: ${shown} shown, ${handshakes} handshakes, ${failures.length} failed\n`,
)
for (const failure of new Set(failures.slice(0, 20))) process.stdout.write(`  ${failure}\n`)
process.exit(failures.length === 0 ? 0 : 1)
