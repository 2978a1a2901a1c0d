/** A running pool on a virtual clock, without a socket: connections are made in memory, and nobody asks unless a test does. */
import type { Backend } from '../../core/backend/backend.ts'
import type { PoolConfig } from '../../core/config/config.ts'
import { MAX_FIELDS } from '../../core/http1/limits.ts'
import { RequestHead } from '../../core/http1/request-head.ts'
import { ResponseHead } from '../../core/http1/response-head.ts'
import { createTurns } from '../../core/inbound/turns.ts'
import { createNameTable } from '../../core/names/resolver.ts'
import { TimerWheel } from '../../core/net/timer-wheel.ts'
import type { EdgeEvent } from '../../core/observe/events.ts'
import { seededRandom } from '../../core/random.ts'
import type { PoolSettings } from '../../core/runtime/pool-services.ts'
import { RunningPool } from '../../core/runtime/running-pool.ts'
import { createPluginHost } from '../../core/strategy/host.ts'
import { openBudget } from './budget.ts'
import { testPool } from './edge.ts'
import { Secret } from '../../core/secrets.ts'
import { fail } from './fail.ts'
import { bytesOf, limits } from './http1-bytes.ts'
import { plainRewrite, RecordedResponse } from './http1-ends.ts'
import { inEvent, MemorySocket, receive } from './memory-socket.ts'
import { virtualClock } from './virtual-clock.ts'

/** `change` puts another config in force, with members of these ports and these facts beside those of the start. */
export async function startPool(ports: readonly number[], facts: Partial<PoolConfig> = {}) {
  const clock = virtualClock()
  const events: EdgeEvent[] = []
  const sockets: MemorySocket[] = []
  const settings: PoolSettings = { limits, drainTimeoutMs: 5000 }
  const configOf = (some: readonly number[], more: Partial<PoolConfig>): PoolConfig => ({
    ...testPool(some, { strategy: { use: 'round-robin', options: undefined } }),
    ...facts,
    ...more,
  })
  const pool = await RunningPool.start(configOf(ports, {}), settings, {
    clock,
    random: seededRandom(1),
    emit: (event) => void events.push(event),
    wheel: new TimerWheel(clock, fail),
    turns: createTurns(clock, fail),
    head: new ResponseHead(MAX_FIELDS),
    window: { generation: 0 },
    dial: (_, wire) => void sockets.push(new MemorySocket(wire)),
    names: createNameTable(clock, fail),
    budget: openBudget(clock),
    plugins: createPluginHost({ clock, examine: async () => undefined }),
    stickyKey: () => new Secret('a key of this process'),
  })
  const parser = new RequestHead(MAX_FIELDS)

  /** Sends a request over a connection of its own, which is there at once; `undefined`: there is no room. */
  function ask(backend: Backend): { readonly sink: RecordedResponse; readonly socket: MemorySocket } | undefined {
    const before = sockets.length
    const stream = pool.snapshot().connections.get(backend)?.open('any')
    if (stream === undefined) return undefined
    const sink = new RecordedResponse()
    stream.sink = sink
    const socket = sockets[before]
    if (socket === undefined) throw new Error('an idle connection was used')
    inEvent(() => socket.wire.opened(socket))
    const bytes = bytesOf('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    parser.parse(bytes, 0, bytes.length, limits)
    inEvent(() => {
      stream.sendHead(parser, plainRewrite, 'chunks')
      stream.sendEnd(undefined)
    })
    return { sink, socket }
  }

  return {
    pool,
    settings,
    clock,
    events,
    ask,
    /** The response to what was asked last over this socket. */
    answer: ({ wire }: MemorySocket) => receive(wire, 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
    async change(some: readonly number[], more: Partial<PoolConfig> = {}): Promise<void> {
      const move = await pool.prepare(configOf(some, more), settings)
      move.commit()
    },
    [Symbol.dispose]: () => pool.stop(),
  }
}
