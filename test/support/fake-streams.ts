/** Streams that a test plays both ends of, and an exchange between them: no socket, no bytes on any wire. */
import { everybody, type Admission } from '../../core/admission/admission.ts'
import type { Backend } from '../../core/backend/backend.ts'
import { beginAttempt } from '../../core/balance/attempt.ts'
import { Exchange } from '../../core/exchange/exchange.ts'
import type { AttemptView } from '../../core/strategy/strategy.ts'
import type { RequestTimeouts } from '../../core/exchange/limit.ts'
import type { ExchangeRecord } from '../../core/exchange/record.ts'
import type { Route, Services, World } from '../../core/exchange/world.ts'
import type { Tracing } from '../../core/exchange/trace.ts'
import { createIdentify } from '../../core/forward/identify.ts'
import type { RequestRewrite } from '../../core/forward/rewrite-request.ts'
import type { RequestHead } from '../../core/http1/request-head.ts'
import type { ResponseHead } from '../../core/http1/response-head.ts'
import { TimerWheel } from '../../core/net/timer-wheel.ts'
import { createBuckets } from '../../core/observe/buckets.ts'
import { edgeLedger, poolLedger } from '../../core/observe/counters.ts'
import { RouteTraffic } from '../../core/observe/route-traffic.ts'
import { HeadTimes } from '../../core/pool/head-times.ts'
import type { BudgetPolicy, HedgePolicy, QueuePolicy, RetryPolicy } from '../../core/pool/policy.ts'
import type { Pool } from '../../core/pool/pool.ts'
import { PoolQueue } from '../../core/pool/queue.ts'
import { RetryBudget } from '../../core/pool/retry-budget.ts'
import { type Random, seededRandom } from '../../core/random.ts'
import type {
  BackendStream,
  FailureCause,
  ResponseSink,
  StreamChoice,
  StreamSource,
} from '../../core/stream/backend-stream.ts'
import type { Sticky } from '../../core/sticky/sticky.ts'
import type { BodyForm, HandedOver } from '../../core/stream/body-form.ts'
import type { ClientStream, Problem, RequestLine, RequestSink } from '../../core/stream/client-stream.ts'
import type { Peer } from '../../core/stream/peer.ts'
import { bytesOf, textOf } from './http1-bytes.ts'
import { parseRequest, parseResponse } from './http1-heads.ts'
import { testPool, testRetry } from './edge.ts'
import { fail } from './fail.ts'
import { forgetfulLatencies, makeBackend } from './make-backend.ts'
import { peerAt } from './peer-at.ts'
import { poolOfAttempts } from './pool-of-attempts.ts'
import { virtualClock } from './virtual-clock.ts'

/** Writes down what is done to it. */
export class FakeClient implements ClientStream {
  readonly log: string[] = []
  readonly peer: Peer = peerAt('192.0.2.1')
  bodyForm: BodyForm = 'chunks'
  version?: '2'
  isUpgrade = false
  isWhole = true
  isBlocked = false
  sink: RequestSink = undefined as unknown as RequestSink
  private readonly request: string

  constructor(request: string) {
    this.request = request
  }

  readLine(): RequestLine {
    const [method = '', target = '', protocol = ''] = this.request.split('\r\n')[0]!.split(' ')
    return { method, target, protocol }
  }

  readHead(): RequestHead {
    return parseRequest(this.request)
  }

  pauseBody(): void {
    this.log.push('pause')
  }

  limitBody(maxBytes: number): void {
    this.log.push(`limit ${maxBytes}`)
  }

  resumeBody(form: BodyForm): void {
    this.log.push(`resume ${form}`)
  }

  sendInterim(head: { readonly status: number }): void {
    this.log.push(`interim ${head.status}`)
  }

  sendHead({ status, added }: ResponseHead): void {
    this.log.push(`head ${status}${added === '' ? '' : ` ${added}`}`)
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    this.log.push(`body ${textOf(bytes.subarray(start, end))}`)
  }

  sendEnd(): void {
    this.log.push('end')
  }

  contentBytes({ detail }: Problem): number {
    return detail.length
  }

  refuse({ status, detail, lines = '' }: Problem): void {
    this.log.push(`refuse ${status} ${detail}${lines && ` ${lines}`}`)
  }

  cut(problem?: Problem): void {
    this.log.push(problem === undefined ? 'cut' : `cut ${problem.status} ${problem.detail}`)
  }

