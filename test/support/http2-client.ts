/** A client of ours that speaks HTTP/2, without a socket: what it sends, what it has got, and who answers its requests. */
import { Crowd } from '../../core/inbound/crowd.ts'
import { dateLines } from '../../core/forward/date-line.ts'
import type { HttpLimits } from '../../core/http1/limits.ts'
import { MAX_FIELDS } from '../../core/http1/limits.ts'
import { RequestHead } from '../../core/http1/request-head.ts'
import { Http2Connection } from '../../core/inbound/http2-connection.ts'
import type { HalfClose, RequestHandler } from '../../core/inbound/request-handler.ts'
import type { Turn } from '../../core/inbound/turns.ts'
import type { Idle } from '../../core/net/budget.ts'
import { LinkedList } from '../../core/net/linked-list.ts'
import { TimerWheel } from '../../core/net/timer-wheel.ts'
import type { ClientStream } from '../../core/stream/client-stream.ts'
import { fail } from './fail.ts'
import { limits as usualLimits } from './http1-bytes.ts'
import { clientTimeouts } from './http1-ends.ts'
import { parseResponse } from './http1-heads.ts'
import { FrameLog, HELLO } from './http2.ts'
import { accept, inEvent, receive } from './memory-socket.ts'
import { peerAt } from './peer-at.ts'
import { virtualClock } from './virtual-clock.ts'

export interface Http2ClientOptions {
  /** Answers each request; by default 200 with the text `ok`. */
  readonly onRequest?: (stream: ClientStream, head: RequestHead) => void
  readonly limits?: HttpLimits
  readonly halfClose?: HalfClose
  /** Says nothing by itself: no preface, no SETTINGS. */
  readonly isSilent?: boolean
}

/** Answers with a short text. */
export function answerOk(stream: ClientStream): void {
  const text = Buffer.from('ok')
  stream.sendHead(parseResponse('HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 2\r\n\r\n'), 'length')
  stream.sendBody(text, 0, text.length)
  stream.sendEnd(undefined)
}

export type Http2Client = ReturnType<typeof http2Client>

export function http2Client({
  onRequest = answerOk,
  limits = usualLimits,
  halfClose = 'abort',
  isSilent = false,
}: Http2ClientOptions = {}) {
  const clock = virtualClock()
  const log: string[] = []
  const violations: string[] = []
  const requests: ClientStream[] = []
  const waiting = new Set<Turn>()
  const turns = {
    isBusy: false,
    isOver: false,
    rounds: 0,
    /** Who waits as somebody who is known. */
    known: [] as boolean[],
    wait: (turn: Turn, isKnown = false) => void (waiting.add(turn), turns.known.push(isKnown)),
    next: (turn: Turn) => void waiting.add(turn),
  }
  const idle = new LinkedList<Idle>()
  const crowd = new Crowd(clock)
  const head = new RequestHead(MAX_FIELDS)
  const handler: RequestHandler = {
    head,
    limits,
    timeouts: clientTimeouts,
    halfClose,
    wheel: new TimerWheel(clock, fail),
    turns,
    dateLine: dateLines(clock),
    idle,
    crowd,
    counters: { bytesFromClients: 0, bytesToClients: 0, http2Connections: 0 },
    onRequest(stream) {
      requests.push(stream)
      onRequest(stream, head)
    },
    onRefusal: ({ status, detail }) => void log.push(`refused ${status}: ${detail}`),
    onViolation: (kind) => void violations.push(kind),
  }
  const home = { onClosed: () => void log.push('closed') }
  const connection = new Http2Connection(handler, home, peerAt('192.0.2.1'))
  const socket = accept(connection.wire)
  const frames = new FrameLog()
  let read = 0

  /** Whatever is to be done in the next turn is done. */
  function settle(): void {
    for (let rounds = 0; waiting.size > 0; rounds += 1) {
      if (rounds > 100_000) throw new Error('there is always another turn')
      const due = [...waiting]
      waiting.clear()
      for (const turn of due) inEvent(() => turn.onTurn())
    }
  }

  /** Lines of what has been sent since it was asked last. */
  function got(): string[] {
    settle()
    const bytes = socket.sent.slice(read)
    read = socket.sent.length
    return frames.read(bytes)
  }

  /** Bytes arrive, in pieces of that size; returns the lines of what comes back. */
  function send(text: string, pieceBytes = Infinity): string[] {
    for (let at = 0; at < text.length && socket.isOpen; at += pieceBytes) {
      receive(connection.wire, text.slice(at, pieceBytes === Infinity ? undefined : at + pieceBytes))
      settle()
    }
    return got()
  }

  if (!isSilent) send(HELLO)
  return { clock, connection, crowd, frames, got, handler, idle, log, requests, send, socket, turns, violations }
}
