/**
 * What the safeguards cost: all of them on, without and with hedging.
 * `bun bench/safeguards.ts --rounds 8 --seconds 2 --profile headers-13`
 */
import { besideOff, smartedgeOff } from './beside-off.ts'
import type { Peer, Safeguards } from './peers/peer.ts'
import { createSmartedge } from './peers/smartedge.ts'

/** No bound is ever reached: what is measured is the looking. */
const all: Safeguards = {
  tryMs: 5000,
  slowMs: 5000,
  room: { maxInflight: 1000, queueLength: 1000, queueMs: 1000 },
}

const withSafeguards = (name: string, safeguards: Safeguards): Peer => {
  const plain = createSmartedge()
  return { ...plain, name, launch: (job) => plain.launch({ ...job, safeguards }) }
}

const variants = [withSafeguards('on', all), withSafeguards('on, hedge', { ...all, hedge: true })]

await besideOff('bench/safeguards.ts', [{ off: smartedgeOff, variants }])
