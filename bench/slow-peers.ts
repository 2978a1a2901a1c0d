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
import { freePort } from './contest.ts'
import { parseKilobytes } from './proc.ts'
import { renderSmartedge } from './peers/smartedge.ts'

const SIZE = 500_000_000
const BYTES_PER_SECOND = 1_000_000
const STEP_MS = 50
const MIB = 1024 * 1024

interface Side {
  /** Begins what it sends. */
  readonly head: string
  /** Bytes still to be sent behind that; 0: this side only reads. */
  unsent: number
  received: number
  /** Bytes it may still read before the next step; Infinity: it reads as fast as it can. */
  budget: number
  socket?: Socket<Side>
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
const handlers = (side: Side): SocketHandler<Side> => ({
  open(socket) {
    socket.data = side
    side.socket = socket
    socket.write(side.head)
    push(socket)
  },
  data(socket, bytes) {
    side.received += bytes.length
    side.budget -= bytes.length
    if (side.budget <= 0) socket.pause()
  },
  drain: push,
  close() {},
  error() {},
})

const slow = (head: string): Side => ({ head, unsent: 0, received: 0, budget: 1 })
const fast = (head: string): Side => ({ head, unsent: SIZE, received: 0, budget: Infinity })

interface Case {
  readonly name: string
  readonly client: Side
  readonly backend: Side
  /** The one of them that reads slowly. */
  readonly reader: Side
}

function cases(): readonly Case[] {
  const client = slow('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  const backend = slow('')
  return [
    {
      name: 'client reads a response slowly',
      client,
      backend: fast(`HTTP/1.1 200 OK\r\nContent-Length: ${SIZE}\r\n\r\n`),
      reader: client,
    },
    {
      name: 'backend reads an upload slowly',
      client: fast(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${SIZE}\r\n\r\n`),
      backend,
      reader: backend,
    },
  ]
}

async function measure({ name, client, backend, reader }: Case, seconds: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'smartedge-slow-'))
  const origin = Bun.listen<Side>({ hostname: '127.0.0.1', port: 0, socket: handlers(backend) })
  const port = freePort()
  const config = join(directory, 'smartedge.config.json')
  writeFileSync(config, renderSmartedge({ port, backendPorts: [origin.port], directory }))
  const edge = Bun.spawn(ownCommand('run', '-c', config), { stdio: ['ignore', 'ignore', 'ignore'] })
  const rss = (): number => parseKilobytes(readFileSync(`/proc/${edge.pid}/status`, 'latin1'), 'VmRSS')
  try {
    await Bun.sleep(1500)
    const idle = rss()
    await Bun.connect<Side>({ hostname: '127.0.0.1', port, data: client, socket: handlers(client) })
    const peak = await readSlowly(reader, seconds, rss)
    const shown = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`
    console.log(`${name}: ${shown(reader.received)} in ${seconds} s; idle ${shown(idle)}, peak +${shown(peak - idle)}`)
  } finally {
    origin.stop(true)
    edge.kill()
    await edge.exited
    rmSync(directory, { recursive: true })
  }
}

/** The most that `rss` has said meanwhile. */
async function readSlowly(reader: Side, seconds: number, rss: () => number): Promise<number> {
  let peak = 0
  for (let step = 0; step < (seconds * 1000) / STEP_MS; step += 1) {
    await Bun.sleep(STEP_MS)
    peak = Math.max(peak, rss())
    reader.budget += (BYTES_PER_SECOND * STEP_MS) / 1000
    if (reader.budget > 0) reader.socket?.resume()
  }
  return peak
}

const seconds = Number(process.argv[2] ?? 20)
for (const one of cases()) await measure(one, seconds)
process.exit()
