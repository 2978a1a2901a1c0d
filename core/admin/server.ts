/** The admin API on a socket, by the same connections as traffic; what it answers stands in `routes.ts`. */
import type { SocketAddress } from '../address.ts'
import type { Clock } from '../clock.ts'
import type { AdminConfig } from '../config/config.ts'
import type { Env } from '../config/read/expand.ts'
import { dateLines } from '../forward/date-line.ts'
import type { HttpLimits } from '../http1/limits.ts'
import { RequestHead } from '../http1/request-head.ts'
import { ResponseHead } from '../http1/response-head.ts'
import type { Turns } from '../inbound/turns.ts'
import type { Idle } from '../net/budget.ts'
import { LinkedList } from '../net/linked-list.ts'
import { type Listener, listen } from '../net/listener.ts'
import type { TimerWheel } from '../net/timer-wheel.ts'
import type { ClientTimeouts } from '../net/timeouts.ts'
import type { ReportFault } from '../net/event.ts'
import type { Transport } from '../net/transport.ts'
import type { Secret } from '../secrets.ts'
import type { Access } from './access.ts'
import { createByteBudget } from './byte-budget.ts'
import { AdminConnections } from './connections.ts'
import { AdminExchange, type ExchangeServices } from './exchange.ts'
import { createOwnToken } from './own-token.ts'
import { type AdminHandler, createAdminHandler } from './routes.ts'
import type { AdminSource } from './source.ts'
import { removeStaleTokens } from './stale-tokens.ts'
import { homeOf, type Kept } from '../own-files.ts'

export interface AdminServer {
  /** As asked for, with the real port where 0 was. */
  readonly address: SocketAddress
  /** Where it really listens: `localhost` becomes 127.0.0.1 and ::1. */
  readonly bound: readonly SocketAddress[]
  /** The token of its own that it has made, if it has. */
  readonly ownToken: Kept | undefined
  /** Which token it takes now; undefined: none. */
  readonly token: Secret | undefined
  /** Who may do what from now on; the address stays. */
  setAccess(config: AdminConfig): void
  /** Accepts no more; what is being answered goes on. Takes its token's file away, as `stop` does. */
  close(): void
  /** Accepts again where it did before `close`, with another token. Throws when the address cannot be had any more. */
  reopen(): void
  /** Closes the listener at once, and what is being answered with it. */
  stop(): void
}

/** What it takes of the process around it. */
export interface AdminSurroundings {
  readonly clock: Clock
  readonly wheel: TimerWheel
  readonly turns: Turns
  readonly transport: Transport
  readonly reportFault: ReportFault
  /** Connections at once. */
  readonly maxConnections: number
  /** Says where files of the user lie; absent: a token of its own is kept nowhere. */
  readonly env?: Env | undefined
}

export interface AdminServerOptions extends AdminConfig {
  readonly source: AdminSource
  readonly surroundings: AdminSurroundings
}

const limits: HttpLimits = { maxHeadBytes: 64 * 1024, maxTargetBytes: 16 * 1024, maxFields: 256 }
const timeouts: ClientTimeouts = { headMs: 10_000, bodyMs: 30_000, keepAliveMs: 30_000, tunnelMs: 0 }

/** An import and four plans of the largest size; four scrapes of ten thousand backends. */
const maxBodiesBytes = 32 * 1024 ** 2
const maxAnswersBytes = 32 * 1024 ** 2

/** Throws a `StartError` of one line when it cannot listen. */
export function startAdmin(options: AdminServerOptions): AdminServer {
  const { address, source, surroundings } = options
  let config: AdminConfig = options
  let access: Access
  // Asked for the first time when this turn is over, and the access known.
  const handler = createAdminHandler({
    access: () => access,
    source,
    reportFault: surroundings.reportFault,
    soon: (task) => surroundings.clock.soon(task),
  })
  const connections = connect(handler, surroundings)
  const { reportFault, transport } = surroundings
  const open = (at: SocketAddress): Listener =>
    // Without a token, the permissions of a Unix socket are what guards it.
    listen({
      transport,
      address: at,
      reusePort: false,
      deferAccept: false,
      permissions: 0o600,
      accept: (peer) => connections.accept(peer),
      onShortage: () => false,
      reportFault,
    })
  let listener = open(address)
  // Under a name, its commands look for the token of the first.
  const ownToken = createOwnToken(listener.bound[0] ?? address, surroundings.env)
  access = ownToken.accessFor(config)
  if (surroundings.env) void removeStaleTokens(homeOf(surroundings.env))
  return {
    address: listener.address,
    bound: listener.bound,
    get ownToken() {
      return ownToken.kept
    },
    get token() {
      return access.kind === 'open' ? undefined : access.token
    },
    setAccess(next) {
      config = next
      access = ownToken.accessFor(next)
    },
    // First the file, then the port: a successor that has the port may have written its own.
    close() {
      ownToken.forget()
      listener.stop()
      connections.letGo()
    },
    reopen() {
      listener = open(listener.address)
      access = ownToken.accessFor(config)
    },
    stop() {
      ownToken.forget()
      listener.stop()
      connections.cut()
    },
  }
}

/** Everything between a socket and the routes. */
function connect(handler: AdminHandler, surroundings: AdminSurroundings): AdminConnections {
  const { clock, reportFault, wheel, turns, maxConnections } = surroundings
  const head = new RequestHead(limits.maxFields)
  const services: ExchangeServices = {
    handler,
    bodies: createByteBudget(maxBodiesBytes),
    answers: createByteBudget(maxAnswersBytes),
    limits,
    responseHead: new ResponseHead(limits.maxFields),
    reportFault,
  }
  const connections: AdminConnections = new AdminConnections(
    {
      head,
      limits,
      timeouts,
      // Whoever types a request into a pipe has no more of them, and waits.
      halfClose: 'answer',
      wheel,
      turns,
      // Not among those that traffic takes descriptors from: see AdminConnections.
      idle: new LinkedList<Idle>(),
      crowd: { isThere: false },
      dateLine: dateLines(clock),
      // Not traffic: nobody reads them.
      counters: { bytesFromClients: 0, bytesToClients: 0 },
      onRequest(stream) {
        const exchange = new AdminExchange(services, stream, head, connections.begin(stream.peer))
        void exchange.run()
      },
      onRefusal: () => undefined,
    },
    maxConnections,
  )
  return connections
}
