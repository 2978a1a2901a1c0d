/** The connections to a backend that picks what it speaks, without sockets: the test says how each handshake ends, and plays the backend in bytes. */
import { MAX_FIELDS } from '../../core/http1/limits.ts'
import { RequestHead } from '../../core/http1/request-head.ts'
import { ResponseHead } from '../../core/http1/response-head.ts'
import { PREFACE } from '../../core/http2/frames.ts'
import { createNameTable } from '../../core/names/resolver.ts'
import { DescriptorBudget } from '../../core/net/budget.ts'
import type { Opening, Protocol } from '../../core/net/opening.ts'
import { TimerWheel } from '../../core/net/timer-wheel.ts'
import type { Wire } from '../../core/net/wire.ts'
import type { ConnectionPolicy } from '../../core/outbound/backend-connections.ts'
import { NegotiatedPool } from '../../core/outbound/negotiated-pool.ts'
import type { BackendStream, StreamChoice, StreamOpener } from '../../core/stream/backend-stream.ts'
import { fail } from './fail.ts'
import { bytesOf, limits } from './http1-bytes.ts'
import { backendTimeouts, plainRewrite, RecordedResponse } from './http1-ends.ts'
import { END_HEADERS, END_STREAM, FrameLog, headers, settings } from './http2.ts'
import { inEvent, MemorySocket, receive } from './memory-socket.ts'
import { virtualClock } from './virtual-clock.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
const REFUSED = { isLocal: false, code: 'ECONNREFUSED', detail: 'ECONNREFUSED' }

/** One request: which stream it is on by now, and what has come of it. */
export class Asking extends RecordedResponse {
  stream: BackendStream | undefined = undefined

  override onMoved(stream?: BackendStream): void {
    this.stream = stream
  }
}

export interface Wish {
  /** Absent: the pool. */
  readonly source?: StreamOpener
  readonly request?: string
}

export interface Handshake {
  readonly wire: Wire
  readonly opening: Opening | undefined
  readonly socket: MemorySocket
  /** It has been given up. */
  isGivenUp: boolean
}

export function negotiatedPool(policy: Partial<ConnectionPolicy> = {}, descriptors = 1_000_000) {
  const clock = virtualClock()
  const handshakes: Handshake[] = []
  const rooms: boolean[] = []
  const turns = new Set<{ onTurn(): void }>()
  const counters = { connections: 0, http2Connections: 0, bytesToBackend: 0, bytesFromBackend: 0 }
  const budget = new DescriptorBudget({ limit: descriptors, free: () => undefined, clock, onShortage() {} })
  const full: ConnectionPolicy = {
    limits,
    timeouts: backendTimeouts,
    maxIdleConnections: 256,
    maxConnections: undefined,
    protocol: 'auto',
    ...policy,
  }
  const pool: NegotiatedPool = new NegotiatedPool(
    {
      address: { kind: 'tcp', host: '127.0.0.1', port: 1 },
      head: new ResponseHead(MAX_FIELDS),
      wheel: new TimerWheel(clock, fail),
      counters,
      dial(_, wire, _timeoutMs, opening) {
        const handshake: Handshake = { wire, opening, socket: new MemorySocket(wire), isGivenUp: false }
        wire.connecting = () => void (handshake.isGivenUp = true)
        handshakes.push(handshake)
      },
      names: createNameTable(clock, fail),
      budget,
      onRoomChange: () => rooms.push(pool.hasRoom),
      turns: { next: (turn) => void turns.add(turn) },
    },
    full,
  )
  const parser = new RequestHead(MAX_FIELDS)

  function settle(): void {
    while (turns.size > 0) {
      const due = [...turns]
      turns.clear()
      for (const turn of due) inEvent(() => turn.onTurn())
    }
  }

  function send(stream: BackendStream, request: string): void {
    const bytes = bytesOf(request)
    inEvent(() => {
      parser.parse(bytes, 0, bytes.length, limits)
      stream.sendHead(parser, plainRewrite, 'data')
      if (!parser.fields.isChunked && parser.fields.contentLength <= 0) stream.sendEnd(undefined)
    })
  }

  function ask(choice: StreamChoice = 'any', { source, request = GET }: Wish = {}): Asking {
    const stream = (source ?? pool).open(choice)
    if (stream === undefined) throw new Error('there is no room')
    const asking = new Asking()
    asking.stream = stream
    asking.onReady = () => send(asking.stream!, request)
    stream.sink = asking
    if (stream.isReused) send(stream, request)
    settle()
    return asking
  }

  /** The handshake of that number is over, and the backend has picked that. */
  function agree(index: number, protocol: Protocol | undefined, ...said: readonly (readonly [number, number])[]): void {
    const { wire, socket } = handshakes[index]!
    inEvent(() => wire.opened(socket, protocol))
    settle()
    if (protocol === 'h2') receive(wire, settings(...said))
    settle()
  }

  function refuse(index: number, failure = REFUSED): void {
    inEvent(() => handshakes[index]!.wire.connectFailed(failure))
    settle()
  }

  function say(index: number, text: string): void {
    receive(handshakes[index]!.wire, text)
    settle()
  }

  const answer = (index: number): void => say(index, OK)
  const ended = (index: number, id: number): void =>
    say(index, headers(id, [[':status', '200']], END_HEADERS | END_STREAM))
  /** How many requests have gone out over each. */
  const sent = (): number[] => handshakes.map(({ socket }) => socket.sent.split('GET / HTTP/1.1').length - 1)
  /** Lines of what an HTTP/2 connection was sent. */
  const lines = (index: number): string[] => new FrameLog().read(handshakes[index]!.socket.sent.slice(PREFACE.length))
  const update = (changes: Partial<ConnectionPolicy>): void => {
    pool.update({ ...full, ...changes })
    settle()
  }
  return {
    clock,
    pool,
    handshakes,
    rooms,
    counters,
    ask,
    agree,
    refuse,
    say,
    answer,
    ended,
    sent,
    lines,
    settle,
    update,
  }
}
