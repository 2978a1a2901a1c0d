/** Connections of ours to a backend that speaks HTTP/2, without sockets: the test plays the backend, in bytes. */
import { MAX_FIELDS } from '../../core/http1/limits.ts'
import { RequestHead } from '../../core/http1/request-head.ts'
import { ResponseHead } from '../../core/http1/response-head.ts'
import { PREFACE } from '../../core/http2/frames.ts'
import { createNameTable } from '../../core/names/resolver.ts'
import { TimerWheel } from '../../core/net/timer-wheel.ts'
import type { Wire } from '../../core/net/wire.ts'
import type { ConnectionPolicy } from '../../core/outbound/backend-connections.ts'
import { Http2Pool } from '../../core/outbound/http2-pool.ts'
import type { BackendStream, StreamChoice } from '../../core/stream/backend-stream.ts'
import { openBudget } from './budget.ts'
import { fail } from './fail.ts'
import { bytesOf, limits } from './http1-bytes.ts'
import { backendTimeouts, plainRewrite, RecordedResponse } from './http1-ends.ts'
import { FrameLog, settings } from './http2.ts'
import { inEvent, MemorySocket, receive } from './memory-socket.ts'
import { virtualClock } from './virtual-clock.ts'

export interface Asked {
  readonly stream: BackendStream
  readonly sink: RecordedResponse
}

/** One connection, as the backend sees it. */
export class BackendEnd {
  readonly socket: MemorySocket
  private readonly wire: Wire
  private readonly settle: () => void
  private readonly log = new FrameLog()
  private read = PREFACE.length

  constructor(wire: Wire, settle: () => void) {
    this.wire = wire
    this.settle = settle
    this.socket = new MemorySocket(wire)
  }

  open(): void {
    inEvent(() => this.wire.opened(this.socket))
  }

  /** Lines of what has come since it was asked last. */
  got(): string[] {
    this.settle()
    const bytes = this.socket.sent.slice(this.read)
    this.read = Math.max(this.read, this.socket.sent.length)
    return this.log.read(bytes)
  }

  /** Bytes arrive; returns the lines of what comes back. */
  send(text: string, pieceBytes = Infinity): string[] {
    for (let at = 0; at < text.length && this.socket.isOpen; at += pieceBytes)
      receive(this.wire, text.slice(at, pieceBytes === Infinity ? undefined : at + pieceBytes))
    return this.got()
  }
}

export type Http2Backend = ReturnType<typeof http2Backend>

export function http2Backend(policy: Partial<ConnectionPolicy> = {}) {
  const clock = virtualClock()
  const ends: BackendEnd[] = []
  const turns = new Set<{ onTurn(): void }>()
  const wires: Wire[] = []
  const full = { limits, timeouts: backendTimeouts, maxIdleConnections: 256, maxConnections: undefined, ...policy }
  const counters = { connections: 0, http2Connections: 0, bytesToBackend: 0, bytesFromBackend: 0 }
  const budget = openBudget(clock)

  function settle(): void {
    while (turns.size > 0) {
      const due = [...turns]
      turns.clear()
      for (const turn of due) inEvent(() => turn.onTurn())
    }
  }

  const pool = new Http2Pool(
    {
      address: { kind: 'tcp', host: '127.0.0.1', port: 1 },
      head: new ResponseHead(MAX_FIELDS),
      wheel: new TimerWheel(clock, fail),
      counters,
      dial(_, wire) {
        wires.push(wire)
        ends.push(new BackendEnd(wire, settle))
      },
      names: createNameTable(clock, fail),
      budget,
      onRoomChange: () => undefined,
      turns: { next: (turn) => void turns.add(turn) },
    },
    full,
  )
  const parser = new RequestHead(MAX_FIELDS)

  /** Sends a request; its body, if the head tells of one, is the test's to send. */
  function sendOn(stream: BackendStream, request: string): void {
    const bytes = bytesOf(request)
    inEvent(() => {
      parser.parse(bytes, 0, bytes.length, limits)
      stream.sendHead(parser, plainRewrite, 'data')
      if (!parser.fields.isChunked && parser.fields.contentLength <= 0) stream.sendEnd(undefined)
    })
  }

  /** A stream with this request, sent as soon as it may be. */
  function ask(request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', choice: StreamChoice = 'any'): Asked {
    const stream = pool.open(choice)
    if (stream === undefined) throw new Error('there is no room')
    const sink = new RecordedResponse()
    let current = stream
    sink.onMoved = (moved) => void (current = moved)
    sink.onReady = () => sendOn(current, request)
    stream.sink = sink
    if (stream.isReused) sendOn(stream, request)
    return { stream, sink }
  }

  /** With a stream that asks for another protocol. */
  function askToSwitch(): Asked {
    const stream = pool.open('any')!
    const sink = new RecordedResponse()
    stream.sink = sink
    const bytes = bytesOf('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
    inEvent(() => {
      parser.parse(bytes, 0, bytes.length, limits)
      stream.sendHead(parser, { ...plainRewrite, isUpgrade: true }, 'data')
    })
    return { stream, sink }
  }

  /** The first connection, open, with one request under way; `end` has said its SETTINGS. */
  function begin(request?: string, ...said: readonly (readonly [identifier: number, value: number])[]) {
    const asked = ask(request)
    const end = ends[0]!
    end.open()
    const lines = end.send(settings(...said))
    return { ...asked, end, lines }
  }

  return { clock, pool, budget, ends, wires, counters, ask, askToSwitch, begin, settle }
}
