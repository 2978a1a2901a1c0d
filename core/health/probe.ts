/**
 * One check over the network: does the member accept a connection, and for HTTP, answer as expected? A connection of its
 * own each time, dialled as those of traffic are, so that a check reaches what a request would reach. The verdict falls at
 * the head of the answer; the rest is taken while the check's time lasts, so that members see no aborted requests.
 */
import type { Backend, CheckResult } from '../backend/backend.ts'
import type { Cancel, Clock } from '../clock.ts'
import { ProtocolError } from '../errors.ts'
import type { HttpLimits } from '../http1/limits.ts'
import type { DescriptorBudget } from '../net/budget.ts'
import type { Dial } from '../net/dial.ts'
import type { Opening, Protocol } from '../net/opening.ts'
import type { TimerWheel } from '../net/timer-wheel.ts'
import { Wire } from '../net/wire.ts'
import type { ConnectFailure, WireOwner } from '../net/wire-owner.ts'
import { createGrpcCheck } from './grpc-check.ts'
import type { Inquiry } from './inquiry.ts'
import { askInHttp1, askInHttp2 } from './page-check.ts'
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
  /** What connections to it begin with for that check, and what is spoken: without TLS the first that is offered. Absent: nothing, and HTTP/1.1. */
  readonly opening?: (backend: Backend, check: HealthCheck) => Opening | undefined
}

/** How much of a body is taken; a longer one is cut off. */
const MAX_BODY_BYTES = 64 * 1024

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
  private readonly opening: Opening | undefined
  private stopTimer: Cancel = () => undefined
  private phase: Phase = 'asking'
  private holdsDescriptor = false
  private bodyBytes = 0
  /** Once it is connected. */
  private inquiry: Inquiry | undefined = undefined

  constructor(services: ProbeServices, backend: Backend, policy: HealthPolicy, done: (result: CheckResult) => void) {
    this.services = services
    this.backend = backend
    this.policy = policy
    this.done = done
    this.wire = new Wire(this, services.wheel)
    this.startedAt = services.clock.now()
    this.opening = services.opening?.(backend, policy.check)
  }

  begin(): void {
    const { backend } = this
    const { budget, clock, dial } = this.services
    const { timeoutMs } = this.policy
    this.stopTimer = clock.after(timeoutMs, () => this.onTimeout())
    this.holdsDescriptor = budget.take()
    if (this.holdsDescriptor) dial(backend.address, this.wire, timeoutMs, this.opening)
    else queueMicrotask(() => this.onConnectError({ isLocal: true, detail: 'no descriptor is free' }))
  }

  cancel(): void {
    this.hangUp()
  }

  onOpen(agreed?: Protocol): void {
    const { check } = this.policy
    if (check.kind === 'tcp') {
      this.settle({ passed: true, detail: 'connected' })
      this.hangUp()
      return
    }
    const { opening } = this
    const limits = this.services.limits()
    const line = {
      authority: this.backend.host,
      scheme: opening?.tls === undefined ? ('http' as const) : ('https' as const),
      send: (bytes: Buffer): void => this.wire.write(bytes, 0, bytes.length),
    }
    const ask = (agreed ?? opening?.offers?.[0]) === 'h2' ? askInHttp2 : askInHttp1
    this.inquiry = check.kind === 'grpc' ? createGrpcCheck(check.service, line, limits) : ask(check, line, limits)
    this.inquiry.begin()
  }

  onConnectError({ isLocal, detail, words }: Omit<ConnectFailure, 'code'>): void {
    this.settle({ passed: false, detail: words ?? FAILURES[detail] ?? detail, ...(isLocal && { isLocal }) })
    this.hangUp()
  }

  onData(bytes: Buffer): void {
    const { inquiry } = this
    if (inquiry === undefined || this.phase === 'over') return
    if (this.phase === 'taking' && (this.bodyBytes += bytes.length) > MAX_BODY_BYTES) return this.hangUp()
    try {
      const verdict = inquiry.read(bytes)
      if (verdict === undefined) return
      this.settle(verdict)
      this.phase = 'taking'
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.settle({ passed: false, detail: `not ${inquiry.kind}: ${error.message}` })
      return this.hangUp()
    }
    if (inquiry.isOver) this.hangUp()
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
