/** What of an exchange changes the head that a backend gets. */
import type { Pass } from '../admission/pass.ts'
import type { ClientIdentity } from '../forward/identify.ts'
import type { RequestRewrite } from '../forward/rewrite-request.ts'
import { isGrpcRequest, PREVIOUS_ATTEMPTS } from '../http1/grpc.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { Pool } from '../pool/pool.ts'
import type { ClientStream } from '../stream/client-stream.ts'
import type { Attempt } from './attempt.ts'
import { deadlineNow, type Limit } from './limit.ts'
import type { Services } from './world.ts'

type Names = readonly string[]

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
  { backend: { host }, trace, previous }: Pick<Attempt, 'backend' | 'trace' | 'previous'>,
  { sticky }: Pool,
  head: RequestHead,
): RequestRewrite {
  const { services, client, identity, limit, pass } = exchange
  const attempts = previous > 0 && isGrpcRequest(head) ? attemptsBefore(head, previous) : undefined
  return {
    client: identity,
    backendHost: host,
    isUpgrade: client.isUpgrade,
    version: client.version,
    hiddenCookie: sticky?.hiddenCookie,
    writeRequestId: services.writeRequestId,
    deadline: limit && deadlineNow(limit, services.clock),
    hiddenQuery: pass?.queryDrop,
    drops: joined(joined(pass?.requestDrops, trace?.drops), attempts === undefined ? undefined : [PREVIOUS_ATTEMPTS]),
    lines: attempts === undefined ? pass?.requestLines : `${pass?.requestLines ?? ''}${attempts}`,
    ownLines: trace?.lines,
  }
}

/** Nothing is made where there is one of them at most. */
const joined = (some: Names | undefined, others: Names | undefined): Names | undefined =>
  some === undefined || others === undefined ? (some ?? others) : [...some, ...others]

/** Those that the client made itself are among them (gRFC A6). */
function attemptsBefore({ fields }: RequestHead, previous: number): string {
  const told = fields.valueNamed(PREVIOUS_ATTEMPTS)
  const earlier = told !== undefined && /^\d{1,4}$/.test(told) ? Number(told) : 0
  return `${PREVIOUS_ATTEMPTS}: ${earlier + previous}\r\n`
}
