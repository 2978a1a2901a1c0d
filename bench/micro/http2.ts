/**
 * What a request of HTTP/2 costs without the kernel, and what it leaves to be collected, beside `request.ts`: 8 clients with 16
 * requests at once, and backends that answer at once. `bun bench/micro/http2.ts --profile headers-13`; `--backends h2c`: they
 * speak HTTP/2, too. See `silent-edge.ts`.
 */
import { parseArgs } from 'node:util'
import * as frames from '../../core/http2/frames.ts'
import * as setting from '../../core/http2/settings.ts'
import { encodeThrice } from '../h2-blocks.ts'
import { bodyOf, listRequestFields, listResponseFields, profiles, renderResponse } from '../profile.ts'
import { deliver, lentPieceOf, measureRounds, pieceOf, SilentSocket, startSilentEdge } from './silent-edge.ts'

const CLIENTS = 8
const STREAMS = 16
const { values: options } = parseArgs({
  options: {
    profile: { type: 'string', default: 'headers-2' },
    backends: { type: 'string', default: 'http' },
    with: { type: 'string', default: '{}' },
  },
})
const isH2c = options.backends === 'h2c'
const profile = profiles[options.profile]
if (profile === undefined || profile.requestBodyBytes > 0) throw new Error(`no profile ${options.profile}`)

function frame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(frames.FRAME_HEADER_BYTES)
  header.writeUIntBE(payload.length, 0, 3)
  header[3] = type
  header[4] = flags
  header.writeUInt32BE(streamId, 5)
  return Buffer.concat([header, payload])
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

const settings = frame(
  frames.SETTINGS,
  0,
  0,
  setting.settingsPayload([[setting.INITIAL_WINDOW_SIZE, frames.MAX_WINDOW]]),
)
const greetingOfBackend = Buffer.concat([
  settings,
  frame(frames.WINDOW_UPDATE, 0, 0, number(frames.MAX_WINDOW - frames.DEFAULT_WINDOW)),
])
const greeting = Buffer.concat([
  frames.PREFACE,
  settings,
  frame(frames.WINDOW_UPDATE, 0, 0, number(frames.MAX_WINDOW - frames.DEFAULT_WINDOW)),
])
const requestBlocks = encodeThrice([
  [':method', 'GET'],
  [':path', '/some/path?id=0'],
  [':scheme', 'http'],
  [':authority', '127.0.0.1:8080'],
  ...listRequestFields(profile, '').slice(1),
])
const responseBlocks = encodeThrice([[':status', '200'], ...listResponseFields(profile)])
const body = bodyOf(profile.responseBodyBytes)
const bodyFrames: Buffer[] = []
for (let start = 0; start < body.length; start += frames.MIN_MAX_FRAME_BYTES) {
  const piece = body.subarray(start, start + frames.MIN_MAX_FRAME_BYTES)
  const isLast = start + piece.length === body.length
  bodyFrames.push(frame(frames.DATA, isLast ? frames.FLAG_END_STREAM : 0, 0, piece))
}

/** Calls `each` with the type, flags and stream of all frames in bytes[start..end). */
function readFrames(
  bytes: Buffer,
  start: number,
  end: number,
  each: (at: number, type: number, flags: number, streamId: number) => void,
): void {
  for (let at = start; at < end; at += frames.FRAME_HEADER_BYTES + bytes.readUIntBE(at, 3))
    each(at, bytes[at + 3] as number, bytes[at + 4] as number, bytes.readUInt32BE(at + 5))
}

/** Frames in one piece, whose streams can be others each time: so that making them costs next to nothing. */
class Piece {
  readonly bytes: Buffer
  private readonly starts: number[] = []

  /** `times`: how often they come, each time with another stream. */
  constructor(frames: readonly Buffer[], times: number) {
    this.bytes = Buffer.concat(Array.from({ length: times }, () => frames).flat())
    readFrames(this.bytes, 0, this.bytes.length, (at) => void this.starts.push(at))
    this.perStream = frames.length
  }

  private readonly perStream: number

  withStreams(idOf: (index: number) => number): Buffer {
    const { bytes, perStream } = this
    for (let index = 0; index < this.starts.length; index += 1)
      bytes.writeUInt32BE(idOf((index / perStream) | 0), (this.starts[index] as number) + 5)
    return bytes
  }
}

