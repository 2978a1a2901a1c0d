/**
 * One check over the network: does the member accept a connection, and for HTTP, answer as expected? A connection of its
 * own each time, dialled as those of traffic are, so that a check reaches what a request would reach. The verdict falls at
 * the head of the answer; the rest is taken while the check's time lasts, so that members see no aborted requests.
 */
import type { Backend, CheckResult } from '../backend/backend.ts'
import { isAmong } from '../backend/failure.ts'
import type { Cancel, Clock } from '../clock.ts'
import { ProtocolError } from '../errors.ts'
import type { HttpLimits } from '../http1/limits.ts'
import type { DescriptorBudget } from '../net/budget.ts'
import type { Dial } from '../net/dial.ts'
import type { Opening } from '../net/opening.ts'
import type { TimerWheel } from '../net/timer-wheel.ts'
import { Wire } from '../net/wire.ts'
import type { ConnectFailure, WireOwner } from '../net/wire-owner.ts'
import { beginsHttp2, createAnswerReader } from './answer.ts'
import type { Answer } from './answer.ts'
import { createGrpcCheck, type GrpcCheck } from './grpc-check.ts'
import type { HealthCheck, HealthPolicy } from './policy.ts'

/**
 * Checks `backend` once. `done` is called once, never before this returns and never after its result, the cancel, was
 * called. Never throws.
 */
export type Probe = (backend: Backend, policy: HealthPolicy, done: (result: CheckResult) => void) => Cancel

export interface ProbeServices {
  readonly clock: Clock
  readonly wheel: TimerWheel
  readonly dial: Dial
  readonly budget: DescriptorBudget
  /** Those of traffic, so that a head refused there fails here; asked for with each check. */
  readonly limits: () => HttpLimits
  /** What connections to it begin with; undefined, or absent: with nothing. */
  readonly opening?: (backend: Backend) => Opening | undefined
}

type HttpCheck = Extract<HealthCheck, { kind: 'http' }>

/** How much of a body is taken; a longer one is cut off. */
const MAX_BODY_BYTES = 64 * 1024

/** Why a check that asks for a page fails at a member that speaks HTTP/2 alone, and what to write instead. */
const SPEAKS_HTTP2 = 'speaks HTTP/2, and a page is asked for in HTTP/1.1: "check" may be "tcp" or "grpc"'

export function createProbe(services: ProbeServices): Probe {
  return (backend, policy, done) => {
    const check = new Check(services, backend, policy, done)
    check.begin()
    return () => check.cancel()
  }
}

/** 'asking': for a verdict. 'taking': the verdict is told, the rest of the answer is taken. */
type Phase = 'asking' | 'taking' | 'over'

class Check implements WireOwner {
  private readonly services: ProbeServices
  private readonly backend: Backend
  private readonly policy: HealthPolicy
  private readonly done: (result: CheckResult) => void
  private readonly wire: Wire
  private readonly startedAt: number
  private readonly read: (piece: Buffer) => Answer | undefined
  private stopTimer: Cancel = () => undefined
  private phase: Phase = 'asking'
  private holdsDescriptor = false
  private bodyBytes = 0
  /** Of a check by gRPC, once it is connected. */
  private call: GrpcCheck | undefined = undefined

  constructor(services: ProbeServices, backend: Backend, policy: HealthPolicy, done: (result: CheckResult) => void) {
    this.services = services
    this.backend = backend
    this.policy = policy
    this.done = done
    this.wire = new Wire(this, services.wheel)
    this.startedAt = services.clock.now()
    this.read = createAnswerReader(services.limits())
  }

  begin(): void {
    const { backend } = this
    const { budget, clock, dial, opening } = this.services
    const { timeoutMs } = this.policy
    this.stopTimer = clock.after(timeoutMs, () => this.onTimeout())
    this.holdsDescriptor = budget.take()
    if (this.holdsDescriptor) dial(backend.address, this.wire, timeoutMs, opening?.(backend))
    else queueMicrotask(() => this.onConnectError({ isLocal: true, detail: 'no descriptor is free' }))
  }

  cancel(): void {
    this.hangUp()
  }

