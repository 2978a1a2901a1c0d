/**
 * A backend and a stream to it: now, later or never. Picking and opening are one act, so that the one who is picked still
 * has room.
 */
import type { Verdict } from '../admission/admission.ts'
import type { Backend } from '../backend/backend.ts'
import type { PickExplanation, RecordedContext } from '../balance/pick-recorder.ts'
import type { BackendStream, StreamChoice, StreamOpener } from '../stream/backend-stream.ts'
import type { Peer } from '../stream/peer.ts'
import type { Session } from '../sticky/sticky.ts'
import type { Pool } from './pool.ts'
import type { Entrant } from './queue.ts'

export interface Acquired {
  readonly backend: Backend
  readonly stream: BackendStream
  /** Why it is that backend; undefined: nobody wants to know. */
  readonly pick: PickExplanation | undefined
}

/** Who wants a stream: a request, as far as it has come. */
export interface Asker {
  /** Backends that have failed it. */
  readonly tried: readonly Backend[]
  /** Of its route. */
  readonly priority: number
  /** It has had its turn in the pool's queue, or was turned away there, and has not been tried since. */
  readonly hasQueued: boolean
  /** undefined: it has none. */
  readonly session: Session | undefined
  /** In the pool's queue, until now; ms. */
  readonly waitedMs: number
  /** Whose request it is; absent: nobody's. */
  readonly client?: Peer
  /** It asks for a connection of its own, behind a 101; absent: it does not. */
  readonly isUpgrade?: boolean
}

/**
 * The backend of its session where it may be, else one that the strategy picks. undefined: nobody is usable, has room, and
 * has not failed it; or others are about to have what room there is, and it has not had its turn.
 */
export function acquire(
  pool: Pool,
  context: RecordedContext,
  asker: Asker,
  choice: StreamChoice,
): Acquired | undefined {
  if (pool.queue.isDue && mayQueue(pool, asker)) return undefined
  const kept = keptBackend(pool, asker)
  const backend = kept ?? pool.balancer.pick(context, asker.tried)
  if (context.recorder !== undefined) {
    const { members, isAtBound: isPoolFull } = pool.balancer
    const { tried, waitedMs } = asker
    context.recorder.close(context, { kept, chosen: backend, members, isPoolFull, tried, waitedMs, now: context.now })
  }
  const stream = backend && sourceOf(pool, backend, asker.isUpgrade).open(choice, pool.timeouts, asker.client)
  return stream && { backend, stream, pick: context.recorder?.explanation }
}

/**
 * For one that has acquired nothing: a place in the pool's queue, or none there. undefined: room is not what it lacks, or it
 * has had its turn.
 */
export function queueUp(pool: Pool, hasQueued: boolean, entrant: Entrant): Verdict | undefined {
  const { balancer, queue } = pool
  if (!mayQueue(pool, { ...entrant, hasQueued })) return undefined
  return queue.isDue || !balancer.hasRoom(entrant.tried) ? queue.enter(entrant) : undefined
}

/**
 * Where nobody is usable who has not failed it there is nothing to wait for. A retry that would be turned away, having been
 * let in before all who wait, goes on where there is room.
 */
function mayQueue(
  { balancer, queue }: Pool,
  { tried, priority, hasQueued }: Pick<Asker, 'tried' | 'priority' | 'hasQueued'>,
): boolean {
  return !hasQueued && balancer.hasUsable(tried) && (tried.length === 0 || queue.hasPlace(priority))
}

/**
 * The backend that its session is with; undefined: it is with nobody who may have this request, so that the strategy is to
 * pick. Draining, a backend goes on for the sessions that it has, unless it has been found unwell.
 */
function keptBackend(pool: Pool, { session, tried }: Asker): Backend | undefined {
  const backend = session?.backend
  if (backend === undefined || tried.includes(backend) || !mayKeep(pool, backend)) return undefined
  return backend.hasRoom && !pool.balancer.isAtBound ? backend : undefined
}

function mayKeep({ balancer }: Pool, backend: Backend): boolean {
  const { state, health } = backend.standing
  return balancer.offers(backend) || (state === 'draining' && health !== 'unhealthy')
}

/** `isUpgrade`: of streams whose connection may be given away. */
export function sourceOf({ connections, name }: Pool, backend: Backend, isUpgrade = false): StreamOpener {
  const source = connections.get(backend)
  if (source === undefined) throw new Error(`backend ${backend.id} has no connections in pool ${name}`)
  return isUpgrade ? (source.forUpgrades ?? source) : source
}
