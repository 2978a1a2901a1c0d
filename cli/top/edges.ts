/** The balancers that are watched, each by itself: whether it is there, and what was seen of it. Pure. */
import type { FeedUpdate } from '../../core/view/follow.ts'
import { type Link, linkAfter, nothingSeen, see, type Seen, silenceOf } from '../../core/view/seen.ts'

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

/** `now`: the client's wall ms. The same where nothing is new. */
export function seeEdge(edge: WatchedEdge, update: FeedUpdate, now: number): WatchedEdge {
  const seen = see(edge.seen, update, now)
  // Whoever refuses is not asked again.
  const told =
    update.kind === 'refused' ? ({ ...update, kind: 'lost', how: 'unreachable', retryMs: Infinity } as const) : update
  const link = linkAfter(edge.link, told, now)
  return seen === edge.seen && link === edge.link ? edge : { ...edge, seen, link }
}

/** Why nothing new comes of it, and since when in wall ms; undefined: it comes, or it has not begun yet. */
export function absenceOf({ link, seen }: WatchedEdge, now: number): { why: string; since: number } | undefined {
  if (link.kind === 'lost') return { why: link.reason, since: link.since }
  return silenceOf(seen, link, now) === undefined ? undefined : { why: 'no word from it', since: seen.frameAt }
}

/** Those whose newest frame counts now, by their places. */
export const presentEdges = (edges: readonly WatchedEdge[], now: number): readonly number[] =>
  edges.flatMap((edge, index) => (edge.link.kind === 'live' && absenceOf(edge, now) === undefined ? [index] : []))