  onOpen(): void {
    const { check } = this.policy
    if (check.kind === 'tcp') {
      this.settle({ passed: true, detail: 'connected' })
      this.hangUp()
      return
    }
    if (check.kind === 'grpc') return this.beginCall(check.service)
    const request = Buffer.from(requestFor(this.backend.host, check), 'latin1')
    this.wire.write(request, 0, request.length)
  }

  onConnectError({ isLocal, detail, words }: Omit<ConnectFailure, 'code'>): void {
    this.settle({ passed: false, detail: words ?? FAILURES[detail] ?? detail, ...(isLocal && { isLocal }) })
    this.hangUp()
  }

  onData(bytes: Buffer): void {
    const { check } = this.policy
    if (this.phase === 'asking' && check.kind === 'http') this.readAnswer(bytes, check)
    else if (this.phase === 'asking' && this.call !== undefined) this.readCall(bytes, this.call)
    else if ((this.bodyBytes += bytes.length) > MAX_BODY_BYTES) this.hangUp()
  }

  onEnd(): void {
    this.settle({ passed: false, detail: 'connection closed without an answer' })
    this.hangUp()
  }

  onClose(): void {
    const { alert } = this.wire
    this.settle({ passed: false, detail: alert === undefined ? 'connection reset' : `TLS ended: ${alert}` })
    this.hangUp()
  }

  /** The check's time is over; also for a member that has answered and does not close. */
  onTimeout(): void {
    this.settle({ passed: false, detail: `no answer within ${inWords(this.policy.timeoutMs)}` })
    this.hangUp()
  }

  onBlocked(): void {}

  onDrained(): void {}

  onSent(): void {}

  private readAnswer(bytes: Buffer, check: HttpCheck): void {
    try {
      const answer = this.read(bytes)
      if (answer === undefined) return
      this.settle({ passed: isAmong(answer.status, check.expect), detail: answerInWords(answer, check) })
      this.phase = 'taking'
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.settle({ passed: false, detail: beginsHttp2(bytes) ? SPEAKS_HTTP2 : `not HTTP: ${error.message}` })
      this.hangUp()
    }
  }

  private beginCall(service: string): void {
    const send = (bytes: Buffer): void => this.wire.write(bytes, 0, bytes.length)
    this.call = createGrpcCheck({ service, authority: this.backend.host }, this.services.limits(), send)
    this.call.begin()
  }

  private readCall(bytes: Buffer, call: GrpcCheck): void {
    try {
      const answer = call.read(bytes)
      if (answer === undefined) return
      this.settle(answer)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.settle({ passed: false, detail: `not gRPC: ${error.message}` })
    }
    this.hangUp()
  }

  /** Tells the verdict, unless there is one. */
  private settle(verdict: Pick<CheckResult, 'passed' | 'detail' | 'isLocal'>): void {
    if (this.phase !== 'asking') return
    const { clock } = this.services
    this.phase = 'over'
    this.done({ at: clock.wallTime(), elapsedMs: clock.now() - this.startedAt, ...verdict })
  }

  private hangUp(): void {
    this.phase = 'over'
    this.stopTimer()
    if (this.wire.socket !== undefined) {
      this.wire.discard()
    } else {
      this.wire.destroy()
      this.freeDescriptor()
    }
  }

  private freeDescriptor(): void {
    if (!this.holdsDescriptor) return
    this.holdsDescriptor = false
    this.services.budget.give()
  }
}

/** `check.path` and `check.host` hold no spaces or controls: the config refuses those. */
function requestFor(backendHost: string, check: HttpCheck): string {
  const host = check.host ?? backendHost
  return `GET ${check.path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: smartedge-health\r\nAccept: */*\r\nConnection: close\r\n\r\n`
}

function answerInWords({ status, reason }: Answer, check: HttpCheck): string {
  if (isAmong(status, check.expect)) return reason === '' ? `${status}` : `${status} ${reason}`
  const ranges = check.expect.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`))
  return `${status}, expected ${ranges.join(' or ')}`
}

/** What is told of a connect by the system's code alone. A name server's codes look the same and come with words of their own. */
const FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ENOENT: 'no such socket',
  EACCES: 'socket not permitted',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network unreachable',
  ETIMEDOUT: 'connect timed out',
}

const inWords = (ms: number): string => (ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`)
