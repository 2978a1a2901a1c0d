/**
 * One request and its response: gives the request to a backend, tries again where that is safe, streams bodies both ways
 * and ends every attempt once. Between two sinks it holds no bytes; whoever can't take more stops the other side.
 */
import type { Backend } from '../backend/backend.ts'
import type { Attempt } from '../balance/attempt.ts'
import type { Outcome } from '../strategy/strategy.ts'
import type { ProtocolError } from '../errors.ts'
import type { FieldSection } from '../http1/field-section.ts'
import type { BodyKind } from '../http1/framing.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { lastChunk } from '../http1/trailers.ts'
import type { BackendConnection, FailureCause, ResponseSink } from '../net/backend-connection.ts'
import type { ClientConnection } from '../net/client-connection.ts'
import type { ClientExchange } from '../net/client-exchange.ts'
import type { ConnectionPool } from '../net/connection-pool.ts'
import { outbox, commit } from '../net/outbox.ts'
import { RequestContext } from './pick-context.ts'
import { type Problem, type Respondent, sendProblem } from './respond.ts'
import { RequestFacts } from './request-facts.ts'
import { decideRetry, isIdempotent } from './retry.ts'
import { requestHeadRoom, writeRequestHead } from '../forward/rewrite-request.ts'
import { codingFor, type ResponseCoding, responseHeadRoom, writeResponseHead } from '../forward/rewrite-response.ts'
import { openTunnel } from './upgrade.ts'
import type { Pool, Services, World } from './world.ts'

const LINE_END = Buffer.from('\r\n')
const UNAVAILABLE: Problem = { status: 503, detail: 'no backend is usable now', retryAfterSeconds: 1 }

export class Exchange implements ClientExchange, ResponseSink {
  takesBody = false
  private readonly services: Services
  private readonly client: ClientConnection
  private readonly pool: Pool
  private readonly world: World
  private readonly facts: RequestFacts
  private readonly startedAt: number

  private attempt: Attempt | undefined = undefined
  private attemptStartedAt = 0
  private attempts = 0
  private tried: Backend[] = NOBODY
  private hasRetriedStale = false
  private hasSentBody = false
  private connection: BackendConnection | undefined = undefined

  /** Once the response head has gone out. */
  private hasResponded = false
  private status = 0
  private coding: ResponseCoding = 'none'
  private persists = false

  /** `services.head` holds the request's head. Nothing happens before `begin`. */
  constructor(services: Services, client: ClientConnection, pool: Pool, world: World, now: number) {
    this.services = services
    this.client = client
    this.pool = pool
    this.world = world
    this.facts = new RequestFacts(services.head, world.limits)
    this.startedAt = now
  }

  /** Gives the request to the first backend. */
  begin(): void {
    this.tryNext(this.startedAt)
  }

  // The request: what the client connection reads.

  onRequestBody(bytes: Buffer, start: number, end: number): void {
    this.hasSentBody = true
    this.connection?.wire.write(bytes, start, end)
  }

  onRequestEnd(trailers: FieldSection | undefined): void {
    this.takesBody = false
    const { connection } = this
    if (connection === undefined) return
    if (this.facts.isChunked) {
      const end = lastChunk(trailers)
      connection.wire.write(end, 0, end.length)
    }
    connection.requestSent()
  }

  onRequestFault(error: ProtocolError): void {
    const { counters } = this.services
    if (error.status === 408) counters.clientTimeouts += 1
    else counters.badRequests += 1
    this.dropBackend()
    if (this.hasResponded) this.client.cut()
    else this.fail({ status: error.status, detail: error.message })
  }

  onClientBlocked(isBlocked: boolean): void {
    if (!isBlocked) this.connection?.resumeResponse()
    // Not before: a backend that nobody listens to would be taken for slow. See `holdBack`.
    else if (this.hasResponded) this.connection?.pauseResponse()
  }

  onClientGone(): void {
    this.services.counters.abandoned += 1
    this.dropBackend()
  }

  // The response: what the backend connection reads.

  onConnected(): void {
    const { attempt, connection } = this
    if (attempt === undefined || connection === undefined) return
    this.send(connection, attempt.backend, this.facts.readHead())
  }

