/** What tests see and do of requests that wait for room in a rig's pool. */
import { type Arrival, ok } from './raw-backend.ts'
import { turnUntil } from './raw-peer.ts'
import type { Rig } from './rig.ts'

/** As the status tells of it. */
export const poolOf = ({ edge }: Rig) => edge.edge.status().pools[0]!

/** Resolves once so many wait. */
export const waiting = (rig: Rig, count: number): Promise<void> =>
  turnUntil(() => poolOf(rig).waiting === count, `${count} that wait`)

/** Answers `arrival`, and gives what comes after it on the same connection or another. */
export async function answer(rig: Rig, { peer }: Arrival, body = 'ok'): Promise<Arrival> {
  peer.send(ok(body))
  return await rig.backend.next()
}
