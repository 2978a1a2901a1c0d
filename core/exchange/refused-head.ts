/** What is known where a head was no request, as observers hear of it: who sent it, and what was answered. */
import { RequestHead } from '../http1/request-head.ts'
import type { RefusedHead } from '../inbound/request-handler.ts'
import type { ExchangeRecord } from './record.ts'
import type { World } from './world.ts'

/** Of a request that never was one. */
const NO_HEAD = new RequestHead(0)
const NO_LINE = { method: '', target: '', protocol: '' }

/** `now`: monotonic ms. */
export const recordOfHead = (refused: RefusedHead, { identify }: World, now: number): ExchangeRecord => ({
  startedAt: now,
  endedAt: now,
  client: { peer: refused.peer, readHead: () => NO_HEAD },
  line: NO_LINE,
  identity: refused.peer.identityBy(identify),
  subject: undefined,
  route: '',
  pool: undefined,
  ending: { kind: 'refused', status: refused.status, detail: refused.detail },
  attempts: [],
  requestBytes: 0,
  responseBytes: refused.contentBytes(),
})