  onBackendBlocked(isBlocked: boolean): void {
    if (this.client.isRequestWhole) return
    this.takesBody = !isBlocked
    if (isBlocked) this.client.pauseBody()
    else this.client.resumeBody()
  }

  onInterim(head: ResponseHead): void {
    // HTTP/1.0 has no interim responses (RFC 9110 15.2).
    if (!this.facts.isOldClient) this.writeHead(head)
    this.holdBack()
  }

  onResponse(head: ResponseHead, kind: BodyKind): void {
    const now = this.services.clock.now()
    const { attempt } = this
    if (attempt === undefined) return
    attempt.respond(now)
    this.status = head.status
    if (head.status === 101) {
      this.upgrade(head, now)
      return
    }
    this.coding = codingFor(kind, this.facts.isOldClient)
    this.persists = this.mayPersist()
    this.hasResponded = true
    this.services.counters.responses[Math.floor(head.status / 100) as 2] += 1
    this.writeHead(head)
    this.holdBack()
  }

  /** A client that still has to take earlier responses was blocked before this one began, and does not say so again. */
  private holdBack(): void {
    if (this.client.wire.isBlocked) this.connection?.pauseResponse()
  }

  onBody(bytes: Buffer, start: number, end: number): void {
    const { wire } = this.client
    if (this.coding !== 'chunking') {
      wire.write(bytes, start, end)
      return
    }
    const size = Buffer.from(`${(end - start).toString(16)}\r\n`, 'latin1')
    wire.write(size, 0, size.length)
    wire.write(bytes, start, end)
    wire.write(LINE_END, 0, LINE_END.length)
  }

  onResponseEnd(trailers: FieldSection | undefined): void {
    this.connection = undefined
    if (this.coding === 'chunks' || this.coding === 'chunking') {
      const end = lastChunk(this.facts.takesTrailers ? trailers : undefined)
      this.client.wire.write(end, 0, end.length)
    }
    const now = this.services.clock.now()
    this.endAttempt({ kind: 'completed', status: this.status, elapsedMs: now - this.attemptStartedAt }, now)
    this.client.finish(this.persists)
  }

  onFailure(cause: FailureCause, detail: string): void {
    const { attempt, connection } = this
    if (attempt === undefined || connection === undefined) return
    this.connection = undefined
    this.takesBody = false
    const now = this.services.clock.now()
    this.endAttempt({ kind: 'failed', cause, elapsedMs: now - this.attemptStartedAt }, now)
    if (this.hasResponded) {
      this.services.counters.truncated += 1
      this.client.cut()
      return
    }
    const retry = decideRetry({
      cause,
      wasReused: connection.uses > 1,
      hasResponseBegun: connection.hasBegun,
      isIdempotent: isIdempotent(this.facts.readHead().method),
      hasSentBody: this.hasSentBody,
      hasRetriedStale: this.hasRetriedStale,
      attemptsLeft: this.pool.retry.attempts - this.attempts,
    })
    if (retry === 'none') this.fail(problemOf(cause, detail))
    else this.tryAgain(retry, attempt.backend, now, problemOf(cause, detail))
  }

  private tryAgain(retry: 'another' | 'same', backend: Backend, now: number, last: Problem): void {
    this.services.counters.retries += 1
    backend.counters.retries += 1
    if (retry === 'another') {
      this.tried = [...this.tried, backend]
      this.tryNext(now, last)
      return
    }
    this.hasRetriedStale = true
    const connection = this.connectionsTo(backend).connect(this)
    if (connection === undefined) this.fail(last)
    else this.beginAttempt(backend, connection, now)
  }

  /** Picks until a backend has a connection to offer; `last`: what to answer when there is none left. */
  private tryNext(now: number, last: Problem = UNAVAILABLE): void {
    const { services, world, client, pool } = this
    const context = new RequestContext(services, world.geo, client.identity, pool.affinity, now)
    for (;;) {
      const backend = pool.balancer.pick(context, this.tried)
      if (backend === undefined) {
        if (last.status === 503) services.counters.unavailable += 1
        this.fail(last)
        return
      }
      const connections = this.connectionsTo(backend)
      const idle = connections.take()
      const connection = idle ?? connections.connect(this)
      if (connection !== undefined) {
        this.beginAttempt(backend, connection, now)
        if (idle !== undefined) this.send(connection, backend, services.head)
        return
      }
      // At its cap: as good as down for this request.
      this.tried = [...this.tried, backend]
    }
  }

