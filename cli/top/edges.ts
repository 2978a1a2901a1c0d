/** The balancers that are watched, each by itself: whether it is there, and what was seen of it. Pure. */
import type { FeedUpdate } from '../client/feed-client.ts'
import { findFaults } from './findings.ts'
import { record } from './history.ts'
import { maxEvents, type Link, nothingSeen, type Seen, silenceOf } from './seen.ts'

export interface WatchedEdge {
  /** As people tell it from others: `10.0.0.5:9900`. */
  readonly name: string
  readonly url: string
  readonly link: Link
  readonly seen: Seen
}

export const watchedEdge = (url: string): WatchedEdge => ({
  name: url.replace(/^https?:\/\//, ''),
  url,
  link: { kind: 'connecting' },
  seen: nothingSeen,
})

/** `now`: the client's wall ms. */
export function seeEdge(edge: WatchedEdge, update: FeedUpdate, now: number): WatchedEdge {
  const { seen, link } = edge
  switch (update.kind) {
    case 'hello': {
      // Another process has other counters and other events: what was seen of the old one is no history of it.
      const isOther = seen.hello !== undefined && seen.hello.pid !== update.hello.pid
      const kept = isOther ? { ...seen, history: [], findings: [], events: [] } : seen
      return { ...edge, seen: { ...kept, hello: update.hello } }
    }
    case 'frame': {
      const { frame } = update
      const findings = findFaults(frame, seen.findings)
      const history = record(seen.history, frame)
      return { ...edge, link: { kind: 'live' }, seen: { ...seen, frame, frameAt: now, findings, history } }
    }
    case 'event': {
      const newest = seen.events[0]?.id ?? 0
      if (update.entry.id <= newest) return edge
      return { ...edge, seen: { ...seen, events: [update.entry, ...seen.events].slice(0, maxEvents) } }
    }
    case 'lost':
    case 'refused': {
      const since = link.kind === 'lost' ? link.since : now
      // Whoever refuses is not asked again.
      const retryAt = update.kind === 'lost' ? now + update.retryMs : Infinity
      return { ...edge, link: { kind: 'lost', reason: update.reason, since, retryAt } }
    }
  }
}

/** Why nothing new comes of it, and since when in wall ms; undefined: it comes, or it has not begun yet. */
export function absenceOf({ link, seen }: WatchedEdge, now: number): { why: string; since: number } | undefined {
  if (link.kind === 'lost') return { why: link.reason, since: link.since }
  return silenceOf(link, seen, now) === undefined ? undefined : { why: 'no word from it', since: seen.frameAt }
}

/** Those whose newest frame counts now, by their places. */
export const presentEdges = (edges: readonly WatchedEdge[], now: number): readonly number[] =>
  edges.flatMap((edge, index) => (edge.link.kind === 'live' && absenceOf(edge, now) === undefined ? [index] : []))
