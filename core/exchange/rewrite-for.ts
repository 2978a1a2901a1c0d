/** What of an exchange changes the head that a backend gets. */
import type { Pass } from '../admission/pass.ts'
import type { ClientIdentity } from '../forward/identify.ts'
import type { RequestRewrite } from '../forward/rewrite-request.ts'
import type { Pool } from '../pool/pool.ts'
import type { ClientStream } from '../stream/client-stream.ts'
import type { Attempt } from './attempt.ts'
import { deadlineNow, type Limit } from './limit.ts'
import type { AttemptTrace } from './trace.ts'
import type { Services } from './world.ts'

export interface Forwarded {
  readonly services: Pick<Services, 'clock' | 'writeRequestId'>
  readonly client: Pick<ClientStream, 'isUpgrade' | 'version'>
  readonly identity: ClientIdentity
  /** When all must be over; undefined: whenever. */
  readonly limit: Limit | undefined
  /** What admission gave it; undefined: nothing. */
  readonly pass: Pass | undefined
}

export function rewriteFor(
  exchange: Forwarded,
  { backend: { host }, trace }: Pick<Attempt, 'backend' | 'trace'>,
  { sticky }: Pool,
): RequestRewrite {
  const { services, client, identity, limit, pass } = exchange
  return {
    client: identity,
    backendHost: host,
    isUpgrade: client.isUpgrade,
    version: client.version,
    hiddenCookie: sticky?.hiddenCookie,
    writeRequestId: services.writeRequestId,
    deadline: limit && deadlineNow(limit, services.clock),
    hiddenQuery: pass?.queryDrop,
    drops: trace === undefined ? pass?.requestDrops : dropsOf(trace, pass),
    lines: pass?.requestLines,
    ownLines: trace?.lines,
  }
}

function dropsOf({ drops }: AttemptTrace, pass: Pass | undefined): readonly string[] | undefined {
  if (drops === undefined || pass?.requestDrops === undefined) return drops ?? pass?.requestDrops
  return [...pass.requestDrops, ...drops]
}
