/** What a watcher has seen so far, and how its connection stands: each message of the stream leads to the next. Pure. */
import type { Frame, Hello } from '../report/frame.ts'
import type { WatchedEvent } from './feed-format.ts'
import { type Finding, findFaults } from './findings.ts'
import type { FeedUpdate } from './follow.ts'
import { type History, record } from './history.ts'

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

/** `now`: the watcher's wall ms. */
export function see(seen: Seen, update: FeedUpdate, now: number): Seen {
  switch (update.kind) {
    case 'hello': {
      // Another process has other counters and other events: what was seen of the old one is no history of it.
      const isOther = seen.hello !== undefined && seen.hello.pid !== update.hello.pid
      return { ...seen, ...(isOther && { history: [], findings: [], events: [] }), hello: update.hello }
    }
    case 'frame': {
      const { frame } = update
      const findings = findFaults(frame, seen.findings)
      return { ...seen, frame, frameAt: now, findings, history: record(seen.history, frame) }
    }
    case 'event':
      if (update.entry.id <= (seen.events[0]?.id ?? 0)) return seen
      return { ...seen, events: [update.entry, ...seen.events].slice(0, maxEvents) }
    case 'lost':
    case 'refused':
      return seen
  }
}

export type Link =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** `since` and `retryAt` in the client's wall ms. */
  | { readonly kind: 'lost'; readonly reason: string; readonly since: number; readonly retryAt: number }

export function linkAfter(link: Link, update: FeedUpdate, now: number): Link {
  if (update.kind === 'frame') return { kind: 'live' }
  if (update.kind !== 'lost') return link
  const since = link.kind === 'lost' ? link.since : now
  return { kind: 'lost', reason: update.reason, since, retryAt: now + update.retryMs }
}

/** Beyond the pause between two frames: who is silent for so long may well be hanging. */
const silentMs = 2000

/** How old the newest frame is in ms, when it is older than it should be or the connection is lost; undefined: it is fresh. */
export function silenceOf({ frame, frameAt }: Seen, link: Link, now: number): number | undefined {
  if (frame === undefined) return undefined
  const ageMs = now - frameAt
  return link.kind === 'lost' || ageMs >= silentMs + frame.intervalMs ? Math.max(0, ageMs) : undefined
}
