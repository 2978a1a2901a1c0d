import { describe, expect, test } from 'bun:test'
import type { ForwardAuthPolicy } from '../../core/admission/auth-policy.ts'
import type { RouteConfig } from '../../core/config/config.ts'
import { forwardAuthPolicy, guardedRoute } from '../support/auth-policies.ts'
import { anyRequest, startTestEdge, tcpListener, testPool } from '../support/edge.ts'
import { freePorts } from '../support/ports.ts'
import { type Arrival, type BackendOptions, ok, startRawBackend } from '../support/raw-backend.ts'
import { ask, connectTo, get, nextResponse, post, postChunks } from '../support/raw-client.ts'
import { valuesOf } from '../support/raw-message.ts'
import { turnUntil } from '../support/raw-peer.ts'
import { type RigOptions, startRig } from '../support/rig.ts'

/** A client, an edge, a backend, and an auth service in bytes that all but asks whoever is not let in. */
async function guarding(
  answer?: BackendOptions['answer'],
  policy: Partial<ForwardAuthPolicy> = {},
  rest: RigOptions = {},
) {
  const stack = new AsyncDisposableStack()
  const service = startRawBackend(answer && { answer })
  stack.defer(async () => {
    for (const peer of service.connections) peer.reset()
    await service[Symbol.asyncDispose]()
  })
  const url = `http://127.0.0.1:${service.port}/verify`
  const routes = [guardedRoute({ forwardAuth: forwardAuthPolicy({ url, ...policy }) })]
  const rig = stack.use(await startRig({ answer: ok('page'), ...rest, config: { routes, ...rest.config } }))
  return { ...rig, service, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

const telling =
  (response: string) =>
  ({ peer }: Arrival): void =>
    peer.send(response)

const yes = ok('', 'Remote-User: ann\r\nSet-Cookie: renewed=1\r\n')
const no =
  'HTTP/1.1 302 Found\r\nLocation: https://auth.example.com/?rd=x\r\nSet-Cookie: csrf=1\r\nContent-Type: text/html\r\nContent-Length: 14\r\n\r\n<a>sign in</a>'

describe('a route with an auth service', () => {
  test('asks it, and tells the backend whom it has let in', async () => {
    await using rig = await guarding(telling(yes), {}, { answer: ok('page', 'Set-Cookie: own=1\r\n') })
    const lines = 'Remote-User: root\r\nRemote_User: root\r\nCookie: s=1\r\n'
    const response = await ask(rig.client, post('hello', '/a//../b?c', lines))
    expect([response.status, response.body, valuesOf(response, 'set-cookie')]).toEqual([
      200,
      'page',
      ['own=1', 'renewed=1'],
    ])
    const [asked] = rig.service.requests
    expect([asked?.method, asked?.target, asked?.body]).toEqual(['GET', '/verify', ''])
    for (const [name, value] of Object.entries({
      'x-forwarded-method': 'POST',
      'x-forwarded-uri': '/a//../b?c',
      'x-forwarded-host': 'a',
      'x-forwarded-for': '127.0.0.1',
      cookie: 's=1',
      'remote-user': undefined,
      remote_user: undefined,
      'content-length': undefined,
    }))
      expect([name, valuesOf(asked!, name)]).toEqual([name, value === undefined ? [] : [value]])
    const [served] = rig.backend.requests
    expect([served?.body, valuesOf(served!, 'remote-user'), valuesOf(served!, 'remote_user')]).toEqual([
      'hello',
      ['ann'],
      [],
    ])
  })

  test('passes its refusal on, counts it, and asks no backend', async () => {
    await using rig = await guarding(telling(no))
    for (const method of ['GET', 'HEAD']) {
      const response = await ask(rig.client, get().replace('GET', method))
      expect([response.status, response.body]).toEqual([302, method === 'GET' ? '<a>sign in</a>' : ''])
      for (const [name, value] of [
        ['location', 'https://auth.example.com/?rd=x'],
        ['set-cookie', 'csrf=1'],
        ['content-type', 'text/html'],
        ['content-length', '14'],
      ] as const)
        expect(valuesOf(response, name)).toEqual([value])
    }
    expect(rig.backend.requests).toEqual([])
    expect(rig.edge.counters.refused).toMatchObject({ 'forward-auth': 2 })
    expect(rig.edge.counters.responses).toMatchObject({ '3xx': 2 })
  })

  test('answers requests that came together in their order, each by its own word', async () => {
    await using rig = await guarding()
    rig.client.send(get('/one') + get('/two') + get('/three'))
    for (const [path, answer, expected] of [
      ['/one', yes, 200],
      ['/two', no, 302],
      ['/three', yes, 200],
    ] as const) {
      const { request, peer } = await rig.service.next()
      expect(valuesOf(request, 'x-forwarded-uri')).toEqual([path])
      peer.send(answer)
      expect((await nextResponse(rig.client)).status).toBe(expected)
    }
  })

  test('keeps a body back until it is let in, and loses nothing of it', async () => {
    await using rig = await guarding()
    const body = 'x'.repeat(200_000)
    rig.client.send(postChunks([body.slice(0, 70_000), body.slice(70_000)]))
    const { peer } = await rig.service.next()
    expect(rig.backend.connections).toEqual([])
    peer.send(yes)
    expect((await nextResponse(rig.client, 'POST')).status).toBe(200)
    expect(rig.backend.requests[0]?.body).toBe(body)
  })

  test('takes its question back when the client leaves', async () => {
    await using rig = await guarding()
    rig.client.send(get())
    const { peer } = await rig.service.next()
    rig.client.close()
    await peer.expectClosed()
    await turnUntil(() => rig.edge.counters.abandoned === 1, 'the end of the request')
  })

  test('lets nobody in while it is away, and whom it lets in once it is back', async () => {
    const state = { isAway: true }
    await using rig = await guarding(({ peer }) => (state.isAway ? peer.end() : peer.send(yes)))
    const response = await ask(rig.client, get())
    expect([response.status, valuesOf(response, 'retry-after')]).toEqual([503, ['1']])
    expect(rig.edge.counters.refused).toMatchObject({ 'forward-auth': 1 })
    state.isAway = false
    rig.edge.clock.advance(5000)
    expect((await ask(rig.client, get())).status).toBe(200)
    const service = `http://127.0.0.1:${rig.service.port}/verify`
    expect(rig.edge.events.slice(1)).toMatchObject([
      { kind: 'auth-away', service },
      { kind: 'auth-back', service },
    ])
  })

  test('does not wait for an answer for ever', async () => {
    await using rig = await guarding()
    rig.client.send(get())
    const { peer } = await rig.service.next()
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel')
    rig.edge.clock.advance(5000)
    expect((await nextResponse(rig.client)).status).toBe(503)
    await peer.expectClosed()
  })

  test('passes an upgrade on that is let in', async () => {
    await using rig = await guarding(
      telling(yes),
      {},
      { answer: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n' },
    )
    rig.client.send(get('/', 'Connection: Upgrade\r\nUpgrade: x\r\n'))
    await rig.client.expectBytes('HTTP/1.1 101 ')
    expect(valuesOf(rig.service.requests[0]!, 'upgrade')).toEqual([])
    rig.client.close()
  })

  test('goes on with the policy that a request began with when another is put in force', async () => {
    await using rig = await guarding()
    rig.client.send(get())
    const { peer } = await rig.service.next()
    await rig.edge.apply({ routes: [{ match: anyRequest, pool: 'web', priority: 5 }] })
    peer.send(no)
    expect((await nextResponse(rig.client)).status).toBe(302)
    expect((await ask(rig.client, get())).status).toBe(200)
  })
})

/** An edge that serves its own auth service under /verify, and pages behind it; `url`: where it asks. */
async function servingItsOwn(path: string) {
  const stack = new AsyncDisposableStack()
  const [port = 0] = freePorts(1)
  const service = stack.use(startRawBackend({ answer: telling(ok('', 'Remote-User: ann\r\n')) }))
  const pages = stack.use(startRawBackend({ answer: telling(ok('page')) }))
  const verify: RouteConfig = { match: { ...anyRequest, path: '/verify' }, pool: 'auth', priority: 5 }
  const url = `http://127.0.0.1:${port}${path}`
  const config = {
    listeners: [tcpListener('web', port)],
    trustedProxies: ['127.0.0.1'],
    routes: [verify, guardedRoute({ forwardAuth: forwardAuthPolicy({ url }) })],
    pools: [testPool([pages.port]), { ...testPool([service.port]), name: 'auth' }],
  }
  const edge = stack.use(await startTestEdge([], { config }))
  // What it keeps open to itself is idle.
  stack.defer(() => edge.clock.advance(80_000))
  const connect = async () => stack.use(await connectTo(port))
  return { edge, service, pages, connect, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

describe('an auth service behind the very same edge', () => {
  test('is asked through it, by many at once', async () => {
    await using rig = await servingItsOwn('/verify')
    const clients = await Promise.all(Array.from({ length: 20 }, rig.connect))
    const answers = await Promise.all(clients.map((client) => ask(client, get('/a'))))
    expect(answers.map(({ status, body }) => `${status} ${body}`)).toEqual(Array(20).fill('200 page'))
    expect(valuesOf(rig.service.requests[0]!, 'x-forwarded-uri')).toEqual(['/a'])
  })

  test('does not ask about its own questions for ever', async () => {
    await using rig = await servingItsOwn('/a-page')
    expect((await ask(await rig.connect(), get('/a'))).status).toBe(508)
    expect([rig.pages.requests, rig.service.requests]).toEqual([[], []])
    expect(rig.edge.counters.refused).toMatchObject({ 'forward-auth': 2 })
  })
})
