/** Backends and members made from as little as a test cares about. */
import { Backend } from '../../core/backend/backend.ts'
import type { Member } from '../../core/backend/member.ts'
import type { Latencies } from '../../core/observe/latencies.ts'

/** A member at 127.0.0.1:`port`; `facts` override what is said here. */
export function makeMember(port: number, facts: Partial<Member> = {}): Member {
  return {
    id: `127.0.0.1:${port}`,
    address: { kind: 'tcp', host: '127.0.0.1', port },
    weight: 1,
    tier: 0,
    maxInflight: undefined,
    zone: undefined,
    isDraining: false,
    place: undefined,
    ...facts,
  }
}

/** Latencies of a backend that nobody asks about. */
export const forgetfulLatencies = (): Latencies => ({
  buckets: undefined,
  connects: undefined,
  heads: undefined,
  scale: undefined,
  record: () => undefined,
  recordConnect: () => undefined,
  recordHead: () => undefined,
  summary: () => undefined,
})

/** Unchecked since 0, with a latency recorder that forgets. */
export function makeBackend(port: number, facts: Partial<Member> = {}): Backend {
  return new Backend(makeMember(port, facts), forgetfulLatencies(), 0)
}
