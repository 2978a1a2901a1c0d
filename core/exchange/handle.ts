/** The way of a request, in order: listener, route, admission, pick, exchange, observation. Each stage calls only the next. */
import type { ProtocolError } from '../errors.ts'
import type { ClientConnection, RequestHandler } from '../net/client-connection.ts'
import type { TimerWheel } from '../net/timer-wheel.ts'
import { Exchange } from './exchange.ts'
import { sendProblem, STRANGER } from './respond.ts'
import type { Services, World } from './world.ts'

export interface HandlerOptions {
  readonly services: Services
  /** The published snapshot; asked once for each request. */
  readonly world: () => World
  readonly wheel: TimerWheel
}

/** What every listener hands its clients' requests to. */
export function createHandler(options: HandlerOptions): RequestHandler {
  const { services, world, wheel } = options
  const { counters, head } = services

  function onRequest(client: ClientConnection): void {
    counters.requests += 1
    const snapshot = world()
    keepIdentityCurrent(client, snapshot)
    const rule = snapshot.routes.find(head)
    const pool = snapshot.poolOfRule[rule]
    if (pool === undefined) {
      refuseUnrouted(client)
      return
    }
    snapshot.requestsOfRule[rule] = (snapshot.requestsOfRule[rule] ?? 0) + 1
    const exchange = new Exchange(services, client, pool, snapshot, services.clock.now())
    client.exchange = exchange
    exchange.begin()
  }

  function refuseUnrouted(client: ClientConnection): void {
    counters.unrouted += 1
    counters.responses[4] += 1
    const persists = head.wantsKeepAlive && client.isRequestWhole && !client.isLastRequest && !services.isDraining()
    sendProblem(
      client.wire,
      { status: 404, detail: 'no route matches this request' },
      {
        accept: head.fields.valuesNamed('accept')[0],
        isHead: head.method === 'HEAD',
        isOldClient: head.minorVersion === 0,
        persists,
      },
    )
    client.finish(persists)
  }

  function onRefusal(client: ClientConnection, error: ProtocolError): void {
    if (error.status === 408) counters.clientTimeouts += 1
    else counters.badRequests += 1
    counters.responses[Math.floor(error.status / 100) as 4] += 1
    sendProblem(client.wire, { status: error.status, detail: error.message }, STRANGER)
    client.close()
  }

  return {
    head,
    wheel,
    counters,
    get limits() {
      return world().limits
    },
    get timeouts() {
      return world().timeouts
    },
    identify: (address) => world().identify(address),
    onRequest,
    onRefusal,
  }
}

/** Who is trusted may have changed since the client came in. */
function keepIdentityCurrent(client: ClientConnection, { identify, isTrustedProxy }: World): void {
  if (client.identity.isTrustedProxy !== isTrustedProxy) client.identity = identify(client.identity.address)
}