  handOver(): HandedOver {
    throw new Error('a fake client has no connection to give away')
  }
}

export class FakeStream implements BackendStream {
  readonly log: string[] = []
  readonly rewrites: RequestRewrite[] = []
  readonly bodyForm: BodyForm = 'chunks'
  readonly isReused: boolean
  hasBegun = false
  wasRefused = false
  grpcStatus: number | undefined = undefined
  takesNoCalls = false
  sink: ResponseSink | undefined = undefined

  constructor(isReused: boolean) {
    this.isReused = isReused
  }

  sendHead(head: RequestHead, rewrite: RequestRewrite): void {
    this.log.push(head.method)
    this.rewrites.push(rewrite)
  }

  sendBody(bytes: Buffer, start: number, end: number): void {
    this.log.push(`body ${textOf(bytes.subarray(start, end))}`)
  }

  sendEnd(): void {
    this.log.push('end')
  }

  pauseResponse(): void {
    this.log.push('pause')
  }

  resumeResponse(): void {
    this.log.push('resume')
  }

  abort(): void {
    this.log.push('abort')
    this.sink = undefined
  }

  handOver(): HandedOver {
    throw new Error('a fake stream has no connection to give away')
  }
}

/** A backend with a number of idle connections, and room for more unless it is `isFull`. */
export class FakeSource implements StreamSource {
  readonly streams: FakeStream[] = []
  /** What was asked for, in order. */
  readonly choices: StreamChoice[] = []
  readonly backend: Backend
  idle: number
  isFull = false

  constructor(backend: Backend, idle: number) {
    this.backend = backend
    this.idle = idle
    backend.room = this
  }

  get hasRoom(): boolean {
    return this.idle > 0 || !this.isFull
  }

  open(choice: StreamChoice): BackendStream | undefined {
    this.choices.push(choice)
    const isReused = choice !== 'fresh' && this.idle > 0
    if (isReused) this.idle -= 1
    else if (this.isFull) return undefined
    const stream = new FakeStream(isReused)
    this.streams.push(stream)
    return stream
  }

  get last(): FakeStream {
    const stream = this.streams.at(-1)
    if (stream === undefined) throw new Error(`${this.backend.id} was not asked for a stream`)
    return stream
  }
}

export interface FakeExchangeOptions {
  readonly request?: string
  readonly isWhole?: boolean
  /** Idle connections of each backend; as many backends as there are numbers. */
  readonly idle?: readonly number[]
  readonly attempts?: number
  readonly retry?: Partial<RetryPolicy>
  readonly mayRefuse?: boolean
  readonly budget?: BudgetPolicy
  readonly timeouts?: RequestTimeouts
  readonly hedge?: HedgePolicy
  readonly tracing?: Tracing
  /** Of the times to the head of a response. */
  readonly latencies?: ConstructorParameters<typeof HeadTimes>[0]
  readonly maxReplayBytes?: number
  readonly random?: Random
  readonly admission?: Admission
  readonly isObserved?: boolean
  readonly queue?: QueuePolicy
  /** Of the pool. */
  readonly maxInflight?: number
  /** Backends that have no room at first; by default all have. */
  readonly full?: readonly number[]
  /** Backends that are asked when all others have failed a request, and not before. */
  readonly spare?: readonly number[]
  /** What keeps sessions at these backends. */
  readonly sticky?: (backends: readonly Backend[]) => Sticky
}

/** What of a pool a test that does not retry has no use for. */
export const idlePool = (
  latencies: ConstructorParameters<typeof HeadTimes>[0] = forgetfulLatencies(),
): Omit<Pool, 'name' | 'balancer' | 'queue' | 'affinity' | 'sticky' | 'connections'> => {
  const { retry, timeouts } = testPool([])
  return { retry, timeouts, budget: new RetryBudget(retry.budget), headTimes: new HeadTimes(latencies) }
}

