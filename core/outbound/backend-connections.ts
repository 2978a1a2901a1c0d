/** The connections to one backend, as the pool that it is in sees them: streams over them, and what is to become of them. */
import type { StreamSource } from '../stream/backend-stream.ts'
import type { HttpLimits } from '../http1/limits.ts'
import type { BackendTimeouts } from '../net/timeouts.ts'
import type { Manner } from './manner.ts'
import type { BackendProtocol } from './policy.ts'

/** What a reload may change while connections are open. */
export interface ConnectionPolicy {
  readonly limits: HttpLimits
  readonly timeouts: BackendTimeouts
  readonly maxIdleConnections: number
  /** Open at once, idle ones included; undefined: no cap. */
  readonly maxConnections: number | undefined
  /** What the backends of its pool are spoken to in; absent: HTTP/1.1. */
  readonly protocol?: BackendProtocol | undefined
  /** How each begins; absent: with nothing. Those that began otherwise are kept no longer. */
  readonly manner?: Manner | undefined
}

export interface BackendConnections extends StreamSource {
  /** Takes effect for what comes next; time-outs that run are left to run. */
  update(policy: ConnectionPolicy): void
  /** Whether connections are kept that nobody uses: not while the backend is drained or gone. */
  keepIdle(keepsIdle: boolean): void
  /** Ends every connection now; returns how many exchanges and tunnels that cut. */
  cut(): number
}
