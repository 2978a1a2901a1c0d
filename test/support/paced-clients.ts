/** Clients that ask at a steady pace, over HTTP/1.1 or over HTTP/2, and note how long each answer takes: what a server bears from others they must not feel. */
import { FLAG_END_STREAM, FRAME_HEADER_BYTES, GOAWAY, HEADERS, RST_STREAM } from '../../core/http2/frames.ts'
import { get, HELLO, windowUpdate } from './http2.ts'

export interface PacedTally {
  asked: number
  answered: number
  /** Connections that the server ended. */
  ended: number
  /** Of each answered request, from when it was to be sent. */
  readonly latenciesMs: number[]
}

interface Paced {
  readonly tally: PacedTally
  /** Asks once more; `at`: when that was to be. */
  ask(at: number): void
  close(): void
}

export type PacedVersion = 'HTTP/1.1' | 'HTTP/2'

const NOTHING = Buffer.alloc(0)
const CONNECTIONS = 4
const HTTP1_GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const MAX_WAIT_MS = 10_000
/** Until what was refused is asked again. */
const REFUSED_MS = 10

const emptyTally = (): PacedTally => ({ asked: 0, answered: 0, ended: 0, latenciesMs: [] })

function note(tally: PacedTally, at: number): void {
  tally.answered += 1
  tally.latenciesMs.push(performance.now() - at)
}

/** One request after the other on each of some connections. `answerBytes`: of each whole answer's content. */
async function http1Clients(port: number, tally: PacedTally): Promise<Paced> {
  interface Client {
    readonly due: number[]
    text: string
  }
  const send = (socket: Bun.Socket<Client>): void => {
    if (socket.data.due.length > 0) socket.write(HTTP1_GET)
  }
  const connect = () =>
    Bun.connect<Client>({
      hostname: '127.0.0.1',
      port,
      data: { due: [], text: '' },
      socket: {
        data(socket, bytes) {
          const { data } = socket
          data.text += bytes.toString('latin1')
          const headEnd = data.text.indexOf('\r\n\r\n')
          const length = Number(/^content-length: (\d+)/im.exec(data.text)?.[1])
          if (headEnd < 0 || data.text.length < headEnd + 4 + length) return
          data.text = ''
          note(tally, data.due.shift() ?? 0)
          send(socket)
        },
        close: () => void (tally.ended += 1),
      },
    })
  const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, connect))
  return {
    tally,
    ask(at) {
      const socket = sockets[tally.asked % CONNECTIONS] as Bun.Socket<Client>
      tally.asked += 1
      socket.data.due.push(at)
      if (socket.data.due.length === 1) send(socket)
    },
    close: () => sockets.forEach((socket) => socket.terminate()),
  }
}

/** All over one connection. What is refused untouched is asked again, as clients do (RFC 9113 8.7). */
async function http2Client(port: number, tally: PacedTally): Promise<Paced> {
  const due = new Map<number, number>()
  const state = { rest: NOTHING, nextId: 1 }
  const ask = (at: number): void => {
    due.set(state.nextId, at)
    socket.write(Buffer.from(get(state.nextId), 'latin1'))
    state.nextId += 2
  }
  const onFrame = (type: number, flags: number, streamId: number): void => {
    if (type === GOAWAY) tally.ended += 1
    const at = due.get(streamId)
    if (at === undefined) return
    const isOver = type <= HEADERS && (flags & FLAG_END_STREAM) !== 0
    if (isOver || type === RST_STREAM) due.delete(streamId)
    if (isOver) note(tally, at)
    else if (type === RST_STREAM) setTimeout(() => ask(at), REFUSED_MS)
  }
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      data(_, bytes) {
        state.rest = state.rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([state.rest, bytes])
        while (state.rest.length >= FRAME_HEADER_BYTES) {
          const length = state.rest.readUIntBE(0, 3)
          if (state.rest.length < FRAME_HEADER_BYTES + length) return
          onFrame(state.rest[3] ?? 0, state.rest[4] ?? 0, state.rest.readUInt32BE(5))
          state.rest = state.rest.subarray(FRAME_HEADER_BYTES + length)
        }
      },
    },
  })
  socket.write(Buffer.from(HELLO + windowUpdate(0, 2 ** 30), 'latin1'))
  return {
    tally,
    ask(at) {
      tally.asked += 1
      ask(at)
    },
    close: () => socket.terminate(),
  }
}

export interface PacedClients {
  /** Asks for so long, then waits for the last answer. */
  run(durationMs: number): Promise<Readonly<Record<PacedVersion, PacedTally>>>
  close(): void
}

/** `gapMs`: between two requests of one version. */
export async function pacedClients(port: number, gapMs: number): Promise<PacedClients> {
  const tallies = { 'HTTP/1.1': emptyTally(), 'HTTP/2': emptyTally() }
  const clients = [await http1Clients(port, tallies['HTTP/1.1']), await http2Client(port, tallies['HTTP/2'])]
  return {
    async run(durationMs) {
      for (const { tally } of clients) Object.assign(tally, emptyTally())
      const startedAt = performance.now()
      for (let at = startedAt; at < startedAt + durationMs; at += gapMs) {
        const waitMs = at - performance.now()
        if (waitMs > 0) await Bun.sleep(waitMs)
        for (const client of clients) client.ask(Math.max(at, performance.now() - gapMs))
      }
      const isOver = (): boolean => clients.every(({ tally }) => tally.answered === tally.asked)
      for (const until = performance.now() + MAX_WAIT_MS; !isOver() && performance.now() < until;) await Bun.sleep(1)
      return structuredClone(tallies)
    },
    close: () => clients.forEach((client) => client.close()),
  }
}
