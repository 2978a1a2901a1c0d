/** An edge on sockets that do nothing: what requests cost without the kernel, for micro-benchmarks. */
import { heapStats } from 'bun:jsc'
import { parseConfig } from '../../core/config/parse.ts'
import { startEdge } from '../../core/edge.ts'
import { inEvent } from '../../core/net/event.ts'
import { enter, leave } from '../../core/net/outbox.ts'
import { lend } from '../../core/net/retained.ts'
import type { AcceptEvents, Transport } from '../../core/net/transport.ts'
import type { OwnedSocket, SocketOwner } from '../../core/net/wire-socket.ts'

/** bytes[start..end) have been sent; nothing is made for that, since whatever is would count as garbage of the edge. */
export type OnWrite = (socket: SilentSocket, bytes: Buffer, start: number, end: number) => void

export class SilentSocket implements OwnedSocket {
  data!: SocketOwner
  private readonly onWrite: OnWrite

  constructor(onWrite: OnWrite) {
    this.onWrite = onWrite
  }

  write(bytes: Buffer, offset: number, length: number): number {
    this.onWrite(this, bytes, offset, offset + length)
    return length
  }

  pause(): void {}
  resume(): void {}
  shutdown(): void {}
  end(): void {}
  terminate(): void {}
}

export interface SilentEdge {
  /** A client that has just come. */
  accept(client: SilentSocket): void
  kill(): void
}

const fail = (error: unknown): never => {
  throw error
}

/** `config`: keys beside or instead of the usual ones. `onAsked`: a backend has been sent something on that socket. */
export async function startSilentEdge(config: object, onAsked: OnWrite): Promise<SilentEdge> {
  let listener: AcceptEvents | undefined
  const transport: Transport = {
    name: 'epoll',
    bindHost(where, _manner, events) {
      listener = events
      return { address: where, fd: undefined, stop() {} }
    },
    bindPath: fail,
    connects: (reportFault) => (_endpoint, events) => {
      const socket = new SilentSocket(onAsked)
      queueMicrotask(() => inEvent(reportFault, () => events.onConnected(socket)))
      return () => undefined
    },
  }
  const parsed = parseConfig(
    JSON.stringify({
      listeners: { web: { address: '127.0.0.1:8080' } },
      admin: false,
      pools: { web: { backends: ['http://127.0.0.1:8081'] } },
      ...config,
    }),
    { file: '/request.json', cwd: '/', env: {}, attachments: new Map() },
  )
  if (parsed.kind !== 'config') throw new Error('the configuration is none')
  const edge = await startEdge({
    config: parsed.config,
    emit: (event) => void (event.kind === 'fault' && fail(new Error(event.detail))),
    transport: { transport, fallback: undefined },
  })
  return {
    accept: (client) => inEvent(fail, () => listener?.onAccepted(client, '127.0.0.1')),
    kill() {
      edge.kill()
    },
  }
}

// As the transport on epoll has them: small pieces in slabs, what backends send in one buffer.
let slab = Buffer.from(new ArrayBuffer(32 * 1024))
let used = 0
const lent = Buffer.from(new ArrayBuffer(256 * 1024))
lend(lent)

/** What a client sends, as it comes. */
export function pieceOf(bytes: Buffer): Buffer {
  if (used + 4 * 1024 > slab.length) {
    slab = Buffer.from(new ArrayBuffer(32 * 1024))
    used = 0
  }
  slab.set(bytes, used)
  used += bytes.length
  return slab.subarray(used - bytes.length, used)
}

const lentViews = new Map<number, Buffer>()

/** What a backend sends, as it comes: valid until the next one. */
export function lentPieceOf(bytes: Buffer): Buffer {
  lent.set(bytes)
  const known = lentViews.get(bytes.length)
  if (known !== undefined) return known
  const view = lent.subarray(0, bytes.length)
  lentViews.set(bytes.length, view)
  return view
}

export function deliver(bytes: Buffer, { data }: SilentSocket): void {
  enter()
  data.received(bytes)
  leave()
}

/** What is measured: a round of requests that are all answered, each counted. */
export interface Rounds {
  readonly round: () => void | Promise<void>
  readonly answered: () => number
}

const ROUNDS_A_BATCH = 15
const BATCHES = 400
/** Compiled by then. */
const WARM_UP_ROUNDS = 4000

/** Prints ns for each request: of the fastest batch and of the fastest quarter, which other work on the machine hardly moves; and objects and bytes of garbage. */
export async function measureRounds({ round, answered }: Rounds): Promise<void> {
  for (let count = 0; count < WARM_UP_ROUNDS; count += 1) {
    await round()
    if (count % ROUNDS_A_BATCH === 0) await Bun.sleep(0)
  }
  const times: number[] = []
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const [begunAt, before] = [performance.now(), answered()]
    for (let count = 0; count < ROUNDS_A_BATCH; count += 1) await round()
    times.push(((performance.now() - begunAt) * 1e6) / (answered() - before))
    // What was gathered meanwhile goes out between the batches.
    await Bun.sleep(1)
  }
  const nsOf = times.toSorted((one, other) => one - other)
  process.stdout.write(`${nsOf[0]?.toFixed(0)} ns, fastest quarter ${nsOf[BATCHES / 4]?.toFixed(0)} ns\n`)
  await countGarbage({ round, answered })
}

const objectsByType = (): Map<string, number> => new Map(Object.entries(heapStats().objectTypeCounts))

/** Of so few requests that nothing is collected meanwhile; the first fill what room the heap has. */
async function countGarbage({ round, answered }: Rounds): Promise<void> {
  Bun.gc(true)
  for (let count = 0; count < 100; count += 1) await round()
  const [before, bytesBefore, answeredBefore] = [objectsByType(), heapStats().heapCapacity, answered()]
  for (let count = 0; count < 60; count += 1) await round()
  const requests = answered() - answeredBefore
  const bytes = heapStats().heapCapacity - bytesBefore
  process.stdout.write(`${(bytes / requests).toFixed(0)} bytes of garbage\n`)
  for (const [type, count] of objectsByType()) {
    const each = (count - (before.get(type) ?? 0)) / requests
    if (each > 0.1) process.stdout.write(`${each.toFixed(1)} ${type}\n`)
  }
}
