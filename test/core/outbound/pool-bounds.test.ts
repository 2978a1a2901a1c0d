import { describe, expect, test } from 'bun:test'
import type { SocketAddress } from '../../../core/address.ts'
import type { RequestRewrite } from '../../../core/forward/rewrite-request.ts'
import { MAX_FIELDS } from '../../../core/http1/limits.ts'
import { RequestHead } from '../../../core/http1/request-head.ts'
import { ResponseHead } from '../../../core/http1/response-head.ts'
import type { Found } from '../../../core/names/look-up.ts'
import { createNameTable } from '../../../core/names/resolver.ts'
import { loadLibc } from '../../../core/net/bun/libc.ts'
import { DescriptorBudget } from '../../../core/net/budget.ts'
import { TimerWheel } from '../../../core/net/timer-wheel.ts'
import type { Wire } from '../../../core/net/wire.ts'
import type { WireSocket } from '../../../core/net/wire-socket.ts'
import type { ConnectionPolicy } from '../../../core/outbound/backend-connections.ts'
import { Http1Pool } from '../../../core/outbound/http1-pool.ts'
import type { BackendStream, ResponseSink } from '../../../core/stream/backend-stream.ts'
import { fail } from '../../support/fail.ts'
import { bytesOf, limits } from '../../support/http1-bytes.ts'
import { turnUntil } from '../../support/raw-peer.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const head = new RequestHead(MAX_FIELDS)
const request = bytesOf('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
const rewrite: RequestRewrite = {
  client: { address: '127.0.0.1', isTrusted: false, scheme: 'http', forwardedFields: Buffer.alloc(0) },
  backendHost: 'a',
  isUpgrade: false,
  hiddenCookie: undefined,
  writeRequestId: (_bytes, at) => at,
}

interface Options {
  readonly address?: SocketAddress
  readonly policy?: Partial<ConnectionPolicy>
  readonly limit?: number
  readonly found?: () => Found
}

const named: SocketAddress = { kind: 'tcp', host: 'app.test', port: 80 }

/** A pool whose dials succeed when told, and whose backend answers when told. */
function makePool({ address = { kind: 'tcp', host: '10.0.0.1', port: 80 }, policy, limit, found }: Options = {}) {
  const clock = virtualClock(1_000_000)
  const budget = new DescriptorBudget({ limit: limit ?? 1_000_000, free: () => undefined, clock, onShortage() {} })
  const log: string[] = []
  const wires: Wire[] = []
  const names = createNameTable(clock, (_host, done) => {
    if (found !== undefined) done(found())
  })
  const pool = new Http1Pool(
    {
      address,
      onRoomChange: () => undefined,
      head: new ResponseHead(MAX_FIELDS),
      wheel: new TimerWheel(clock, fail),
      counters: { connections: 0, http2Connections: 0, bytesToBackend: 0, bytesFromBackend: 0 },
      dial: (_address, wire) => {
        wires.push(wire)
        wire.connecting = () => log.push(`gives up ${wires.indexOf(wire)}`)
        if (address !== named) return
        names.name('app.test')?.read()
        wire.resolvedAddress = names.name('app.test')?.inOrder()[0]
      },
      names,
      budget,
    },
    {
      limits,
      timeouts: { connectMs: 2000, responseMs: 30_000, idleMs: 60_000, keepAliveMs: 4000, maxAgeMs: 10_000 },
      maxIdleConnections: 2,
      maxConnections: undefined,
      ...policy,
    },
  )
  /** The wire of this number is connected. */
  function connect(index: number, fd = -1): void {
    const wire = wires[index] as Wire
    const close = (how: string) => () => {
      log.push(`${how} ${index}`)
      wire.closed(undefined)
    }
    wire.opened({
      fd,
      write: (_bytes: Buffer, _start: number, length: number) => length,
      pause() {},
      resume() {},
      shutdown: () => log.push(`shuts down ${index}`),
      end: close('closes'),
      terminate: close('resets'),
    } satisfies WireSocket)
  }
  /** A stream over a new connection, its request sent; -> the connection's number. */
  function begin(): number {
    const stream = open()
    const index = wires.length - 1
    connect(index)
    send(stream)
    return index
  }
  function open(): BackendStream {
    const stream = pool.open('any')
    if (stream === undefined) throw new Error('there is no stream')
    stream.sink = sink(log)
    return stream
  }
  const answer = (index: number, lines = ''): void =>
    wires[index]?.received(bytesOf(`HTTP/1.1 200 OK\r\nContent-Length: 0\r\n${lines}\r\n`))
  return { clock, budget, pool, log, wires, begin, open, connect, answer }
}

function send(stream: BackendStream): void {
  head.parse(request, 0, request.length, limits)
  stream.sendHead(head, rewrite, 'chunks')
  stream.sendEnd(undefined)
}

const sink = (log: string[]): ResponseSink => ({
  onMoved() {},
  onConnected() {},
  onInterim() {},
  onResponse() {},
  onResponseEnd() {},
  onBackendBlocked() {},
  onBody() {},
  onFailure: (cause) => void log.push(cause),
})

describe('the connections to a backend', () => {
  test('are lent out again, the one used last first', () => {
    const { begin, answer, open, wires } = makePool()
    const [one, two] = [begin(), begin()]
    answer(one)
    answer(two)
    const streams = [open(), open(), open()]
    expect(streams.map(({ isReused }) => isReused)).toEqual([true, true, false])
    expect(wires).toHaveLength(3)
  })

  test('are kept up to a number, while the backend is wanted', () => {
    const { pool, begin, answer, log } = makePool()
    const all = [begin(), begin(), begin()]
    for (const index of all) answer(index)
    expect(log).toEqual(['closes 2'])
    pool.keepIdle(false)
    expect(log).toEqual(['closes 2', 'closes 0', 'closes 1'])
    expect(pool.size).toBe(0)
  })

  test('are bounded, and a place is free again at once when a connect is given up', () => {
    const { pool, open, log } = makePool({ policy: { maxConnections: 1 } })
    const stream = open()
    expect(pool.open('any')).toBeUndefined()
    stream.abort()
    expect(log).toEqual(['gives up 0'])
    expect(pool.open('any')).toBeDefined()
  })

  test('are looked at before one is lent to a request that cannot be sent twice', async () => {
    const libc = loadLibc() ?? fail(new Error('no libc'))
    const peers: Bun.Socket[] = []
    const server = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: { open: (socket) => void peers.push(socket), data() {} },
    })
    const { pool, open, connect, answer, log } = makePool({ policy: { maxIdleConnections: 9 } })
    const descriptors = [0, 1, 2].map((index) => {
      const begun = libc.connect({ kind: 'ip', address: '127.0.0.1', port: server.port })
      if (begun.kind === 'failed') return fail(begun.code)
      const stream = open()
      connect(index, begun.descriptor)
      send(stream)
      return begun.descriptor
    })
    await turnUntil(() => peers.length === 3, 'three connections')
    for (const index of [0, 1, 2]) answer(index)
    // Their ends have come, and nobody has told the wires yet.
    for (const peer of peers.slice(1)) peer.end()
    expect(pool.open('any')?.isReused).toBe(true)
    expect(log).toEqual([])
    expect(pool.open('checked')?.isReused).toBe(true)
    expect(log).toEqual(['closes 1'])
    expect(pool.open('checked')?.isReused).toBe(false)
    for (const descriptor of descriptors) libc.close(descriptor)
    server.stop(true)
  })

  test('are closed when nobody has wanted them for long', () => {
    const { clock, budget, pool, begin, answer, log } = makePool()
    answer(begin())
    expect([pool.size, budget.idleBackends.size]).toEqual([1, 1])
    clock.advance(4300)
    expect(log).toEqual(['closes 0'])
    expect([pool.size, budget.idleBackends.size]).toEqual([0, 0])
  })

  test('are not kept beyond their age', () => {
    const { clock, begin, answer, open, log } = makePool()
    const index = begin()
    clock.advance(10_000)
    answer(index)
    expect(log).toEqual([])
    send(open())
    clock.advance(500)
    answer(index)
    expect(log).toEqual(['closes 0'])
  })

  test('give way to others when descriptors run out, idle ones first', () => {
    const { pool, begin, answer, open, log } = makePool({ limit: 64, policy: { maxIdleConnections: 100 } })
    const all = Array.from({ length: 32 }, () => begin())
    expect(pool.open('any')).toBeUndefined()
    answer(all[3]!)
    answer(all[4]!)
    expect(pool.open('fresh')).toBeDefined()
    expect(log).toEqual(['closes 3'])
    expect(open().isReused).toBe(true)
    expect(pool.open('any')).toBeUndefined()
  })

  test('count as open until they are closed, given up or failed', () => {
    const { pool, begin, open, wires, answer, log } = makePool({ limit: 64 })
    for (let round = 0; round < 40; round += 1) {
      open().abort()
      open()
      wires.at(-1)?.connectFailed({ isLocal: false, code: 'ECONNREFUSED', detail: 'ECONNREFUSED' })
      answer(begin(), 'Connection: close\r\n')
      wires.at(-1)?.peerEnded()
      begin()
      wires.at(-1)?.closed(new Error('reset'))
    }
    expect(pool.size).toBe(0)
    expect(log.filter((line) => line === 'connect')).toHaveLength(40)
    expect(log.filter((line) => line === 'reset')).toHaveLength(40)
  })
})

