/**
 * Watches a running SmartEdge: GET /api/events, kept up for as long as wanted. A lost connection is tried again with
 * growing pauses; what will not heal by itself (a wrong token, another protocol) ends the watch and says so.
 */
import { StringDecoder } from 'node:string_decoder'
import type { IncomingMessage } from 'node:http'
import type { Cancel, Clock } from '../../core/clock.ts'
import type { Frame, Hello } from '../../core/report/frame.ts'
import { type Failure, failureOf, openAdmin, readAnswer, readText, SilenceError } from './admin-client.ts'
import type { AdminTarget } from './admin-target.ts'
import { isFrame, isHello, readEvent, type WatchedEvent } from '../../core/view/feed-format.ts'
import { createSseReader, type SseMessage } from '../../core/view/sse.ts'

/** `how`: nobody is there, or somebody who says nothing. */
interface Loss {
  readonly kind: 'lost'
  readonly how: Failure['kind']
  readonly reason: string
}

export type FeedUpdate =
  | { readonly kind: 'hello'; readonly hello: Hello }
  | { readonly kind: 'frame'; readonly frame: Frame }
  | { readonly kind: 'event'; readonly entry: WatchedEvent }
  /** Tried again in `retryMs`; with 0 it is being tried now. */
  | (Loss & { readonly retryMs: number })
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

/** How a connection comes to an end: one that is lost is tried again. */
type Ending = Loss | { readonly kind: 'refused'; readonly reason: string }

/** Begins at once; the returned function ends it. */
export function watchFeed({ target, clock, onUpdate }: FeedClientOptions): Cancel {
  let hasEnded = false
  let lastId = ''
  let retryMs = firstRetryMs
  let response: IncomingMessage | undefined
  let cancelRetry: Cancel | undefined

  const silence = watchSilence(clock, () => response?.destroy(new SilenceError(`silent for ${silenceMs / 1000} s`)))

  function disconnect(): void {
    silence.stop()
    response?.destroy()
  }

  async function follow(): Promise<Ending> {
    const headers = { accept: 'text/event-stream', ...(lastId && { 'last-event-id': lastId }) }
    response = await openAdmin(target, '/api/events', { method: 'GET', headers })
    const fault = hasEnded ? ended : await faultOf(response, target)
    if (fault !== undefined) return fault
    // From here on silence is watched for here; the socket's own limit is meant for answers.
    response.setTimeout(0)
    silence.begin()
    for await (const message of messagesOf(response, silence.begin)) {
      if (hasEnded) break
      if (message.id !== '') lastId = message.id
      const update = updateOf(message)
      if (update?.kind === 'refused') return update
      if (update?.kind === 'frame') retryMs = firstRetryMs
      if (update !== undefined) onUpdate(update)
    }
    return ended
  }

  async function connect(): Promise<void> {
    const ending = await follow().catch((error: unknown): Ending => {
      const { kind: how, reason } = failureOf(error)
      return { kind: 'lost', how, reason }
    })
    disconnect()
    if (hasEnded) return
    if (ending.kind === 'refused') return onUpdate(ending)
    onUpdate({ ...ending, retryMs })
    cancelRetry = clock.after(retryMs, () => void connect())
    retryMs = Math.min(longestRetryMs, retryMs * 2)
  }

  void connect()
  return () => {
    hasEnded = true
    cancelRetry?.()
    disconnect()
  }
}

/** Each `begin` waits anew. */
function watchSilence(clock: Clock, onSilence: () => void) {
  let cancel: Cancel | undefined
  return {
    begin: (): void => {
      cancel?.()
      cancel = clock.after(silenceMs, onSilence)
    },
    stop: (): void => cancel?.(),
  }
}

const ended: Loss = { kind: 'lost', how: 'unreachable', reason: 'it ended the connection' }

/** undefined: it is an event stream. */
async function faultOf(response: IncomingMessage, target: AdminTarget): Promise<Ending | undefined> {
  const { statusCode, headers } = response
  if (statusCode !== 200) {
    const reason = await reasonIn(response, target)
    return statusCode === 503 ? { kind: 'lost', how: 'unreachable', reason } : { kind: 'refused', reason }
  }
  if (headers['content-type']?.startsWith('text/event-stream')) return undefined
  return { kind: 'refused', reason: 'it has no event stream; is this the address of a SmartEdge admin API?' }
}

/** `onPiece` hears of everything that comes, comments too. */
async function* messagesOf(stream: AsyncIterable<Buffer>, onPiece: () => void): AsyncGenerator<SseMessage> {
  const decoder = new StringDecoder('utf8')
  const pushText = createSseReader()
  for await (const piece of stream) {
    onPiece()
    yield* pushText(decoder.write(piece))
  }
}

/** undefined: nothing that this program knows. */
function updateOf({ event, data, id }: SseMessage): Exclude<FeedUpdate, { kind: 'lost' }> | undefined {
  const content = parseOr(data)
  if (content === undefined)
    return { kind: 'refused', reason: 'it sent no JSON; is this the address of a SmartEdge admin API?' }
  if (event === 'hello') return greetingOf(content)
  if (event === 'frame' && isFrame(content)) return { kind: 'frame', frame: content }
  const entry = event === 'event' ? readEvent(Number(id), content) : undefined
  return entry && { kind: 'event', entry }
}

function greetingOf(content: unknown): FeedUpdate & { kind: 'hello' | 'refused' } {
  if (!isHello(content)) return { kind: 'refused', reason: 'it sent no greeting of a SmartEdge' }
  const { protocol, version } = content
  if (protocol === knownProtocol) return { kind: 'hello', hello: content }
  const theirs = `it speaks version ${protocol} of the event stream, this smartedge version ${knownProtocol}`
  return { kind: 'refused', reason: `${theirs}; use the smartedge ${version} that runs there` }
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
