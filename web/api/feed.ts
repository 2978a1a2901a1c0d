/** Follows the event stream of the balancer that the page came from. By `fetch`: an EventSource can send no token. */
import type { Cancel, Clock } from '../../core/clock.ts'
import { faultOf, type FeedUpdate, followFeed, isEventStream, noStream, type Opened } from '../../core/view/follow.ts'
import { readAnswer } from './api.ts'
import { tokenFields } from './token.ts'

export interface PageFeedOptions {
  readonly onUpdate: (update: FeedUpdate) => void
  /** It wants a token, or another one; it has ended. */
  readonly onLockedOut: (reason: string) => void
}

const clock: Pick<Clock, 'after'> = {
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs)
    return () => clearTimeout(timer)
  },
}

/** Begins at once; the returned function ends it. */
export function followPage({ onUpdate, onLockedOut }: PageFeedOptions): Cancel {
  let isLockedOut = false
  return followFeed({
    async open(lastId, signal): Promise<Opened> {
      const headers = { accept: 'text/event-stream', ...tokenFields(), ...(lastId && { 'last-event-id': lastId }) }
      const response = await fetch('api/events', { headers, signal, cache: 'no-store' })
      if (!response.ok) {
        const answer = await readAnswer(response)
        isLockedOut = response.status === 401
        return faultOf(response.status, answer.kind === 'ok' ? '' : answer.reason)
      }
      const { body } = response
      return isEventStream(response.headers.get('content-type')) && body !== null
        ? { kind: 'stream', pieces: textOf(body) }
        : noStream
    },
    lossOf: () => ({ how: 'unreachable', reason: 'the balancer does not answer' }),
    clock,
    onUpdate(update) {
      if (update.kind === 'refused' && isLockedOut) onLockedOut(update.reason)
      else onUpdate(update)
    },
  })
}

async function* textOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield decoder.decode(value, { stream: true })
  }
}
