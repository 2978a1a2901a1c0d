/**
 * Has the code that serves requests run before anybody waits for it: requests of our own, through an edge of our own on
 * sockets in a folder of our own, to a backend that does nothing. A process is compiled as it runs: the first 60,000 requests
 * of one that has just begun cost up to three times as much, and each thing that it has not met before costs another second.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConfig } from '../../core/config/parse.ts'
import { startEdge } from '../../core/edge.ts'

/** As many as bring the compiler to an end with what is on every request's way. */
const REQUESTS = 30_000
const CONNECTIONS = 16

const fields = Array.from({ length: 8 }, (_, index) => `X-Field-${index}: value ${index}\r\n`).join('')
const HEAD = `Host: localhost\r\nAccept: */*\r\nUser-Agent: smartedge\r\n${fields}`
const LARGE_BYTES = 128 * 1024

/** What is asked for, all of one kind before the next: what each of them brings is compiled beside what is there by then. */
interface Kind {
  /** Of all requests. */
  readonly share: number
  readonly request: Buffer
  readonly response: Buffer
  /** The connection ends behind it. */
  readonly closes?: boolean
}

const requestOf = (line: string, more: string, bodyBytes = 0): Buffer =>
  Buffer.concat([Buffer.from(`${line} HTTP/1.1\r\n${HEAD}${more}\r\n`), Buffer.alloc(bodyBytes, 'x')])

const responseOf = (bodyBytes: number): Buffer =>
  Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${bodyBytes}\r\n${fields}\r\n`),
    Buffer.alloc(bodyBytes, 'x'),
  ])

const small: Kind = { share: 0.6, request: requestOf('GET /warm/up?of=code', ''), response: responseOf(5) }
const KINDS: readonly Kind[] = [
  small,
  { ...small, share: 0.02, response: responseOf(LARGE_BYTES) },
  { ...small, share: 0.02, request: requestOf('PUT /warm/up', `Content-Length: ${LARGE_BYTES}\r\n`, LARGE_BYTES) },
  { ...small, share: 0.06, request: requestOf('GET /warm/up', 'Connection: close\r\n'), closes: true },
  { ...small, share: 0.3 },
]

/** Resolves when it is done; rejects when it cannot be, and nothing is left of it either way. */
export async function warmUp(requests = REQUESTS): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'smartedge-warm-'))
  const [front, back] = [join(folder, 'front'), join(folder, 'back')]
  const now = { kind: small }
  const backend = listen(back, () => now.kind)
  try {
    const edge = await startEdge({ config: configOf(front, back), emit: () => undefined })
    try {
      for (const kind of KINDS) {
        now.kind = kind
        await ask(front, kind, Math.ceil(requests * kind.share))
      }
    } finally {
      edge.kill()
    }
  } finally {
    backend.stop(true)
    rmSync(folder, { recursive: true })
  }
}

/** Answers each request once it is whole. */
function listen(path: string, kindNow: () => Kind) {
  return Bun.listen<Peer>({
    unix: path,
    socket: {
      open: (socket) => void (socket.data = newPeer()),
      data(socket, bytes) {
        if (isWhole(socket.data, bytes)) send(socket, kindNow().response)
      },
      drain: goOn,
    },
  })
}

function configOf(front: string, back: string) {
  const text = JSON.stringify({
    listeners: { front: { address: `unix:${front}` } },
    admin: false,
    pools: { back: { backends: [`unix:${back}`] } },
  })
  const parsed = parseConfig(text, { file: '/warm-up.json', cwd: '/', env: {}, attachments: new Map() })
  if (parsed.kind !== 'config') throw new Error('the configuration to warm up with is none')
  return parsed.config
}

/** Each connection asks for one response after the other. */
async function ask(path: string, { request, closes = false }: Kind, requests: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let left = requests
  const connect = () => Bun.connect<Peer>({ unix: path, data: newPeer(), socket })
  const socket: Bun.SocketHandler<Peer> = {
    open: (one) => send(one, request),
    data(one, bytes) {
      if (!isWhole(one.data, bytes)) return
      left -= 1
      if (left <= 0) resolve()
      else if (!closes) send(one, request)
    },
    drain: goOn,
    close(one) {
      open.delete(one)
      if (!closes) reject(new Error('a connection of its own was closed'))
      else if (left > 0) void connect().then((next) => open.add(next), reject)
    },
  }
  const open = new Set(await Promise.all(Array.from({ length: CONNECTIONS }, connect)))
  await promise.finally(() => {
    for (const one of open) one.terminate()
  })
}

/** One end of a connection: of the message that comes, and of the one that goes. */
interface Peer {
  /** Bytes of its body that are still to come; undefined: its head has yet to. */
  left: number | undefined
  unsent: Buffer
}

const NOTHING = Buffer.alloc(0)
const newPeer = (): Peer => ({ left: undefined, unsent: NOTHING })

/** Heads come in one piece here. */
function isWhole(peer: Peer, bytes: Buffer): boolean {
  const headEnd = peer.left === undefined ? bytes.indexOf('\r\n\r\n') + 4 : 0
  peer.left ??= Number(/content-length: (\d+)/i.exec(bytes.toString('latin1', 0, headEnd))?.[1] ?? 0)
  peer.left -= bytes.length - headEnd
  if (peer.left > 0) return false
  peer.left = undefined
  return true
}

function send(socket: Bun.Socket<Peer>, message: Buffer): void {
  socket.data.unsent = message
  goOn(socket)
}

function goOn(socket: Bun.Socket<Peer>): void {
  const { data } = socket
  if (data.unsent.length > 0) data.unsent = data.unsent.subarray(Math.max(0, socket.write(data.unsent)))
}
