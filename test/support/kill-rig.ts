/**
 * Clients that ask without a pause, with bodies and without, while backends are killed and started again, one after the
 * other or several at once; counts what they lose.
 */
import type { Member } from '../../core/backend/member.ts'
import type { PoolConfig } from '../../core/config/config.ts'
import { startTestEdge, testRetry } from './edge.ts'
import { OWN, startKillableBackend } from './killable-backend.ts'
import { peerTls } from './peer-tls.ts'
import { makeMember } from './make-backend.ts'
import { freePorts } from './ports.ts'
import { ask, chunked, connectTo, get } from './raw-client.ts'
import { turn, turnUntil } from './raw-peer.ts'

export interface KillTally {
  readonly requests: number
  /** What clients got instead of their answer, in words. */
  readonly failures: readonly string[]
  /** Attempts that came to nothing and were made good. */
  readonly retries: number
}

const CLIENTS = 16
const BODY = 'x'.repeat(3000)
const KEY = 'Idempotency-Key: "1"\r\n'
const withBody = (method: string, fields: string): string =>
  `${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY.length}\r\n${fields}\r\n${BODY}`

/** All of them may be made again; with what they are answered. */
const REQUESTS: readonly (readonly [request: string, answer: string])[] = [
  [get(), 'GET '],
  [withBody('PUT', ''), `PUT ${BODY}`],
  [withBody('POST', KEY), `POST ${BODY}`],
  [`PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(['abc', BODY])}`, `PUT abc${BODY}`],
]

/** As without a config, so that a dead backend is soon left out. */
const PASSIVE = { failures: 3, retryAfterMs: 10_000 }
const HOUR = 3_600_000
/** The clock is moved on between kills, and nobody is to be late by that. */
const TIMEOUTS = { connectMs: HOUR, responseMs: HOUR, idleMs: HOUR, keepAliveMs: HOUR, maxAgeMs: HOUR }

/** Asked between two kills at least, so that each kill meets kept connections that are in use. */
const REQUESTS_BETWEEN = 200

export interface KillPlan {
  readonly backends: number
  readonly kills: number
  /**
   * Killed at the same time; 1 unless it is said, and always fewer than there are. Several die while nothing is under way: a
   * request that one after the other of them takes and drops has been sent as often as it may.
   */
  readonly atOnce?: number
  /** Of each backend, by its number. */
  readonly member?: (index: number) => Partial<Member>
  readonly pool?: Partial<PoolConfig>
  /** Over TLS. */
  readonly isSecure?: boolean
  /** What the backend of that number runs; absent: a server of HTTP/1.1. */
  readonly program?: (index: number) => string
}

/** Shares are not what is tried here: several dead ones may cost most of few requests a retry, or several. */
const PLENTY = testRetry({ budget: { ratio: 1, perSecond: 100 } })

/** Whom clients ask through: nobody does while it is shut. */
class Gate {
  private opened: PromiseWithResolvers<void> | undefined = undefined
  private underWay = 0

  async pass<T>(ask: () => Promise<T>): Promise<T> {
    while (this.opened !== undefined) await this.opened.promise
    this.underWay += 1
    try {
      return await ask()
    } finally {
      this.underWay -= 1
    }
  }

  /** Resolves once nothing is under way. */
  async shut(): Promise<void> {
    this.opened = Promise.withResolvers()
    await turnUntil(() => this.underWay === 0, 'the end of what is under way')
  }

  open(): void {
    this.opened?.resolve()
    this.opened = undefined
  }
}

export async function killBackends(plan: KillPlan): Promise<KillTally> {
  const { backends, kills, atOnce = 1, member, pool } = plan
  await using children = new AsyncDisposableStack()
  const tls = plan.isSecure === true ? peerTls() : undefined
  const further = tls === undefined ? [] : [tls.server.cert, tls.server.key]
  const members = await Promise.all(
    freePorts(backends).map((port, index) =>
      startKillableBackend(port, { path: plan.program?.(index) ?? OWN.path, further }),
    ),
  )
  for (const member of members) children.defer(() => member.kill())
  await using edge = await startTestEdge([], {
    pool: {
      members: members.map(({ port }, index) =>
        makeMember(port, { ...(tls && { scheme: 'https' }), ...member?.(index) }),
      ),
      ...(tls && { tls: tls.policy }),
      strategy: { use: 'round-robin', options: undefined },
      passive: PASSIVE,
      timeouts: TIMEOUTS,
      ...(atOnce > 1 && { retry: PLENTY }),
      ...pool,
    },
  })
  const failures: string[] = []
  const state = { requests: 0, isStopping: false }
  const gate = new Gate()

  async function keepAsking(_: unknown, index: number): Promise<void> {
    for (let turn = index; !state.isStopping;) turn = await askUntilLost(turn)
  }

  /** Over one connection, which need not outlive a loss; returns whose turn is next. */
  async function askUntilLost(first: number): Promise<number> {
    await using client = await connectTo(edge.port)
    for (let turn = first; ; turn += 1) {
      if (state.isStopping) return turn
      const [request, answer] = REQUESTS[turn % REQUESTS.length]!
      const { status, body } = await gate.pass(() => ask(client, request))
      state.requests += 1
      if (status === 200 && body === answer) continue
      failures.push(`${status} ${body.slice(0, 100).trim()}`)
      return turn + 1
    }
  }

  const asking = Promise.all(Array.from({ length: CLIENTS }, keepAsking))
  const more = async (): Promise<void> => {
    const until = state.requests + REQUESTS_BETWEEN
    while (state.requests < until) await turn()
  }
  for (let kill = 0; kill < kills; kill += 1) {
    await more()
    const dying = Array.from({ length: atOnce }, (_, index) => members[(kill * atOnce + index) % members.length]!)
    if (atOnce > 1) await gate.shut()
    await Promise.all(dying.map((one) => one.kill()))
    gate.open()
    await more()
    await Promise.all(dying.map((one) => one.restart()))
    // Its time to be tried again, and the budget's to forget.
    edge.clock.advance(PASSIVE.retryAfterMs)
  }
  await more()
  state.isStopping = true
  await asking
  return { requests: state.requests, failures, retries: edge.counters.retries }
}