  private beginAttempt(backend: Backend, connection: BackendConnection, now: number): void {
    this.attempts += 1
    this.attempt = this.pool.balancer.begin(backend, now)
    this.attemptStartedAt = now
    this.connection = connection
  }

  /** Sends the head, and lets the body follow. `head` holds this request's. */
  private send(connection: BackendConnection, backend: Backend, head: RequestHead): void {
    const { client } = this
    connection.begin(this, this.facts.isHead, !this.facts.isOldClient)
    const rewrite = {
      client: client.identity,
      backendHost: backend.address.kind === 'tcp' ? backend.id : 'localhost',
      isUpgrade: this.facts.isUpgrade,
      writeRequestId: this.services.writeRequestId,
    }
    const at = connection.wire.reserve(requestHeadRoom(head, rewrite))
    commit(writeRequestHead(outbox.bytes, at, head, rewrite))
    if (client.isRequestWhole) {
      connection.requestSent()
      return
    }
    this.takesBody = true
    client.resumeBody()
  }

  private writeHead(head: ResponseHead): void {
    const { coding, persists } = this
    const { isOldClient } = this.facts
    const at = this.client.wire.reserve(responseHeadRoom(head))
    commit(writeResponseHead(outbox.bytes, at, head, { coding, isOldClient, persists }))
  }

  private upgrade(head: ResponseHead, now: number): void {
    const { client, connection, attempt, services } = this
    if (!this.facts.isUpgrade || connection === undefined || attempt === undefined) {
      connection?.abort()
      this.onFailure('protocol', 'the backend switched protocols unasked')
      return
    }
    this.writeHead(head)
    this.hasResponded = true
    // A tunnel's length says nothing of how fast the backend is: its handshake does.
    const outcome: Outcome = { kind: 'completed', status: 101, elapsedMs: now - this.attemptStartedAt }
    openTunnel({
      client,
      backend: connection,
      edgeCounters: services.counters,
      target: attempt.backend,
      tunnelMs: this.world.timeouts.tunnelMs,
      onOver: () => this.endAttempt(outcome, services.clock.now()),
    })
  }

  private mayPersist(): boolean {
    const { client } = this
    return (
      this.facts.wantsKeepAlive &&
      this.coding !== 'close' &&
      client.isRequestWhole &&
      !client.isLastRequest &&
      !this.services.isDraining()
    )
  }

  /** Answers with an error of our own and ends. */
  private fail(problem: Problem): void {
    const { client } = this
    this.coding = 'length'
    const persists = this.mayPersist()
    const respondent: Respondent = {
      accept: this.facts.readHead().fields.valuesNamed('accept')[0],
      isHead: this.facts.isHead,
      isOldClient: this.facts.isOldClient,
      persists,
    }
    this.services.counters.responses[Math.floor(problem.status / 100) as 4] += 1
    sendProblem(client.wire, problem, respondent)
    client.finish(persists)
  }

  /** Gives the attempt up, if one is under way, through no fault of the backend's. */
  private dropBackend(): void {
    this.connection?.abort()
    this.connection = undefined
    this.takesBody = false
    const now = this.services.clock.now()
    this.endAttempt({ kind: 'abandoned', elapsedMs: now - this.attemptStartedAt }, now)
  }

  private endAttempt(outcome: Outcome, now: number): void {
    const { attempt } = this
    this.attempt = undefined
    attempt?.end(outcome, now)
  }

  private connectionsTo(backend: Backend): ConnectionPool {
    const connections = this.pool.connections.get(backend)
    if (connections === undefined) throw new Error(`backend ${backend.id} has no connections in pool ${this.pool.name}`)
    return connections
  }
}

const NOBODY: Backend[] = []

function problemOf(cause: FailureCause, detail: string): Problem {
  if (cause === 'timeout') return { status: 504, detail }
  return { status: 502, detail: cause === 'connect' ? `no connection to a backend: ${detail}` : detail }
}
