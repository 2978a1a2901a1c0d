/** What traces requests, as exchanges see it. Where none does, an exchange has no trace, and it costs nothing. */
import type { ClientIdentity } from '../forward/identify.ts'
import type { OwnLines } from '../forward/rewrite-request.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { ExchangeRecord, TraceIds } from './record.ts'

/** Of a route. */
export interface Tracing {
  /**
   * The trace of a request, decided on before anything is made; `head` holds it now. undefined: what its client says of a
   * trace is passed on as it came, and nothing is recorded.
   */
  begin(head: RequestHead, identity: ClientIdentity): Trace | undefined
}

/** Of one exchange. With a `spanId` it is recorded, else it only says to backends that it is not. */
export interface Trace extends TraceIds {
  /** For the next attempt. */
  attempt(): AttemptTrace
  /** Once, when a recorded one's exchange is over. `record`: what observers hear. */
  end(record: ExchangeRecord): void
}

/** What the request of an attempt says. */
export interface AttemptTrace {
  /** undefined: the attempt is not recorded. */
  readonly spanId: string | undefined
  /** Lower-case names of fields of the client's that this replaces; undefined: it says nothing of the kind. */
  readonly drops: readonly string[] | undefined
  readonly lines: OwnLines
}