describe('a backend that closes behind its response', () => {
  const close = 'Connection: close\r\n'

  test('is left to close first, and its place is free meanwhile', () => {
    const { pool, begin, answer, wires, log } = makePool({ policy: { maxConnections: 1 } })
    answer(begin(), close)
    expect([pool.size, log]).toEqual([0, []])
    wires[0]?.peerEnded()
    expect(log).toEqual(['closes 0'])
  })

  test('and does not is reset', () => {
    const { clock, begin, answer, log } = makePool()
    answer(begin(), close)
    clock.advance(1900)
    expect(log).toEqual([])
    clock.advance(400)
    expect(log).toEqual(['resets 0'])
  })

  test('makes room first where descriptors or ports are short', () => {
    const { budget, begin, answer, log } = makePool()
    const [idle, one, two] = [begin(), begin(), begin()]
    answer(idle)
    answer(one, close)
    answer(two, close)
    expect(budget.leaving.size).toBe(2)
    expect(budget.relieve()).toBe(true)
    expect(log).toEqual(['resets 1', 'resets 2'])
    expect([budget.leaving.size, budget.idleBackends.size]).toEqual([0, 1])
    expect([budget.relieve(), budget.relieve()]).toEqual([true, false])
    expect(log).toEqual(['resets 1', 'resets 2', 'closes 0'])
  })

  test('waits no longer once its backend has closed', () => {
    const { budget, begin, answer, wires } = makePool()
    answer(begin(), close)
    wires[0]?.peerEnded()
    expect(budget.leaving.size).toBe(0)
  })

  test('is reset when everything ends', () => {
    const { pool, begin, answer, log } = makePool()
    answer(begin(), close)
    expect(pool.cut()).toBe(0)
    expect(log).toEqual(['resets 0'])
  })

  test('and had closed already is closed at once', () => {
    const { begin, wires, log } = makePool()
    begin()
    wires[0]?.received(bytesOf(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${close}\r\nok`))
    wires[0]?.peerEnded()
    expect(log).toEqual(['closes 0'])
  })

  test('and answers before the request is whole is closed at once', () => {
    const { open, connect, answer, log } = makePool()
    const stream = open()
    connect(0)
    head.parse(request, 0, request.length, limits)
    stream.sendHead(head, rewrite, 'chunks')
    answer(0, close)
    expect(log).toEqual(['closes 0'])
  })

  test('and sends more than its response is closed at once', () => {
    const { begin, wires, log } = makePool()
    begin()
    wires[0]?.received(bytesOf(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${close}\r\nok!`))
    expect(log).toEqual(['closes 0'])
  })
})

describe('a backend whose name moves', () => {
  const at = (...addresses: string[]): Found => ({ kind: 'addresses', addresses, ttlMs: 1000 })

  test('loses its idle connections to the old address, although nobody connects', () => {
    let found = at('10.0.0.1')
    const { clock, begin, answer, log } = makePool({ address: named, found: () => found })
    answer(begin())
    clock.advance(1000)
    expect(log).toEqual([])
    found = at('10.0.0.2')
    clock.advance(1000)
    expect(log).toEqual(['closes 0'])
    clock.advance(100_000)
    expect(clock.pending()).toBe(0)
  })

  test('loses those in use behind their response, and none while name servers fail', () => {
    let found = at('10.0.0.1')
    const { clock, begin, answer, log } = makePool({ address: named, found: () => found })
    begin()
    begin()
    found = { kind: 'failure', code: 'ESERVFAIL' }
    clock.advance(2000)
    answer(0)
    expect(log).toEqual([])
    found = at('10.0.0.2')
    clock.advance(2000)
    expect(log).toEqual(['closes 0'])
    answer(1)
    expect(log).toEqual(['closes 0', 'closes 1'])
  })
})