/** An exchange that has begun. The first backend with room is picked. */
export function beginExchange(options: FakeExchangeOptions = {}) {
  const { request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', idle = [0, 0], attempts = 2, isObserved = true } = options
  const clock = virtualClock()
  const client = new FakeClient(request)
  client.isWhole = options.isWhole ?? true
  const sources = idle.map((count, index) => new FakeSource(makeBackend(8001 + index), count))
  const backends = sources.map(({ backend }) => backend)
  for (const index of options.full ?? []) sources[index]!.isFull = true
  const records: ExchangeRecord[] = []
  const counters = edgeLedger.create()
  const underWay = poolOfAttempts([], options.maxInflight)
  const { load } = underWay
  /** What strategies are told of, in order. */
  const views: AttemptView[] = []
  const isSpare = (backend: Backend): boolean => options.spare?.includes(backends.indexOf(backend)) === true
  const usable = backends.filter((backend) => !isSpare(backend))
  const other = (tried: readonly Backend[]): Backend | undefined =>
    (balancer.hasUsable(tried) ? usable : backends).find((backend) => backend.hasRoom && !tried.includes(backend))
  const balancer = {
    pick: (_: unknown, tried: readonly Backend[]) => (load.inflight < load.maxInflight ? other(tried) : undefined),
    hasOther: (tried: readonly Backend[]) => other(tried) !== undefined,
    hasUsable: (tried: readonly Backend[] = []) => usable.some((backend) => !tried.includes(backend)),
    hasRoom(tried: readonly Backend[] = []) {
      return !this.isAtBound && this.hasOther(tried)
    },
    get isAtBound() {
      return load.inflight >= load.maxInflight
    },
    begin(backend: Backend, now: number, isRetry?: boolean) {
      const attempt = beginAttempt(backend, underWay, now, isRetry)
      views.push(attempt.view)
      return attempt
    },
    offers: (backend: Backend) => backends.includes(backend) && backend.standing.usable,
    members: backends,
  }
  const turns: { onTurn(): void }[] = []
  const queue = new PoolQueue({
    clock,
    turns: { next: (waiting) => void turns.push(waiting) },
    counters: poolLedger.create(),
    waits: createBuckets(),
    hasRoom: (tried) => balancer.hasRoom(tried),
    onFull: () => undefined,
  })
  queue.update(options.queue)
  const services: Services = {
    clock,
    wheel: new TimerWheel(clock, fail),
    quickWheel: new TimerWheel(clock, fail, 1),
    random: options.random ?? seededRandom(1),
    counters,
    writeRequestId: (_, at) => at,
    observers: isObserved ? [(record) => void records.push(record)] : [],
  }
  const route: Route = {
    key: 'route',
    admission: options.admission ?? everybody,
    priority: 5,
    pool: {
      name: 'web',
      balancer,
      queue,
      affinity: [{ kind: 'client' }],
      ...idlePool(options.latencies),
      sticky: options.sticky?.(backends),
      retry: testRetry({ attempts, ...options.retry }),
      mayRefuse: options.mayRefuse ?? false,
      budget: new RetryBudget(options.budget ?? { ratio: 0.2, perSecond: 3 }),
      connections: new Map(sources.map((source) => [source.backend, source])),
    },
    timeouts: options.timeouts,
    hedge: options.hedge,
    tracing: options.tracing,
    traffic: new RouteTraffic(),
  }
  const world = {
    identify: createIdentify(() => false),
    timeouts: { tunnelMs: 1000 },
    limits: { maxReplayBytes: options.maxReplayBytes ?? 1024 * 1024 },
    geo: undefined,
  } as unknown as World
  const exchange = new Exchange(services, client, route, world)
  const head = client.readHead()
  exchange.trace = route.tracing?.begin(head, exchange.identity)
  if (exchange.hasTime(head))
    exchange.begin(route.admission.admit(exchange, head, exchange.startedAt), head, exchange.startedAt)
  return { clock, client, sources, backends, records, views, counters, exchange, queue, route, turns }
}

// What a backend's end does.

export const connected = ({ sink }: FakeStream): void => sink?.onConnected()
export const fails = ({ sink }: FakeStream, cause: FailureCause = 'connect'): void => sink?.onFailure(cause, 'because')

/** Says that it did nothing with the request. */
export function refuses(stream: FakeStream): void {
  stream.wasRefused = true
  fails(stream, 'reset')
}

/** The head of a response with five bytes to come. */
export function responds(stream: FakeStream, text = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'): void {
  stream.hasBegun = true
  stream.sink?.onResponse(parseResponse(text), 'length')
}

/** A whole response. */
export function answers(stream: FakeStream, body = 'hello'): void {
  responds(stream)
  stream.sink?.onBody(bytesOf(body), 0, body.length)
  stream.sink?.onResponseEnd(undefined)
}
