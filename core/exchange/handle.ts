/** The way of a request, in order: listener, route, admission, pick, exchange, observation. Each stage calls only the next. */
import type { Verdict } from '../admission/admission.ts'
import { dateLines } from '../forward/date-line.ts'
import { stopOf } from '../forward/hops.ts'
import { grpcClient } from '../grpc-web/stream.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { Crowd } from '../inbound/crowd.ts'
import type { RefusedHead, RequestHandler, TcpHandler } from '../inbound/request-handler.ts'
import type { Turns } from '../inbound/turns.ts'
import type { Idle } from '../net/budget.ts'
import type { LinkedList } from '../net/linked-list.ts'
import type { Pipes } from '../net/pipes.ts'
import type { TimerWheel } from '../net/timer-wheel.ts'
import { countStatus } from '../observe/counters.ts'
import { violatedBy } from '../observe/http2-counters.ts'
import { methodClassOf, OTHER_METHOD } from '../observe/route-traffic.ts'
import type { ClientStream } from '../stream/client-stream.ts'
import { enter } from './enter.ts'
import { Exchange } from './exchange.ts'
import { problemOfStop } from './problems.ts'
import { recordOfHead } from './refused-head.ts'
import type { Services, World } from './world.ts'

export interface HandlerOptions {
  readonly services: Services
  /** The published snapshot; asked once for each request. */
  readonly world: () => World
  /** The parser of this process. */
  readonly head: RequestHead
  readonly wheel: TimerWheel
  readonly turns: Turns
  readonly pipes?: Pipes
  /** Where connections wait that are idle. */
  readonly idle: LinkedList<Idle>
  readonly crowd: Crowd
}

/** What every listener hands its clients' requests to. */
export function createHandler({
  services,
  world: published,
  head,
  wheel,
  turns,
  pipes,
  idle,
  crowd,
}: HandlerOptions): RequestHandler & TcpHandler {
  const { counters } = services

  function onRequest(client: ClientStream): void {
    counters.requests += 1
    const world = published()
    const proof = world.proofs?.find(head)
    const route = (proof === undefined ? world.routes.find(head) : undefined) ?? world.nowhere
    route.traffic.requests += 1
    const stream = route.grpcWeb === true ? grpcClient(client, head) : client
    const exchange = new Exchange(services, stream, route, world)
    exchange.method = methodClassOf(head.bytes, head.start, head.methodEnd)
    if (route.tracing !== undefined) exchange.trace = route.tracing.begin(head, exchange.identity)
    if (world.explainer !== undefined) exchange.explaining = world.explainer.begin(head)
    if (!exchange.hasTime(head)) return
    const stop = stopOf(head)
    const problem = proof ?? (stop && problemOfStop(stop))
    const { door } = client.peer
    const verdict: Verdict =
      problem !== undefined
        ? { kind: 'refused', problem }
        : door === undefined
          ? route.admission.admit(exchange, head, exchange.startedAt)
          : enter(door, exchange, head, exchange.startedAt)
    exchange.begin(verdict, head, exchange.startedAt)
  }

  function onTcp(client: ClientStream, listener: string): void {
    counters.requests += 1
    const world = published()
    client.readHead()
    const route = world.tcp.get(listener)?.find(head) ?? world.nowhere
    route.traffic.requests += 1
    const exchange = new Exchange(services, client, route, world)
    exchange.method = OTHER_METHOD
    if (world.explainer !== undefined) exchange.explaining = world.explainer.begin(head)
    exchange.begin(route.admission.admit(exchange, head, exchange.startedAt), head, exchange.startedAt)
  }

  function onRefusal(refused: RefusedHead): void {
    if (refused.status === 408) counters.clientTimeouts += 1
    else counters.badRequests += 1
    countStatus(counters, refused.status)
    const { clock, observers } = services
    if (observers.length === 0) return
    const record = recordOfHead(refused, published(), clock.now())
    for (const observe of observers) observe(record)
  }

  return {
    head,
    wheel,
    turns,
    ...(pipes && { pipes }),
    dateLine: dateLines(services.clock),
    idle,
    crowd,
    counters,
    get limits() {
      return published().limits
    },
    get timeouts() {
      return published().timeouts
    },
    get halfClose() {
      return published().halfClose
    },
    onRequest,
    onTcp,
    onRefusal,
    onViolation: (kind) => void (counters[violatedBy[kind]] += 1),
  }
}
