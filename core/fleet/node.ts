/** A node of a fleet from the start of its edge to the end: it follows the source, and is shown among the others. */
import { formatAddress, type SocketAddress } from '../address.ts'
import type { Clock } from '../clock.ts'
import { isLoopback } from '../config/network.ts'
import type { Emit } from '../observe/events.ts'
import type { Home } from '../own-files.ts'
import type { FleetStatus, NodeRecord } from '../report/fleet-status.ts'
import { VERSION } from '../version.ts'
import type { SourceAddress } from './address.ts'
import { keepCopy } from './copy.ts'
import { Follower, type Taken } from './follower.ts'
import { Membership } from './membership.ts'
import type { Release } from './release.ts'
import type { ConfigStore } from './store.ts'

export interface FleetNode {
  status(): FleetStatus
  /** Once the edge serves. */
  begin(edge: FollowedEdge): void
  /** Follows no more, and tells the others; resolves soon, whether they have heard or not. */
  end(): Promise<void>
}

/** What it asks of the edge. */
export interface FollowedEdge {
  /** Puts a text in force, as a whole or not at all. */
  readonly take: (text: string, origin: string) => Promise<Taken>
  /** Where it listens, the admin API first. */
  readonly addresses: () => readonly SocketAddress[]
  /** `ready`, or why it is not. */
  readonly health: () => string
  readonly emit: Emit
}

export interface FleetNodeOptions {
  readonly source: SourceAddress
  readonly store: ConfigStore
  readonly node: string
  /** Of this machine, for those who see its addresses from elsewhere. */
  readonly host: string
  readonly inForce: Release
  readonly clock: Pick<Clock, 'after' | 'now' | 'wallTime'>
  readonly home: Home
  /** Why it starts with its copy, and since when that is kept; absent: it does not. */
  readonly copied?: { readonly reason: string; readonly ageMs: number; readonly release: string } | undefined
}

/** For the others to be told: nobody waits for a store that hangs. */
const LEAVE_MS = 1000

export function createFleetNode(options: FleetNodeOptions): FleetNode {
  const { source, store, node, inForce, clock, home, copied } = options
  const startedAt = new Date(clock.wallTime()).toISOString()
  let running: { readonly follower: Follower; readonly membership: Membership | undefined } | undefined

  return {
    status: () => running?.follower.status() ?? initialStatus(options, startedAt),
    begin(edge) {
      const { emit, take } = edge
      const follower = new Follower({
        store,
        node,
        inForce,
        clock,
        take,
        keep: (release) => keepCopy(source, node, release, home),
        emit,
        onChange: () => running?.membership?.update(),
      })
      const record = (): string => JSON.stringify(recordOf(options, follower.status(), edge))
      const { shared } = store
      const membership =
        shared && new Membership({ lease: shared.lease, source: store.name, node, record, clock, emit })
      running = { follower, membership }
      if (copied !== undefined) emit({ kind: 'config-copy', source: store.name, ...copied })
      else follower.keep()
      follower.start()
      membership?.start()
    },
    async end() {
      running?.follower.stop()
      const { promise, resolve } = Promise.withResolvers<void>()
      const cancel = clock.after(LEAVE_MS, resolve)
      await Promise.race([running?.membership?.leave(), promise])
      cancel()
    },
  }
}

const initialStatus = ({ store, node, inForce }: FleetNodeOptions, startedAt: string): FleetStatus => ({
  source: store.name,
  node,
  presence: 'waiting',
  away: null,
  generation: inForce.generation ?? null,
  since: startedAt,
  offered: null,
  state: 'current',
  reason: null,
})

function recordOf({ node, host }: FleetNodeOptions, status: FleetStatus, edge: FollowedEdge): NodeRecord {
  const { generation, since, offered, state, reason } = status
  return {
    name: node,
    address: reachedAt(edge.addresses(), host),
    version: VERSION,
    generation,
    since,
    offered: offered?.generation ?? null,
    state,
    reason,
    health: edge.health(),
  }
}

/** The first that others reach, where there is one; an address that stands for all of a machine's is told with the machine's name. */
export function reachedAt(addresses: readonly SocketAddress[], host: string): string {
  const address = addresses.find((one) => !isLoopback(one)) ?? addresses[0]
  if (address === undefined) return '-'
  const isAny = address.kind === 'tcp' && ['0.0.0.0', '::'].includes(address.host)
  return isAny ? `${host}:${address.port}` : formatAddress(address)
}
