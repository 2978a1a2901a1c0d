/**
 * One check over the network: does the member accept a connection, and for HTTP, answer as expected? A connection of its
 * own each time, closed in every case.
 *
 * By node:net and not Bun.connect, which can't give up a connect under way: a member behind a silent firewall would
 * hold a socket for each check of the two minutes until the kernel gives up. `destroy` closes such a socket at once.
 */
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { formatAddress } from '../address.ts'
import type { SocketAddress } from '../address.ts'
import type { Backend, CheckResult } from '../backend/backend.ts'
import type { Cancel, Clock } from '../clock.ts'
import { ProtocolError } from '../errors.ts'
import type { HttpLimits } from '../http1/limits.ts'
import { createAnswerReader } from './answer.ts'
import type { Answer } from './answer.ts'
import type { HealthCheck, HealthPolicy } from './policy.ts'

/**
 * Checks `backend` once. `done` is called once, never before this returns and never after its result, the cancel, was
 * called. Never throws.
 */
export type Probe = (backend: Backend, policy: HealthPolicy, done: (result: CheckResult) => void) => Cancel

type HttpCheck = Extract<HealthCheck, { kind: 'http' }>
/** What a check came to; `detail` as in `CheckResult`. */
type Settle = (passed: boolean, detail: string) => void

/** `limits` are those of traffic, so that a head refused there fails here; asked for with each check. */
export function createProbe(clock: Clock, limits: () => HttpLimits): Probe {
  return (backend, policy, done) => {
    const startedAt = clock.now()
    let isOver = false
    let socket: Socket | undefined
    const stop = () => {
      isOver = true
      stopTimer()
      socket?.destroy()
    }
    const settle: Settle = (passed, detail) => {
      if (isOver) return
      stop()
      done({ at: clock.wallTime(), passed, elapsedMs: clock.now() - startedAt, detail })
    }
    const stopTimer = clock.after(policy.timeoutMs, () =>
      settle(false, `no answer within ${inWords(policy.timeoutMs)}`),
    )
    try {
      socket = open(backend.address)
      watch(socket, settle)
      if (policy.check.kind === 'tcp') socket.once('connect', () => settle(true, 'connected'))
      else ask(socket, requestFor(backend.address, policy.check), policy.check, limits(), settle)
    } catch (error) {
      // A port out of range, say. Later, because the caller does not hold the cancel yet.
      queueMicrotask(() => settle(false, failureInWords(error)))
    }
    return stop
  }
}

const open = (address: SocketAddress): Socket =>
  connect(address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port })

/** The listeners stay on after the check: an `error` without one would end the process. */
function watch(socket: Socket, settle: Settle): void {
  socket.on('error', (error) => settle(false, failureInWords(error)))
  socket.on('end', () => settle(false, 'connection closed without an answer'))
  socket.on('close', () => settle(false, 'connection closed without an answer'))
}

function ask(socket: Socket, request: string, check: HttpCheck, limits: HttpLimits, settle: Settle): void {
  const read = createAnswerReader(limits)
  socket.on('data', (piece: Buffer) => {
    try {
      const answer = read(piece)
      if (answer !== undefined) settle(isExpected(answer.status, check), answerInWords(answer, check))
    } catch (error) {
      settle(false, error instanceof ProtocolError ? `not HTTP: ${error.message}` : failureInWords(error))
    }
  })
  socket.once('connect', () => void socket.write(request))
}

/** `check.path` and `check.host` hold no spaces or controls: the config refuses those. */
function requestFor(address: SocketAddress, check: HttpCheck): string {
  const host = check.host ?? (address.kind === 'unix' ? 'localhost' : formatAddress(address))
  return `GET ${check.path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: smartedge-health\r\nAccept: */*\r\nConnection: close\r\n\r\n`
}

const isExpected = (status: number, check: HttpCheck): boolean =>
  check.expect.some((range) => status >= range.from && status <= range.to)

function answerInWords({ status, reason }: Answer, check: HttpCheck): string {
  if (isExpected(status, check)) return reason === '' ? `${status}` : `${status} ${reason}`
  const ranges = check.expect.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`))
  return `${status}, expected ${ranges.join(' or ')}`
}

const FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ENOENT: 'no such socket',
  EACCES: 'socket not permitted',
  ENOTFOUND: 'host name not found',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network unreachable',
  ETIMEDOUT: 'connect timed out',
}

function failureInWords(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  if (typeof code === 'string') return FAILURES[code] ?? code
  return error instanceof Error ? error.message : String(error)
}

const inWords = (ms: number): string => (ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`)
