/** Watches a running SmartEdge: GET /api/events over TCP or a Unix socket, kept up as `view/follow.ts` does. */
import { StringDecoder } from 'node:string_decoder'
import type { IncomingMessage } from 'node:http'
import type { Cancel, Clock } from '../../core/clock.ts'
import { faultOf, type FeedUpdate, followFeed, isEventStream, noStream, type Opened } from '../../core/view/follow.ts'
import { failureOf, openAdmin, readAnswer, readText } from './admin-client.ts'
import type { AdminTarget } from './admin-target.ts'

export interface FeedClientOptions {
  readonly target: AdminTarget
  readonly clock: Clock
  readonly onUpdate: (update: FeedUpdate) => void
}

/** Begins at once; the returned function ends it. */
export const watchFeed = ({ target, clock, onUpdate }: FeedClientOptions): Cancel =>
  followFeed({
    open: (lastId, signal) => open(target, lastId, signal),
    lossOf(error) {
      const { kind: how, reason } = failureOf(error)
      return { how, reason }
    },
    clock,
    onUpdate,
  })

async function open(target: AdminTarget, lastId: string, signal: AbortSignal): Promise<Opened> {
  const headers = { accept: 'text/event-stream', ...(lastId && { 'last-event-id': lastId }) }
  const response = await openAdmin(target, '/api/events', { method: 'GET', headers })
  signal.addEventListener('abort', () => response.destroy())
  if (signal.aborted) response.destroy()
  if (response.statusCode !== 200) return faultOf(response.statusCode ?? 0, await reasonIn(response, target))
  if (!isEventStream(response.headers['content-type'])) return noStream
  // From here on silence is watched for by who follows; the socket's own limit is meant for answers.
  response.setTimeout(0)
  return { kind: 'stream', pieces: textOf(response) }
}

async function* textOf(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  for await (const piece of stream) yield decoder.write(piece)
}

async function reasonIn(response: IncomingMessage, target: AdminTarget): Promise<string> {
  const status = response.statusCode ?? 0
  const answer = await readText(response).then(
    (text) => readAnswer(response, parseOr(text), target),
    () => undefined,
  )
  return answer?.kind === 'refused' ? answer.reason : `it answered ${status}`
}

function parseOr(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
