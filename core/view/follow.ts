/**
 * Follows the event stream of a running SmartEdge for as long as wanted, however it is reached. A lost connection is tried
 * again with growing pauses; what will not heal by itself (a wrong token, another protocol) ends it and says so.
 */
import type { Cancel, Clock } from '../clock.ts'
import type { Frame, Hello } from '../report/frame.ts'
import { isFrame, isHello, readEvent, type WatchedEvent } from './feed-format.ts'
import { createSseReader, type SseMessage } from './sse.ts'

/** `how`: nobody is there, or somebody who says nothing. */
interface Loss {
  readonly kind: 'lost'
  readonly how: 'unreachable' | 'silent'
  readonly reason: string
}

/** It will not heal by itself. */
interface Refusal {
  readonly kind: 'refused'
  readonly reason: string
}

export type FeedUpdate =
  | { readonly kind: 'hello'; readonly hello: Hello }
  | { readonly kind: 'frame'; readonly frame: Frame }
  | { readonly kind: 'event'; readonly entry: WatchedEvent }
  /** Tried again in `retryMs`; with 0 it is being tried now. */
  | (Loss & { readonly retryMs: number })
  /** It has ended. */
  | Refusal

/** What came of asking for the stream. */
export type Opened =
  /** Its text in pieces, until the connection ends. Rejects when it breaks. */
  { readonly kind: 'stream'; readonly pieces: AsyncIterable<string> } | Loss | Refusal

export interface FollowOptions {
  /**
   * Asks for it. `lastId`: of the newest event that was seen; empty: of none. `signal`: the connection is to be cut. Rejects
   * when nobody answers.
   */
  readonly open: (lastId: string, signal: AbortSignal) => Promise<Opened>
  /** What comes of a connection that broke. */
  readonly lossOf: (error: unknown) => Pick<Loss, 'how' | 'reason'>
  readonly clock: Pick<Clock, 'after'>
  readonly onUpdate: (update: FeedUpdate) => void
}

const firstRetryMs = 500
const longestRetryMs = 8000
/** Frames come at most 5 s apart. */
const silenceMs = 12_000
/** Of the stream format; `core/report/frame.ts` says when it is raised. */
const knownProtocol = 1

/** Begins at once; the returned function ends it. */
export function followFeed({ open, lossOf, clock, onUpdate }: FollowOptions): Cancel {
  let hasEnded = false
  let lastId = ''
  let retryMs = firstRetryMs
  let connection = new AbortController()
  let cancelRetry: Cancel | undefined

  async function follow({ signal }: AbortController): Promise<Loss | Refusal> {
    silence.begin()
    const opened = await open(lastId, signal)
    if (hasEnded) return ended
    if (opened.kind !== 'stream') return opened
    for await (const message of messagesOf(opened.pieces, silence.begin)) {
      if (hasEnded) break
      if (message.id !== '') lastId = message.id
      const update = updateOf(message)
      if (update?.kind === 'refused') return update
      if (update?.kind === 'frame') retryMs = firstRetryMs
      if (update !== undefined) onUpdate(update)
    }
    return ended
  }

  let isSilent = false
  const silence = watchSilence(clock, () => {
    isSilent = true
    connection.abort()
  })

  async function connect(): Promise<void> {
    connection = new AbortController()
    isSilent = false
    const ending = await follow(connection).catch((error: unknown): Loss => ({ kind: 'lost', ...lossOf(error) }))
    silence.stop()
    connection.abort()
    if (hasEnded) return
    if (ending.kind === 'refused') return onUpdate(ending)
    const loss: Loss = isSilent ? silent : ending
    onUpdate({ ...loss, retryMs })
    cancelRetry = clock.after(retryMs, () => void connect())
    retryMs = Math.min(longestRetryMs, retryMs * 2)
  }

  void connect()
  return () => {
    hasEnded = true
    cancelRetry?.()
    silence.stop()
    connection.abort()
  }
}

/** Each `begin` waits anew. */
function watchSilence(clock: FollowOptions['clock'], onSilence: () => void) {
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
const silent: Loss = { kind: 'lost', how: 'silent', reason: `silent for ${silenceMs / 1000} s` }

/** What an answer is that is no event stream. `reason`: why, in words. */
export const faultOf = (status: number, reason: string): Loss | Refusal =>
  // Too many watch, or it is on its way out.
  status === 503 ? { kind: 'lost', how: 'unreachable', reason } : { kind: 'refused', reason }

/** Whether an answer with this Content-Type is one; else why not. */
export const isEventStream = (contentType: string | null | undefined): boolean =>
  contentType?.startsWith('text/event-stream') === true

export const noStream: Refusal = {
  kind: 'refused',
  reason: 'it has no event stream; is this the address of a SmartEdge admin API?',
}

/** `onPiece` hears of everything that comes, comments too, and of the beginning. */
async function* messagesOf(pieces: AsyncIterable<string>, onPiece: () => void): AsyncGenerator<SseMessage> {
  const pushText = createSseReader()
  onPiece()
  for await (const piece of pieces) {
    onPiece()
    yield* pushText(piece)
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

function parseOr(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
