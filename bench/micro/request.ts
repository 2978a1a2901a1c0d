/**
 * What a small request costs without the kernel, and what it leaves to be collected: an edge on sockets that do nothing, 64
 * clients and a backend that answers at once. `bun bench/micro/request.ts`: ns of the fastest batch and of the fastest
 * quarter, which other work on the machine hardly moves, bytes left to be collected, and objects by type. `--with '{ "explain": {} }'` puts more into the
 * configuration, so that what that costs shows.
 */
import { heapStats } from 'bun:jsc'
import { parseArgs } from 'node:util'
import { parseConfig } from '../../core/config/parse.ts'
import { startEdge } from '../../core/edge.ts'
import { inEvent } from '../../core/net/event.ts'
import { enter, leave } from '../../core/net/outbox.ts'
import { lend } from '../../core/net/retained.ts'
import type { AcceptEvents, Transport } from '../../core/net/transport.ts'
import type { OwnedSocket, SocketOwner } from '../../core/net/wire-socket.ts'

const CLIENTS = 64
const ROUNDS_A_BATCH = 15
const BATCHES = 400
/** Compiled by then. */
const WARM_UP_ROUNDS = 4000

const request = Buffer.from('GET /some/path HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n')
const response = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 47\r\n\r\n${'x'.repeat(47)}`,
)

/** Sockets to the backend that have been sent a request. */
const asked: SilentSocket[] = []
let answered = 0

class SilentSocket implements OwnedSocket {
  data!: SocketOwner
  private readonly onWrite: (socket: SilentSocket) => void

  constructor(onWrite: (socket: SilentSocket) => void) {
    this.onWrite = onWrite
  }

  write(_bytes: Buffer, _offset: number, length: number): number {
    this.onWrite(this)
    return length
  }

  pause(): void {}
  resume(): void {}
  shutdown(): void {}
  end(): void {}
  terminate(): void {}
}

const fail = (error: unknown): never => {
  throw error
}

let listener: AcceptEvents | undefined
const transport: Transport = {
  name: 'epoll',
  bindHost(where, _manner, events) {
    listener = events
    return { address: where, fd: undefined, stop() {} }
  },
  bindPath: fail,
  connects: (reportFault) => (_endpoint, events) => {
    const socket = new SilentSocket((one) => void asked.push(one))
    queueMicrotask(() => inEvent(reportFault, () => events.onConnected(socket)))
    return () => undefined
  },
}

// As the transport on epoll has them: small pieces in slabs, what backends send in one buffer.
let slab = Buffer.from(new ArrayBuffer(32 * 1024))
let used = 0
const lent = Buffer.from(new ArrayBuffer(256 * 1024))
lend(lent)

function pieceOf(bytes: Buffer): Buffer {
  if (used + 4 * 1024 > slab.length) {
    slab = Buffer.from(new ArrayBuffer(32 * 1024))
    used = 0
  }
  slab.set(bytes, used)
  used += bytes.length
  return slab.subarray(used - bytes.length, used)
}

const { values: options } = parseArgs({ options: { with: { type: 'string', default: '{}' } } })
const more = JSON.parse(options.with) as object

const config = parseConfig(
  JSON.stringify({
    listeners: { web: { address: '127.0.0.1:8080' } },
    admin: false,
    pools: { web: { backends: ['http://127.0.0.1:8081'] } },
    ...more,
  }),
  { file: '/request.json', cwd: '/', env: {}, attachments: new Map() },
)
if (config.kind !== 'config') throw new Error('the configuration is none')
const edge = await startEdge({
  config: config.config,
  emit: (event) => void (event.kind === 'fault' && fail(new Error(event.detail))),
  transport: { transport, fallback: undefined },
})
const clients = Array.from({ length: CLIENTS }, () => new SilentSocket(() => void (answered += 1)))
for (const client of clients) inEvent(fail, () => listener?.onAccepted(client, '127.0.0.1'))
const answer = lent.subarray(0, response.length)

function deliver(bytes: Buffer, { data }: SilentSocket): void {
  enter()
  data.received(bytes)
  leave()
}

/** Each client asks, then each is answered. */
function round(): void {
  for (const client of clients) deliver(pieceOf(request), client)
  for (let socket = asked.pop(); socket !== undefined; socket = asked.pop()) {
    lent.set(response)
    deliver(answer, socket)
  }
}

function objectsByType(): Map<string, number> {
  return new Map(Object.entries(heapStats().objectTypeCounts))
}

round()
await Bun.sleep(10)
if (answered === 0) round()
for (let count = 0; count < WARM_UP_ROUNDS; count += 1) {
  round()
  if (count % ROUNDS_A_BATCH === 0) await Bun.sleep(0)
}

const times: number[] = []
for (let batch = 0; batch < BATCHES; batch += 1) {
  const [begunAt, before] = [performance.now(), answered]
  for (let count = 0; count < ROUNDS_A_BATCH; count += 1) round()
  times.push(((performance.now() - begunAt) * 1e6) / (answered - before))
  // What was gathered meanwhile goes out between the batches.
  await Bun.sleep(1)
}
const nsOf = times.toSorted((one, other) => one - other)
process.stdout.write(`${nsOf[0]?.toFixed(0)} ns, fastest quarter ${nsOf[BATCHES / 4]?.toFixed(0)} ns\n`)

// So few that nothing is collected meanwhile; the first fill what room the heap has.
Bun.gc(true)
for (let count = 0; count < 100; count += 1) round()
const [before, bytesBefore, answeredBefore] = [objectsByType(), heapStats().heapCapacity, answered]
for (let count = 0; count < 60; count += 1) round()
const requests = answered - answeredBefore
const bytes = heapStats().heapCapacity - bytesBefore
process.stdout.write(`${(bytes / requests).toFixed(0)} bytes\n`)
for (const [type, count] of objectsByType()) {
  const each = (count - (before.get(type) ?? 0)) / requests
  if (each > 0.1) process.stdout.write(`${each.toFixed(1)} ${type}\n`)
}
edge.kill()
process.exit(0)
