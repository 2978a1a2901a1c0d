/** What was seen of a balancer, and of how it is reached: what screens show is one of these. Pure. */
import type { Frame, Hello } from '../../core/report/frame.ts'
import type { WatchedEvent } from '../client/feed-format.ts'
import type { Finding } from './findings.ts'
import type { History } from './history.ts'

export type Link =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** `since` and `retryAt` in the client's wall ms. */
  | { readonly kind: 'lost'; readonly reason: string; readonly since: number; readonly retryAt: number }

/** What came from the balancer. */
export interface Seen {
  readonly hello: Hello | undefined
  readonly frame: Frame | undefined
  /** When that came, in the client's wall ms. */
  readonly frameAt: number
  readonly history: History
  readonly findings: readonly Finding[]
  /** Newest first. */
  readonly events: readonly WatchedEvent[]
}

export const nothingSeen: Seen = {
  hello: undefined,
  frame: undefined,
  frameAt: 0,
  history: [],
  findings: [],
  events: [],
}

export const maxEvents = 200

/** Beyond the pause between two frames: who is silent for so long may well be hanging. */
const silentMs = 2000

/** How old the newest frame is in ms, when it is older than it should be or the connection is lost; undefined: it is fresh. */
export function silenceOf(link: Link, { frame, frameAt }: Seen, now: number): number | undefined {
  if (frame === undefined) return undefined
  const ageMs = now - frameAt
  return link.kind === 'lost' || ageMs >= silentMs + frame.intervalMs ? Math.max(0, ageMs) : undefined
}
