import { describe, expect, test } from 'bun:test'
import type { Member } from '../../core/backend/member.ts'
import type { Found, LookUp } from '../../core/names/look-up.ts'
import { systemClock } from '../../core/clock.ts'
import type { Connect } from '../../core/net/connect.ts'
import { connectByLibc } from '../../core/net/bun/connect-libc.ts'
import { loadLibc } from '../../core/net/bun/libc.ts'
import { startTestEdge } from '../support/edge.ts'
import { fail } from '../support/fail.ts'
import { makeMember } from '../support/make-backend.ts'
import { answering, ok, startRawBackend } from '../support/raw-backend.ts'
import { ask, connectTo, get } from '../support/raw-client.ts'
import type { RawPeer } from '../support/raw-peer.ts'

const named = (port: number): Member =>
  makeMember(port, { id: `app.test:${port}`, address: { kind: 'tcp', host: 'app.test', port } })

/** Look-ups that are answered at once, with what is to be said at that time. */
const saying =
  (found: () => Found): LookUp =>
  (_host, done) =>
    done(found())

const at = (...addresses: string[]): Found => ({ kind: 'addresses', addresses, ttlMs: 5000 })
const closing = (text: string) => answering(ok(text, 'Connection: close\r\n'))

/** The bodies of `count` requests over one connection. */
async function bodies(client: RawPeer, count: number): Promise<string[]> {
  const found: string[] = []
  for (let time = 0; time < count; time += 1) found.push((await ask(client, get())).body)
  return found
}

describe('a backend known by name', () => {
  test('is reached at each of its addresses in turn', async () => {
    await using one = startRawBackend({ answer: closing('one') })
    await using two = startRawBackend({ answer: closing('two'), host: '127.0.0.2', port: one.port })
    const lookUp = saying(() => at('127.0.0.1', '127.0.0.2'))
    await using edge = await startTestEdge([], { pool: { members: [named(one.port)] }, lookUp })
    await using client = await connectTo(edge.port)
    expect(await bodies(client, 4)).toEqual(['one', 'two', 'one', 'two'])
    expect(two.requests).toHaveLength(2)
  })

  test('is followed to another address without a failed request', async () => {
    await using old = startRawBackend({ answer: closing('old') })
    await using fresh = startRawBackend({ answer: closing('new'), host: '127.0.0.2', port: old.port })
    let address = '127.0.0.1'
    const lookUp = saying(() => at(address))
    await using edge = await startTestEdge([], { pool: { members: [named(old.port)] }, lookUp })
    await using client = await connectTo(edge.port)
    expect(await bodies(client, 1)).toEqual(['old'])
    edge.clock.advance(500)
    address = '127.0.0.2'
    old.stopListening()
    expect(await bodies(client, 3)).toEqual(['new', 'new', 'new'])
    expect(fresh.requests).toHaveLength(3)
    expect(edge.backend().failures.total).toBe(0)
  })

  test('is served on while name servers fail', async () => {
    await using backend = startRawBackend({ answer: closing('ok') })
    let found = at('127.0.0.1')
    await using edge = await startTestEdge([], {
      pool: { members: [named(backend.port)] },
      lookUp: saying(() => found),
    })
    await using client = await connectTo(edge.port)
    expect(await bodies(client, 1)).toEqual(['ok'])
    found = { kind: 'failure', code: 'ETIMEOUT' }
    for (let minute = 0; minute < 3; minute += 1) {
      edge.clock.advance(60_000)
      expect(await bodies(client, 1)).toEqual(['ok'])
    }
  })

  test('that has no address is told as a failed connect', async () => {
    const lookUp = saying(() => ({ kind: 'failure', code: 'ENOTFOUND' }))
    await using edge = await startTestEdge([], { pool: { members: [named(80)] }, lookUp })
    await using client = await connectTo(edge.port)
    const { status, body } = await ask(client, get())
    expect(status).toBe(502)
    expect(body).toContain('no connection to a backend: the name app.test has no address')
    expect(edge.backend().failures).toMatchObject({ total: 1, connect: 1 })
  })
})

describe('a lack of our own', () => {
  const libc = loadLibc() ?? fail(new Error('no libc'))

  /** Connects, but for the ports in `lacking`, for which no descriptor is left. */
  const shortOf = (lacking: ReadonlySet<number>): Connect => {
    const connect = connectByLibc(libc, { reportFault: fail, clock: systemClock })
    return (endpoint, events) => {
      if (endpoint.kind === 'unix' || !lacking.has(endpoint.port)) return connect(endpoint, events)
      queueMicrotask(() => events.onFailed('EMFILE'))
      return () => undefined
    }
  }

  test('is answered 503 and takes no backend out', async () => {
    await using backend = startRawBackend({ answer: answering(ok()) })
    const lacking = new Set([backend.port])
    const passive = { failures: 1, retryAfterMs: 10_000 }
    await using edge = await startTestEdge([backend.port], { pool: { passive }, connect: shortOf(lacking) })
    await using client = await connectTo(edge.port)
    for (let time = 0; time < 3; time += 1) {
      const response = await ask(client, get())
      expect(response).toMatchObject({ status: 503 })
      expect(response.head).toContain('Retry-After: 1\r\n')
      expect(response.body).toContain('no connection can be opened: no descriptor is free (EMFILE)')
    }
    expect(edge.backend()).toMatchObject({ state: 'unchecked', failures: { total: 0, local: 3 }, abandoned: 0 })
    expect(edge.events).toContainEqual({ kind: 'shortage', detail: 'no descriptor is free (EMFILE)' })
    lacking.clear()
    expect((await ask(client, get())).status).toBe(200)
  })

  test('leads to another backend, whose connections may be open', async () => {
    await using first = startRawBackend({ answer: answering(ok('first')) })
    await using second = startRawBackend({ answer: answering(ok('second')) })
    await using edge = await startTestEdge([first.port, second.port], { connect: shortOf(new Set([first.port])) })
    await using client = await connectTo(edge.port)
    expect(await bodies(client, 2)).toEqual(['second', 'second'])
    expect(edge.counters.retries).toBe(2)
  })
})
