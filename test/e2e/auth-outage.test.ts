/** An auth service and a key set that are killed and started again under load: whoever is let in may be let in. */
import { describe, expect, test } from 'bun:test'
import type { RouteConfig } from '../../core/config/config.ts'
import { authProgram } from '../support/auth-process.ts'
import { forwardAuthPolicy, guardedRoute, jwtPolicy } from '../support/auth-policies.ts'
import { anyRequest, startTestEdge } from '../support/edge.ts'
import { startKillableBackend } from '../support/killable-backend.ts'
import { freePorts } from '../support/ports.ts'
import { ok, startRawBackend } from '../support/raw-backend.ts'
import { ask, connectTo, get } from '../support/raw-client.ts'
import { valuesOf } from '../support/raw-message.ts'
import { turn } from '../support/raw-peer.ts'
import { type Issuer, issuerOf, keySetOf } from '../support/tokens.ts'

/** What a client asks, and every status that is right for it, whatever is up or down. */
interface Kind {
  readonly lines: (issuers: Tokens) => string
  readonly path: string
  readonly right: readonly number[]
  /** Of these some must have come about while all was well. */
  readonly usual: number
}

interface Tokens {
  readonly good: string
  readonly forged: string
}

const KINDS: readonly Kind[] = [
  { path: '/closed', lines: () => 'Cookie: s=good\r\n', right: [200, 503], usual: 200 },
  { path: '/closed', lines: () => 'Cookie: s=bad\r\n', right: [403, 503], usual: 403 },
  { path: '/cached', lines: () => 'Cookie: s=good\r\n', right: [200, 503], usual: 200 },
  { path: '/cached', lines: () => 'Cookie: s=bad\r\n', right: [403, 503], usual: 403 },
  { path: '/open', lines: () => 'Cookie: s=good\r\n', right: [200], usual: 200 },
  { path: '/token', lines: ({ good }) => `Authorization: Bearer ${good}\r\n`, right: [200], usual: 200 },
  { path: '/token', lines: ({ forged }) => `Authorization: Bearer ${forged}\r\n`, right: [401], usual: 401 },
  { path: '/token', lines: () => '', right: [401], usual: 401 },
]

const HOUR = 3_600_000
/** The clock is moved on between kills, and no backend is to be late by that. */
const TIMEOUTS = { connectMs: HOUR, responseMs: HOUR, idleMs: HOUR, keepAliveMs: HOUR, maxAgeMs: HOUR }

function routesTo(port: number): RouteConfig[] {
  const url = `http://127.0.0.1:${port}/verify`
  const at = (path: string): Partial<RouteConfig> => ({ match: { ...anyRequest, path } })
  const cache = { forMs: 1000, by: [{ kind: 'cookie', name: 's' }], per: 'target' } as const
  return [
    guardedRoute({ forwardAuth: forwardAuthPolicy({ url }) }, at('/closed')),
    guardedRoute({ forwardAuth: forwardAuthPolicy({ url, cache }) }, at('/cached')),
    guardedRoute({ forwardAuth: forwardAuthPolicy({ url, whenAway: 'admit' }) }, at('/open')),
    guardedRoute(
      { jwt: jwtPolicy({ keys: { kind: 'url', url: `http://127.0.0.1:${port}/keys`, refreshMs: 30_000 } }) },
      at('/token'),
    ),
  ]
}

async function killing(kills: number) {
  await using stack = new AsyncDisposableStack()
  const issuer = await issuerOf('ES256', 'one')
  const forger: Issuer = await issuerOf('ES256', 'one')
  const tokens = { good: await issuer.sign(), forged: await forger.sign() }
  const [port = 0] = freePorts(1)
  const service = await startKillableBackend(port, authProgram(keySetOf(issuer)))
  stack.defer(() => service.kill())
  const backend = stack.use(
    startRawBackend({ answer: ({ peer, request }) => peer.send(ok(valuesOf(request, 'remote-user').join())) }),
  )
  const edge = stack.use(
    await startTestEdge([backend.port], { config: { routes: routesTo(port) }, pool: { timeouts: TIMEOUTS } }),
  )
  const wrong: string[] = []
  const seen = KINDS.map(() => new Map<number, number>())
  const state = { requests: 0, isStopping: false }

  async function keepAsking(_: unknown, client: number): Promise<void> {
    await using peer = await connectTo(edge.port)
    for (let turn = client; !state.isStopping; turn += 1) {
      const index = turn % KINDS.length
      const { path, lines, right } = KINDS[index]!
      const { status, body } = await ask(peer, get(path, lines(tokens)))
      state.requests += 1
      seen[index]!.set(status, (seen[index]!.get(status) ?? 0) + 1)
      const isTold = status !== 200 || path === '/token' || path === '/open' || body === 'ann'
      if (!right.includes(status) || !isTold) wrong.push(`${path} ${lines(tokens).slice(0, 20)}: ${status} ${body}`)
    }
  }

  const asking = Promise.all(Array.from({ length: 16 }, keepAsking))
  const more = async (): Promise<void> => {
    const until = state.requests + 400
    while (state.requests < until) await turn()
  }
  for (let kill = 0; kill < kills; kill += 1) {
    await more()
    await service.kill()
    // What was remembered is over, and the key set is looked for in vain.
    edge.clock.advance(30_000)
    await more()
    await service.restart()
    edge.clock.advance(30_000)
  }
  await more()
  state.isStopping = true
  await asking
  return { wrong, seen, requests: state.requests, events: edge.events.map(({ kind }) => kind) }
}

describe('an auth service that is killed under load', () => {
  test('costs no wrong decision', async () => {
    const { wrong, seen, requests, events } = await killing(4)
    expect(wrong).toEqual([])
    expect(requests).toBeGreaterThan(3600)
    for (const [index, { usual }] of KINDS.entries()) expect(seen[index]?.get(usual)).toBeGreaterThan(0)
    for (const index of [0, 1]) expect(seen[index]?.get(503)).toBeGreaterThan(0)
    expect(events).toContain('auth-away')
    expect(events).toContain('auth-back')
  }, 60_000)
})
