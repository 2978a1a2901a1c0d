/** What a fleet's node may do to the edge, and tells the others of it. */
import type { AdminSource } from '../admin/source.ts'
import { formatProblem } from '../config/problems.ts'
import type { Controller } from '../control/contract.ts'
import type { FollowedEdge } from '../fleet/node.ts'
import type { Emit } from '../observe/events.ts'
import type { AdminHost } from './admin-host.ts'
import type { Listeners } from './listeners.ts'

export interface FollowedEdgeOptions {
  readonly controller: Pick<Controller, 'take'>
  readonly admin: Pick<AdminHost, 'address'>
  readonly listeners: Pick<Listeners, 'running'>
  readonly source: Pick<AdminSource, 'ready'>
  readonly emit: Emit
}

export const followedEdge = ({ controller, admin, listeners, source, emit }: FollowedEdgeOptions): FollowedEdge => ({
  emit,
  async take(text, origin) {
    const result = await controller.take(text, origin)
    if (result.kind !== 'refused') return { kind: 'taken' }
    return { kind: 'refused', problems: result.problems.map(formatProblem) }
  },
  addresses: () => [...(admin.address ? [admin.address] : []), ...listeners.running.map(({ address }) => address)],
  health() {
    const ready = source.ready()
    return ready.kind === 'ready' ? 'ready' : ready.reason
  },
})
