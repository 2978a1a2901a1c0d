/**
 * Watches a running SmartEdge: GET /api/events, kept up for as long as wanted. A lost connection is tried again with
 * growing pauses; what will not heal by itself (a wrong token, another protocol) ends the watch and says so.
 */
import { StringDecoder } from 'node:string_decoder'
import type { IncomingMessage } from 'node:http'
import type { Cancel, Clock } from '../../core/clock.ts'
import type { Frame, Hello } from '../../core/report/frame.ts'
import { openAdmin, readAnswer, readText, reasonOf } from './admin-client.ts'
import type { AdminTarget } from './admin-target.ts'
import { isFrame, isHello, readEvent, type WatchedEvent } from './feed-format.ts'
import { createSseReader, type SseMessage } from './sse.ts'

export type FeedUpdate =
  | { readonly kind: 'hello'; readonly hello: Hello }
  | { readonly kind: 'frame'; readonly frame: Frame }
  | { readonly kind: 'event'; readonly entry: WatchedEvent }
  /** Tried again in `retryMs`; with 0 it is being tried now. */
  | { readonly kind: 'lost'; readonly reason: string; readonly retryMs: number }
  /** The watch has ended. */
  | { readonly kind: 'refused'; readonly reason: string }

export interface FeedClientOptions {
  readonly target: AdminTarget
  readonly clock: Clock
  readonly onUpdate: (update: FeedUpdate) => void
}

const firstRetryMs = 500
const longestRetryMs = 8000
/** Frames come at most 5 s apart. */
const silenceMs = 12_000
/** Of the stream format; `core/report/frame.ts` says when it is raised. */
const knownProtocol = 1

/** Begins at once; the returned function ends it. */
export function watchFeed({ target, clock, onUpdate }: FeedClientOptions): Cancel {
  let hasEnded = false
  let lastId = ''
  let retryMs = firstRetryMs
  let response: IncomingMessage | undefined
  let cancelRetry: Cancel | undefined
  let cancelSilence: Cancel | undefined

  function end(): void {
    hasEnded = true
    cancelRetry?.()
    cancelSilence?.()
    response?.destroy()
  }

  function refuse(reason: string): void {
    end()
    onUpdate({ kind: 'refused', reason })
  }

  function lose(reason: string): void {
    cancelSilence?.()
    response?.destroy()
    if (hasEnded) return
    onUpdate({ kind: 'lost', reason, retryMs })
    cancelRetry = clock.after(retryMs, () => void connect())
    retryMs = Math.min(longestRetryMs, retryMs * 2)
  }

  function expectMore(): void {
    cancelSilence?.()
    cancelSilence = clock.after(silenceMs, () => response?.destroy(new Error(`silent for ${silenceMs / 1000} s`)))
  }

  function take({ event, data, id }: SseMessage): void {
    if (id !== '') lastId = id
    let content: unknown
    try {
      content = JSON.parse(data)
    } catch {
      refuse('it sent no JSON; is this the address of a SmartEdge admin API?')
      return
    }
    if (event === 'hello') greet(content)
    else if (event === 'frame' && isFrame(content)) {
      retryMs = firstRetryMs
      onUpdate({ kind: 'frame', frame: content })
    } else if (event === 'event') {
      const entry = readEvent(Number(id), content)
      if (entry) onUpdate({ kind: 'event', entry })
    }
  }

  function greet(content: unknown): void {
    if (!isHello(content)) refuse('it sent no greeting of a SmartEdge')
    else if (content.protocol !== knownProtocol)
      refuse(
        `it speaks version ${content.protocol} of the event stream, this smartedge version ${knownProtocol}; use the smartedge ${content.version} that runs there`,
      )
    else onUpdate({ kind: 'hello', hello: content })
  }

  async function read(stream: IncomingMessage): Promise<void> {
    const decoder = new StringDecoder('utf8')
    const pushText = createSseReader()
    for await (const piece of stream as AsyncIterable<Buffer>) {
      expectMore()
      for (const message of pushText(decoder.write(piece))) if (!hasEnded) take(message)
    }
  }

  async function connect(): Promise<void> {
    try {
      const headers = { accept: 'text/event-stream', ...(lastId && { 'last-event-id': lastId }) }
      response = await openAdmin(target, '/api/events', { method: 'GET', headers })
      if (hasEnded) {
        response.destroy()
        return
      }
      const { statusCode = 0, headers: fields } = response
      if (statusCode === 503) lose(await reasonIn(response, target))
      else if (statusCode !== 200) refuse(await reasonIn(response, target))
      else if (!fields['content-type']?.startsWith('text/event-stream'))
        refuse('it has no event stream; is this the address of a SmartEdge admin API?')
      else {
        // From here on silence is watched for here; the socket's own limit is meant for answers.
        response.setTimeout(0)
        expectMore()
        await read(response)
        lose('it ended the connection')
      }
    } catch (error) {
      lose(reasonOf(error))
    }
  }

  void connect()
  return end
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
