import { expect, test } from 'bun:test'
import { swapCertificates } from '../support/certificate-swaps.ts'

// `bun test/e2e/swap-certificates.ts` does 300.
test('certificates that are saved under load cost no handshake', async () => {
  const { handshakes, failures, shown } = await swapCertificates(10, 4)
  expect(failures).toEqual([])
  expect(shown).toBe(11)
  expect(handshakes).toBeGreaterThan(11)
}, 60_000)
