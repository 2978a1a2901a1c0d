import { describe, expect, test } from 'bun:test'
import { explain } from '../../cli/commands/explain.ts'
import type { ExplainPolicy } from '../../core/explain/policy.ts'
import type { ToldExplanation, ToldExplanations } from '../../core/explain/told.ts'
import { formatAddress } from '../../core/address.ts'
import { Secret } from '../../core/secrets.ts'
import { fakeIo } from '../support/service-io.ts'
import { type EdgeOverrides, startTestEdge, type TestEdge, testPool } from '../support/edge.ts'
import { makeMember } from '../support/make-backend.ts'
import { closedPort } from '../support/ports.ts'
import { answering, ok, startRawBackend } from '../support/raw-backend.ts'
import { ask, connectTo, get, post } from '../support/raw-client.ts'
import { turnUntil } from '../support/raw-peer.ts'

const TOKEN = 'sesame'
const asking = (token = TOKEN): string => `X-SmartEdge-Explain: ${token}\r\n`

/** An edge with an admin API whose token is `TOKEN`. */
const starting = (
  ports: readonly number[],
  explain: ExplainPolicy | undefined,
  { config, ...overrides }: EdgeOverrides = {},
): Promise<TestEdge> => {
  const address = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const
  const admin = { address, token: new Secret(TOKEN), open: false }
  return startTestEdge(ports, { ...overrides, config: { admin, explain, ...config } })
}

async function api({ edge }: TestEdge, query = ''): Promise<Response> {
  const address = edge.adminAddress
  if (address === undefined) throw new Error('there is no admin API')
  return fetch(`http://${formatAddress(address)}/api/explain${query}`, {
    headers: { authorization: `Bearer ${TOKEN}` },
  })
}

const told = async (edge: TestEdge, query = ''): Promise<ToldExplanations> => (await api(edge, query)).json() as never

const first = async (edge: TestEdge, query = ''): Promise<ToldExplanation> => {
  const [found] = (await told(edge, query)).explanations
  if (found === undefined) throw new Error('nothing is explained')
  return found
}

describe('a request that asks for an explanation', () => {
  test('with the token gets one, and the backend never sees that', async () => {
    await using backend = startRawBackend({ answer: answering(ok('good')) })
    await using edge = await starting([backend.port, closedPort()], { sample: 0, keep: 10 })
    await using client = await connectTo(edge.port)
    expect(await ask(client, get('/a?token=hush', asking()))).toMatchObject({ status: 200, body: 'good' })
    expect(backend.requests[0]!.head.toLowerCase()).not.toContain('explain')
    const found = await first(edge)
    expect(found).toMatchObject({
      method: 'GET',
      target: '/a?token=***',
      route: '*',
      pool: 'web',
      status: 200,
      ending: 'answered',
      asked: true,
    })
    const [{ pick, ...attempt } = fail()] = found.attempts
    expect(attempt).toMatchObject({
      backend: `127.0.0.1:${backend.port}`,
      hedge: false,
      outcome: 'completed',
      status: 200,
    })
    expect(pick).toMatchObject({
      by: 'strategy',
      strategy: 'first',
      why: 'first: its choice; it tells no scores',
      counts: { candidates: 2, excluded: 0 },
    })
    expect(pick?.others.map(({ strategy }) => strategy)).toEqual([
      'random',
      'p2c',
      'least-connections',
      'consistent-hash',
    ])
  })

  test.each([['wrong'], [`${TOKEN}x`], [''], [`${TOKEN}\t\x9b2J`]])(
    'with the token %j gets none, and the backend sees nothing of that either',
    async (token) => {
      await using backend = startRawBackend({ answer: answering(ok()) })
      await using edge = await starting([backend.port], { sample: 0, keep: 10 })
      await using client = await connectTo(edge.port)
      expect((await ask(client, get('/', asking(token)))).status).toBe(200)
      expect(backend.requests[0]!.head.toLowerCase()).not.toContain('explain')
      expect(await told(edge)).toEqual({ sampling: { rate: 0, kept: 0, keep: 10, seen: 1 }, explanations: [] })
    },
  )

  test('of an edge that explains nothing is served, and its token kept from the backend', async () => {
    await using backend = startRawBackend({ answer: answering(ok()) })
    await using edge = await starting([backend.port], undefined)
    await using client = await connectTo(edge.port)
    expect((await ask(client, get('/', `${asking()}X_SmartEdge-Explain: ${TOKEN}\r\n`))).status).toBe(200)
    expect(backend.requests[0]!.head).not.toContain(TOKEN)
    expect((await api(edge)).status).toBe(409)
  })
})