const HEAD_FLAGS = frames.FLAG_END_STREAM | frames.FLAG_END_HEADERS
const requestsOf = (block: Buffer | undefined, times: number): Piece =>
  new Piece([frame(frames.HEADERS, HEAD_FLAGS, 0, block as Buffer)], times)
const responsesOf = (block: Buffer | undefined, times: number): Piece =>
  new Piece([frame(frames.HEADERS, frames.FLAG_END_HEADERS, 0, block as Buffer), ...bodyFrames], times)

const firstRequests = requestBlocks.slice(0, 2).map((block) => requestsOf(block, 1))
const requests = requestsOf(requestBlocks[2], STREAMS)
let answered = 0

class Client {
  readonly socket = new SilentSocket((_socket, bytes, start, end) => readFrames(bytes, start, end, this.onFrame))
  private nextId = 1
  private readonly onFrame = (_at: number, type: number, flags: number): void => {
    if (type <= frames.HEADERS && (flags & frames.FLAG_END_STREAM) !== 0) answered += 1
  }

  /** The first two requests, which fill the table. */
  begin(): void {
    for (const piece of firstRequests) {
      deliver(pieceOf(piece.withStreams(() => this.nextId)), this.socket)
      this.nextId += 2
    }
  }

  ask(): void {
    deliver(pieceOf(requests.withStreams((index) => this.nextId + 2 * index)), this.socket)
    this.nextId += 2 * STREAMS
  }
}

/** A connection to the backend: of HTTP/2 with its streams that are to be answered, of HTTP/1.1 with any number but none. */
interface Asked {
  readonly socket: SilentSocket
  readonly streams: number[]
  answers: number
}
const connections = new Map<SilentSocket, Asked>()
const asked: Asked[] = []
const response = renderResponse(profile)
const firstResponses = responseBlocks.slice(0, 2).map((block) => responsesOf(block, 1))
/** As they come in 64 KiB. */
const AT_ONCE = Math.max(1, Math.floor(65_536 / Math.max(1024, body.length)))
const responses = Array.from({ length: AT_ONCE }, (_, index) => responsesOf(responseBlocks[2], index + 1))

function onAsked(socket: SilentSocket, bytes: Buffer, from: number, end: number): void {
  const known = connections.get(socket)
  const one = known ?? { socket, streams: [], answers: 0 }
  if (known === undefined) {
    connections.set(socket, one)
    if (isH2c) queueMicrotask(() => deliver(lentPieceOf(greetingOfBackend), socket))
  }
  if (!isH2c || one.streams.length === 0) asked.push(one)
  if (!isH2c) return
  const start = from + (known === undefined ? frames.PREFACE.length : 0)
  readFrames(
    bytes,
    start,
    end,
    (_at, type, _flags, streamId) => void (type === frames.HEADERS && one.streams.push(streamId)),
  )
}

function answer(): void {
  for (let one = asked.pop(); one !== undefined; one = asked.pop()) {
    if (isH2c) answerStreams(one)
    else deliver(lentPieceOf(response), one.socket)
  }
}

function answerStreams(one: Asked): void {
  const { socket, streams } = one
  for (let at = 0; at < streams.length;) {
    const first = firstResponses[one.answers]
    const count = first === undefined ? Math.min(AT_ONCE, streams.length - at) : 1
    const piece = first ?? responses[count - 1]
    if (piece === undefined) return
    deliver(lentPieceOf(piece.withStreams((index) => streams[at + index] as number)), socket)
    at += count
    one.answers += count
  }
  streams.length = 0
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const edge = await startSilentEdge(
  {
    listeners: { web: { address: '127.0.0.1:8080', http2: true } },
    pools: { web: { backends: ['http://127.0.0.1:8081'], ...(isH2c && { protocol: 'h2c' }) } },
    ...(JSON.parse(options.with) as object),
  },
  onAsked,
)
const clients = Array.from({ length: CLIENTS }, () => new Client())
for (const client of clients) {
  edge.accept(client.socket)
  deliver(pieceOf(greeting), client.socket)
  client.begin()
}

/** Each client asks, then all are answered; what is gathered goes out in a turn of its own. */
async function round(): Promise<void> {
  for (const client of clients) client.ask()
  if (isH2c) await nextTurn()
  answer()
  await nextTurn()
}

// Until all connections to the backend are there.
for (let count = 0; count < 100; count += 1) {
  await round()
  await Bun.sleep(1)
}
await measureRounds({ round, answered: () => answered })
edge.kill()
process.exit(0)
