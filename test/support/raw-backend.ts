/** A backend that answers in bytes, as validly or not as a test wants, and remembers every request as it came. */
import { isUpgrade, parseRequest, type RawRequest } from './raw-message.ts'
import { suiteTls } from './peer-tls.ts'
import { type PeerOptions, peerHandlers, RawPeer, turnUntil } from './raw-peer.ts'

/** A request that has arrived whole, and the connection to answer it on. */
export interface Arrival {
  readonly request: RawRequest
  readonly peer: RawPeer
}

export interface RawBackend {
  readonly port: number
  /** Every connection there has been, in order. */
  readonly connections: readonly RawPeer[]
  /** Every whole request there has been, in order. */
  readonly requests: readonly RawRequest[]
  /** The next whole request that nobody has asked for yet. */
  next(): Promise<Arrival>
  /** The connection of this number, once it is there. */
  connection(index: number): Promise<RawPeer>
  /** Accepts no more; what is open stays open. */
  stopListening(): void
  [Symbol.asyncDispose](): Promise<void>
}

export interface BackendOptions extends PeerOptions {
  /** Given each request that has arrived whole; without it, `next` is to be asked. */
  readonly answer?: (arrival: Arrival) => void
  /** It speaks no HTTP: the test reads and writes on its connections. */
  readonly isTcp?: true
  /** 0: any. */
  readonly port?: number
  /** Another address of loopback than 127.0.0.1. */
  readonly host?: string
}

/** Starts it on a free port of 127.0.0.1. Disposing of it, after the edge, fails when connections were leaked. */
export function startRawBackend(options: BackendOptions = {}): RawBackend {
  const connections: RawPeer[] = []
  const requests: RawRequest[] = []
  const unclaimed: Arrival[] = []

  async function serve(peer: RawPeer): Promise<void> {
    for (;;) {
      const request = await peer.take(parseRequest, 'a request').catch(() => undefined)
      if (request === undefined) return
      requests.push(request)
      const arrival = { request, peer }
      if (options.answer === undefined) unclaimed.push(arrival)
      else options.answer(arrival)
      // What follows an upgrade is no HTTP.
      if (isUpgrade(request)) return
    }
  }

  const tls = suiteTls()
  const server = Bun.listen<RawPeer>({
    hostname: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    allowHalfOpen: true,
    ...(tls && { tls: tls.server }),
    socket: {
      ...peerHandlers,
      open(socket) {
        const peer = new RawPeer(options)
        socket.data = peer
        connections.push(peer)
        peer.opened(socket)
        if (options.onlyCounts !== true && options.isTcp !== true) void serve(peer)
      },
    },
  })

  return {
    port: server.port,
    connections,
    requests,
    async next() {
      await turnUntil(() => unclaimed.length > 0, 'a request at the backend')
      return unclaimed.shift()!
    },
    async connection(index) {
      await turnUntil(() => connections[index] !== undefined, `connection ${index} at the backend`)
      return connections[index]!
    },
    stopListening: () => server.stop(false),
    async [Symbol.asyncDispose]() {
      server.stop(false)
      const isOver = () => connections.every((peer) => peer.closing !== undefined || peer.hasEnded)
      await turnUntil(isOver, 'the end of every connection to the backend')
      for (const peer of connections) peer.reset()
    },
  }
}

/** A response with a Content-Length. */
export const ok = (body = 'ok', lines = ''): string =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${lines}\r\n${body}`

/** Answers every request with it. */
export const answering =
  (response: string) =>
  ({ peer }: Arrival): void =>
    peer.send(response)