describe('explanations', () => {
  test('are of as many requests as are sampled, by chance', async () => {
    await using backend = startRawBackend({ answer: answering(ok()) })
    await using edge = await starting([backend.port], { sample: 0.25, keep: 1000 })
    await using client = await connectTo(edge.port)
    for (let index = 0; index < 200; index += 1) await ask(client, get())
    const { sampling } = await told(edge)
    expect(sampling.seen).toBe(200)
    // With the seed of the edge: the same each time.
    expect(Math.abs(sampling.kept - 50)).toBeLessThan(15)
  })

  test('tell of each attempt whom it could not go to, since it had been there', async () => {
    await using backend = startRawBackend({ answer: answering(ok()) })
    const ports = [closedPort(), backend.port, closedPort()] as const
    await using edge = await starting(ports, { sample: 1, keep: 10 })
    await using client = await connectTo(edge.port)
    expect((await ask(client, get())).status).toBe(200)
    const { attempts } = await first(edge)
    const [failed, answered] = attempts
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['failed: connect', 'completed'])
    expect(failed?.pick?.excluded).toEqual([])
    expect(answered?.pick?.excluded).toEqual([
      { backend: `127.0.0.1:${ports[0]}`, by: 'tried', why: 'was given this request before', untilMs: null },
    ])
  })

  test('tell who held out whom, and until when', async () => {
    await using backend = startRawBackend({ answer: answering(ok()) })
    const closed = closedPort()
    const members = [makeMember(closed), makeMember(backend.port), makeMember(1, { isDraining: true })]
    const pool = testPool([], {
      members,
      strategy: { use: 'round-robin', options: undefined },
      passive: { failures: 1, retryAfterMs: 10_000 },
    })
    await using edge = await starting([], { sample: 1, keep: 10 }, { config: { pools: [pool] } })
    await using client = await connectTo(edge.port)
    await turnUntilHeld(edge, client)
    expect((await ask(client, get())).status).toBe(200)
    const [{ pick } = fail()] = (await first(edge)).attempts
    expect(pick).toMatchObject({
      by: 'only',
      why: `only 127.0.0.1:${backend.port} could take it`,
      chosen: `127.0.0.1:${backend.port}`,
    })
    expect(pick?.excluded).toEqual([
      { backend: `127.0.0.1:${closed}`, by: 'traffic', why: 'a connect failure', untilMs: 10_000 },
      { backend: '127.0.0.1:1', by: 'operator', why: 'told to drain', untilMs: null },
    ])
  })

  test('tell of a request that nobody could take why nobody could', async () => {
    const members = [makeMember(1, { isDraining: true })]
    await using edge = await starting([], { sample: 1, keep: 10 }, { pool: { members } })
    await using client = await connectTo(edge.port)
    expect((await ask(client, get())).status).toBe(503)
    const found = await first(edge, '?status=5xx')
    expect(found).toMatchObject({
      ending: 'refused',
      attempts: [],
      nobody: { chosen: null, why: 'nobody could take it', excluded: [{ by: 'operator' }] },
    })
    expect((await told(edge, '?status=2xx')).explanations).toEqual([])
  })

  test('tell of who waited for room that it did', async () => {
    await using backend = startRawBackend()
    const members = [makeMember(backend.port, { maxInflight: 1 })]
    const queue = { length: 10, timeoutMs: 60_000, order: 'fifo' } as const
    await using edge = await starting([], { sample: 1, keep: 10 }, { pool: { members, queue } })
    await using one = await connectTo(edge.port)
    await using other = await connectTo(edge.port)
    const answered = ask(one, get('/one'))
    const arrival = await backend.next()
    const waiting = ask(other, get('/two'))
    await turnUntil(() => edge.edge.status().pools[0]!.queued === 1, 'one in the queue')
    edge.clock.advance(40)
    arrival.peer.send(ok())
    await answered
    const second = await backend.next()
    second.peer.send(ok())
    expect((await waiting).status).toBe(200)
    const found = (await told(edge)).explanations.find(({ target }) => target === '/two')
    expect(found).toMatchObject({
      attempts: [
        { pick: { by: 'queue', waitedMs: 40, why: expect.stringMatching(/it had waited 40\.0 ms for room$/) } },
      ],
    })
    expect(found).not.toHaveProperty('nobody')
  })

  test('tell of a refused request that it never got as far as a pick', async () => {
    await using edge = await starting([closedPort()], { sample: 1, keep: 10 })
    await using client = await connectTo(edge.port)
    await edge.apply({ routes: [] })
    expect((await ask(client, get())).status).toBe(404)
    expect(await first(edge)).toMatchObject({
      status: 404,
      route: null,
      pool: null,
      attempts: [],
      detail: 'no route matches this request',
    })
  })

  test('are shown by the command as they are told, and those alone that it asks for', async () => {
    await using backend = startRawBackend({ answer: answering(ok()) })
    const ports = [closedPort(), backend.port] as const
    await using edge = await starting(ports, { sample: 1, keep: 10 })
    await using client = await connectTo(edge.port)
    await ask(client, get('/tried'))
    await edge.apply({ routes: [] })
    await ask(client, get('/nowhere'))
    const { adminAddress } = edge.edge
    if (adminAddress === undefined) throw new Error('there is no admin API')
    const io = fakeIo({ columns: () => 80 })
    expect(await explain(io, { url: formatAddress(adminAddress), token: TOKEN, status: '2xx' })).toBe(0)
    const [request, came, failed, why] = io.out().split('\n')
    expect([request, came]).toEqual(['GET /tried', expect.stringMatching(/^  200 in [\d.]+ ms, pool web, /)])
    expect(failed).toMatch(new RegExp(`^  1\\. 127\\.0\\.0\\.1:${ports[0]}: failed: connect; no response`))
    expect(why).toBe('     Why: first: its choice; it tells no scores.')
    expect(io.out()).toContain(`Not 127.0.0.1:${ports[0]} (tried): was given this request before.`)
    expect(io.out()).not.toContain('/nowhere')
    expect(
      Math.max(
        ...io
          .out()
          .split('\n')
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(80)
  })

  test('hold nothing that a terminal or a page would take for more than text', async () => {
    await using backend = startRawBackend({ answer: answering(ok()) })
    await using edge = await starting([backend.port], { sample: 1, keep: 10 })
    await using client = await connectTo(edge.port)
    await ask(
      client,
      post('x', `/\x80\x9b2J<script>?q=${'y'.repeat(5000)}`, `${asking('\x9b31m')}X-A: \x9b2J\t<b>\r\n`),
    )
    const text = await (await api(edge)).text()
    expect(text).toMatch(/^[\n -~…]*$/)
    expect(text).toContain('/%C2%80%C2%9B2J<script>')
    expect(text.length).toBeLessThan(3000)
  })

  test('outlive reloads for as long as they are wanted', async () => {
    await using backend = startRawBackend({ answer: answering(ok()) })
    await using edge = await starting([backend.port], { sample: 1, keep: 10 })
    await using client = await connectTo(edge.port)
    for (const target of ['/1', '/2', '/3']) await ask(client, get(target))
    await edge.apply({ explain: { sample: 0, keep: 2 } })
    await ask(client, get('/4'))
    expect((await told(edge)).explanations.map(({ target }) => target)).toEqual(['/3', '/2'])
    await edge.apply({ explain: undefined })
    expect((await api(edge)).status).toBe(409)
    await edge.apply({ explain: { sample: 1, keep: 2 } })
    expect((await told(edge)).explanations).toEqual([])
  })

  test('are told hundreds of times while requests are served', async () => {
    await using backend = startRawBackend({ answer: answering(ok()) })
    await using edge = await starting([backend.port], { sample: 1, keep: 200 })
    await using client = await connectTo(edge.port)
    for (let index = 0; index < 200; index += 1) await ask(client, get(`/${index}`))
    for (let round = 0; round < 15; round += 1) {
      const asking = Array.from({ length: 20 }, () => told(edge, '?last=20'))
      expect((await ask(client, get('/while'))).status).toBe(200)
      for (const { explanations } of await Promise.all(asking)) expect(explanations.length).toBe(20)
    }
    expect(await first(edge)).toMatchObject({ target: '/while' })
  }, 30_000)
})

/** Until traffic has taken a backend out. */
async function turnUntilHeld(edge: TestEdge, client: Awaited<ReturnType<typeof connectTo>>): Promise<void> {
  for (let index = 0; index < 20 && edge.backend(0).state !== 'unhealthy'; index += 1) await ask(client, get())
}

const fail = (): never => {
  throw new Error('there is no attempt')
}
