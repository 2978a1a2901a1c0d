/**
 * GET /api/events: server-sent events (WHATWG HTML 9.2) for any number of watchers. First `hello`, then the newest events
 * as `event`, then `frame`s and `event`s as they come; each frame is made into bytes once for all. Frames come at least
 * every few seconds, which also keeps idle timers off the connection.
 */
import type { Cancel } from '../clock.ts'
import type { EventLog, LoggedEvent } from '../observe/event-log.ts'
import type { Feed } from '../report/feed.ts'
import { problem } from './problem.ts'
import type { AdminRequest } from './request.ts'

export interface EventStreamOptions {
  readonly feed: Feed
  readonly log: EventLog
  /** At most `MAX_WATCHERS`. */
  readonly maxWatchers: number
}

/** Answers one watcher; HEAD gets the headers alone. */
export type EventStream = (request: AdminRequest) => Response

/** A watcher costs a few KB four times a second; more than this many is no dashboard but a mistake. */
export const MAX_WATCHERS = 64
/** A watcher that reads so much more slowly than it is sent is dropped: it sees old news, and we would keep it. */
const maxUnreadBytes = 512 * 1024

const headers = { 'content-type': 'text/event-stream; charset=utf-8' }

export function createEventStream({ feed, log, maxWatchers }: EventStreamOptions): EventStream {
  const watchers = new Set<Watcher>()
  const encoder = new TextEncoder()
  let leave: readonly Cancel[] = []

  const sendAll = (message: string): void => {
    const bytes = encoder.encode(message)
    for (const watcher of watchers) if (!watcher.send(bytes)) drop(watcher)
  }
  const drop = (watcher: Watcher): void => {
    watchers.delete(watcher)
    watcher.end()
    if (watchers.size > 0) return
    for (const cancel of leave) cancel()
    leave = []
  }
  const join = (watcher: Watcher, lastId: number): void => {
    watcher.send(encoder.encode([formatMessage('hello', feed.hello()), ...newest(log.after(lastId))].join('')))
    watchers.add(watcher)
    if (leave.length > 0) return
    leave = [
      log.subscribe((entry) => sendAll(formatEvent(entry))),
      feed.subscribe((frame) => sendAll(formatMessage('frame', frame))),
    ]
  }

  return (request) => {
    if (request.method === 'HEAD') return new Response(null, { headers })
    if (watchers.size >= maxWatchers) return problem(503, `${maxWatchers} watchers are connected already; end some.`)
    const lastId = readId(request.field('last-event-id'))
    return new Response(
      createBody(
        (watcher) => join(watcher, lastId),
        (watcher) => drop(watcher),
      ),
      { headers },
    )
  }
}

interface Watcher {
  /** false: it has fallen too far behind, or has gone. */
  send(bytes: Uint8Array<ArrayBuffer>): boolean
  end(): void
}

function createBody(onJoin: (watcher: Watcher) => void, onLeave: (watcher: Watcher) => void): ReadableStream {
  let watcher: Watcher
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let hasEnded = false
        watcher = {
          send(bytes) {
            if (hasEnded || (controller.desiredSize ?? 0) <= 0) return false
            controller.enqueue(bytes)
            return true
          },
          end() {
            if (hasEnded) return
            hasEnded = true
            // An error, not an end: the connection is cut and what was queued for it is let go.
            controller.error(new Error('the watcher reads too slowly'))
          },
        }
        onJoin(watcher)
      },
      cancel: () => onLeave(watcher),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: maxUnreadBytes }),
  )
}

/** So many that what comes behind them does not find the watcher slow. */
function newest(entries: readonly LoggedEvent[]): readonly string[] {
  const messages: string[] = []
  let room = maxUnreadBytes / 2
  for (const entry of entries.toReversed()) {
    const message = formatEvent(entry)
    room -= Buffer.byteLength(message)
    if (room < 0) break
    messages.unshift(message)
  }
  return messages
}

const formatEvent = ({ id, at, event }: LoggedEvent): string => formatMessage('event', { at, ...event }, id)

/** One line of data: JSON has no line breaks of its own. */
function formatMessage(event: string, data: object, id?: number): string {
  const head = id === undefined ? '' : `id: ${id}\n`
  return `${head}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

/** What a watcher that comes back saw last; anything odd counts as nothing. */
const readId = (text: string | undefined): number => (/^\d{1,15}$/.test(text ?? '') ? Number(text) : 0)
