/**
 * What a slow peer costs in memory: a 500 MB response that its client reads at 1 MB/s, then a 500 MB upload that its
 * backend reads as slowly, through a `smartedge run` of its own. The fast side pushes all it can from the first moment,
 * so a part of the 500 s tells the whole.
 *
 *     bun bench/slow-peers.ts [seconds of each, default 20]
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Socket, SocketHandler } from 'bun'
import { ownCommand } from '../cli/process/own-command.ts'
import { parseKilobytes } from './proc.ts'
import { renderSmartedge } from './peers/smartedge.ts'

const SIZE = 500_000_000
const BYTES_PER_SECOND = 1_000_000
const STEP_MS = 50
const MIB = 1024 * 1024

interface Side {
  /** Bytes still to be sent; 0: this side only reads. */
  unsent: number
  received: number
  /** Bytes it may still read before the next step; Infinity: it reads as fast as it can. */
  budget: number
}

const piece = Buffer.alloc(MIB)

function push(socket: Socket<Side>): void {
  const side = socket.data
  while (side.unsent > 0) {
    const sent = socket.write(piece, 0, Math.min(piece.length, side.unsent))
    if (sent <= 0) return
    side.unsent -= sent
  }
}

/** Reads no faster than its budget, and sends what it has to send. */
function handlers(onOpen: (socket: Socket<Side>) => void): SocketHandler<Side> {
  return {
    open: onOpen,
    data(socket, bytes) {
      socket.data.received += bytes.length
      socket.data.budget -= bytes.length
      if (socket.data.budget <= 0) socket.pause()
    },
    drain: push,
    close() {},
    error() {},
  }
}

const slow = (): Side => ({ unsent: 0, received: 0, budget: 1 })
const fast = (unsent: number): Side => ({ unsent, received: 0, budget: Infinity })

/** `message` begins what `from` sends, its body follows. */
function begin(socket: Socket<Side>, message: string): void {
  socket.write(message)
  push(socket)
}

interface Case {
  readonly name: string
  readonly client: Side
  readonly request: string
  readonly backend: Side
  readonly response: string
}

const cases = (): readonly Case[] => [
  {
    name: 'client reads a response slowly',
    client: slow(),
    request: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    backend: fast(SIZE),
    response: `HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`,
  },
  {
    name: 'backend reads an upload slowly',
    client: fast(SIZE),
    request: `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${SIZE}\r\n\r\n`,
    backend: slow(),
    response: '',
  },
]

async function measure(one: Case, seconds: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'smartedge-slow-'))
  let reader: Socket<Side> | undefined
  const slowest = (socket: Socket<Side>): void => {
    if (socket.data.budget !== Infinity) reader = socket
  }
  const origin = Bun.listen<Side>({
    hostname: '127.0.0.1',
    port: 0,
    socket: handlers((socket) => {
      socket.data = one.backend
      slowest(socket)
      begin(socket, one.response)
    }),
  })
  const spare = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const { port } = spare
  spare.stop(true)
  const config = join(directory, 'smartedge.config.json')
  writeFileSync(config, renderSmartedge({ port, backendPorts: [origin.port], directory }))
  const edge = Bun.spawn(ownCommand('run', '-c', config), { stdio: ['ignore', 'ignore', 'ignore'] })
  const rss = (): number => parseKilobytes(readFileSync(`/proc/${edge.pid}/status`, 'latin1'), 'VmRSS')
  try {
    await Bun.sleep(1500)
    const idle = rss()
    let peak = 0
    await Bun.connect<Side>({
      hostname: '127.0.0.1',
      port,
      data: one.client,
      socket: handlers((socket) => {
        slowest(socket)
        begin(socket, one.request)
      }),
    })
    for (let step = 0; step < (seconds * 1000) / STEP_MS; step += 1) {
      await Bun.sleep(STEP_MS)
      peak = Math.max(peak, rss())
      if (reader === undefined) continue
      reader.data.budget += (BYTES_PER_SECOND * STEP_MS) / 1000
      if (reader.data.budget > 0) reader.resume()
    }
    const read = reader?.data.received ?? 0
    const shown = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`
    console.log(`${one.name}: ${shown(read)} in ${seconds} s; idle ${shown(idle)}, peak +${shown(peak - idle)}`)
  } finally {
    origin.stop(true)
    edge.kill()
    await edge.exited
    rmSync(directory, { recursive: true })
  }
}

const seconds = Number(process.argv[2] ?? 20)
for (const one of cases()) await measure(one, seconds)
process.exit()
