/** What holds for a listener whose clients Bun.serve speaks with as for any other. */
import { describe, expect, test } from 'bun:test'
import { X509Certificate } from 'node:crypto'
import type { ListenerConfig } from '../../core/config/config.ts'
import type { TlsPolicy } from '../../core/tls/policy.ts'
import { createAuthority } from '../support/authority.ts'
import { anyRequest, tcpListener } from '../support/edge.ts'
import { answering, ok } from '../support/raw-backend.ts'
import { ask, get, nextResponse, post, postChunks } from '../support/raw-client.ts'
import { valuesOf } from '../support/raw-message.ts'
import { stillness, turnUntil } from '../support/raw-peer.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { askSecurely, save, tlsListener, tlsPolicy } from '../support/tls.ts'
import { startReloadRig } from '../support/reload-rig.ts'
import { startSteadyLoad } from '../support/steady-load.ts'
import { startRig, type RigOptions } from '../support/rig.ts'

const served = { listeners: [{ ...tcpListener('web', 0), engine: 'serve' as const }] }
const rigWith = (options: RigOptions = {}) => startRig({ ...options, config: { ...served, ...options.config } })

describe('a request by Bun.serve', () => {
  test('goes to a backend with what a gateway says, and its answer back', async () => {
    await using rig = await rigWith({
      answer: ok('hello', 'Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Hop: 1\r\nConnection: x-hop\r\n'),
    })
    const response = await ask(
      rig.client,
      get('/a?b', 'X-Forwarded-For: 6.6.6.6\r\nX-Latin: caf\xe9\r\nCookie: a=1\r\nCookie: b=2\r\n'),
    )
    expect([response.status, response.body]).toEqual([200, 'hello'])
    expect(valuesOf(response, 'set-cookie')).toEqual(['a=1', 'b=2'])
    expect(valuesOf(response, 'content-length')).toEqual(['5'])
    expect(valuesOf(response, 'x-hop')).toEqual([])
    const [request] = rig.backend.requests
    expect([request?.method, request?.target]).toEqual(['GET', '/a?b'])
    expect(valuesOf(request!, 'x-forwarded-for')).toEqual(['127.0.0.1'])
    expect(valuesOf(request!, 'via')).toEqual(['1.1 smartedge'])
    expect(valuesOf(request!, 'x-latin')).toEqual(['caf\xe9'])
    expect(valuesOf(request!, 'cookie')).toEqual(['a=1; b=2'])
  })

  test('brings its body, by its length or in chunks, and gets one', async () => {
    await using rig = await rigWith({ answer: ({ request, peer }) => peer.send(ok(`${request.body.length}`)) })
    expect((await ask(rig.client, post('abc'))).body).toBe('3')
    expect((await ask(rig.client, postChunks(['ab', 'cde']))).body).toBe('5')
    expect((await ask(rig.client, post(''))).body).toBe('0')
    expect(rig.backend.requests.map((request) => valuesOf(request, 'transfer-encoding'))).toEqual([[], ['chunked'], []])
  })

  test('of HEAD, and answers without content, come without any', async () => {
    const answers: Record<string, string> = {
      HEAD: 'HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n',
      GET: 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n',
      POST: 'HTTP/1.1 205 Reset Content\r\nContent-Length: 3\r\n\r\nabc',
    }
    await using rig = await rigWith({ answer: ({ request, peer }) => peer.send(answers[request.method]!) })
    const head = await ask(rig.client, get().replace('GET', 'HEAD'))
    expect([valuesOf(head, 'content-length'), head.body]).toEqual([['77'], ''])
    const unchanged = await ask(rig.client, get())
    expect([unchanged.status, unchanged.body]).toEqual([304, ''])
    const reset = await ask(rig.client, post(''))
    expect([reset.status, reset.body]).toEqual([205, ''])
  })

  test('whose answer comes bit by bit gets each bit as it comes', async () => {
    await using rig = await rigWith()
    rig.client.send(get())
    const { peer } = await rig.backend.next()
    peer.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n')
    await rig.client.until(() => (rig.client.text.includes('one') ? true : undefined), 'the first bit')
    peer.send('3\r\ntwo\r\n0\r\n\r\n')
    expect((await nextResponse(rig.client)).body).toBe('onetwo')
  })

  test('is refused by what its route says, in the words of all listeners', async () => {
    await using rig = await rigWith({
      answer: ok(),
      config: {
        limits: { maxHeadBytes: 8192, maxTargetBytes: 16, maxFields: 64, maxConnections: 100, maxReplayBytes: 0 },
        routes: [],
      },
    })
    expect((await ask(rig.client, get('/', 'Accept: application/json\r\n'))).body).toContain('"status":404')
    const long = await ask(rig.client, get(`/${'a'.repeat(16)}`))
    expect([long.status, rig.edge.counters.badRequests]).toEqual([414, 1])
  })

  test('ends with its client, and so does its attempt', async () => {
    await using rig = await rigWith()
    rig.client.send(get())
    const { peer } = await rig.backend.next()
    rig.client.reset()
    await turnUntil(() => peer.closing === 'reset', 'the end of the attempt')
    expect(rig.edge.counters.abandoned).toBe(1)
  })

  test('whose client leaves in the middle of its body ends', async () => {
    await using rig = await rigWith({ backend: { onlyCounts: true } })
    rig.client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc')
    await (await rig.backend.connection(0)).expectCount(100)
    rig.client.reset()
    await turnUntil(() => rig.edge.counters.abandoned === 1, 'the end')
  })

  test('whose backend breaks off is seen as cut', async () => {
    await using rig = await rigWith()
    rig.client.send(get())
    const { peer } = await rig.backend.next()
    peer.send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc')
    await rig.client.until(() => (rig.client.text.includes('abc') ? true : undefined), 'a part')
    peer.reset()
    expect(await rig.client.expectClosed()).toBe('reset')
    expect(rig.edge.counters.truncated).toBe(1)
  })

  test('that comes too slowly is answered 408', async () => {
    await using rig = await rigWith({ backend: { onlyCounts: true } })
    rig.client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc')
    await (await rig.backend.connection(0)).expectCount(100)
    await turnUntil(() => {
      rig.edge.clock.advance(10_000)
      return rig.client.text !== ''
    }, 'an answer')
    expect((await nextResponse(rig.client)).status).toBe(408)
  })
})

describe('TLS by Bun.serve', () => {
  const authority = createAuthority()

  async function startSecure(policy: Partial<TlsPolicy> = {}) {
    const folder = temporaryFolder()
    const certificates = ['a.test', '*.b.test'].map((name) => authority.issue({ names: [name] }))
    const files = certificates.map((issued, index) => save(folder, `${index}`, issued))
    const listener: ListenerConfig = { ...tlsListener(tlsPolicy(files, policy)), engine: 'serve' }
    const rig = await startRig({ answer: ok('hello'), config: { listeners: [listener] } })
    const shown = certificates.map(({ chain }) => new X509Certificate(chain).fingerprint256)
    return { rig, shown }
  }
  const asking = { ca: authority.cert, checkServerIdentity: () => undefined }

  test('shows each name its certificate, and the first to all others', async () => {
    const { rig: started, shown } = await startSecure()
    await using rig = started
    const shownTo = async (servername: string) =>
      shown.indexOf((await askSecurely(rig.edge.port, { ...asking, servername })).fingerprint)
    expect(await shownTo('a.test')).toBe(0)
    expect(await shownTo('x.b.test')).toBe(1)
    expect(await shownTo('other.test')).toBe(0)
    expect(await shownTo('')).toBe(0)
    expect(valuesOf(rig.backend.requests[0]!, 'x-forwarded-proto')).toEqual(['https'])
  })

  test('shows a name its certificate of ECDSA, though there is one of RSA', async () => {
    const folder = temporaryFolder()
    const [rsa, ecdsa] = (['rsa', 'ecdsa'] as const).map((kind) => authority.issue({ names: ['a.test'], kind }))
    const files = [save(folder, 'rsa', rsa!), save(folder, 'ecdsa', ecdsa!)]
    const listener: ListenerConfig = { ...tlsListener(tlsPolicy(files)), engine: 'serve' }
    await using rig = await startRig({ answer: ok(), config: { listeners: [listener] } })
    const { fingerprint } = await askSecurely(rig.edge.port, asking)
    expect(fingerprint).toBe(new X509Certificate(ecdsa!.chain).fingerprint256)
  })

  test('agrees on no weaker version or cipher than our own', async () => {
    const { rig: started } = await startSecure({ minVersion: '1.3' })
    await using strict = started
    expect(askSecurely(strict.edge.port, { ...asking, maxVersion: 'TLSv1.2' })).rejects.toThrow()
    const { rig: other } = await startSecure()
    await using rig = other
    const old = { ...asking, maxVersion: 'TLSv1.2' } as const
    expect((await askSecurely(rig.edge.port, old)).text).toContain('hello')
    expect(askSecurely(rig.edge.port, { ...old, ciphers: 'ECDHE-ECDSA-AES128-SHA' })).rejects.toThrow()
  })
})

describe('back-pressure', () => {
  test('reaches the backend from a client that does not read, and lets go when it does', async () => {
    await using rig = await rigWith({ client: { onlyCounts: true } })
    rig.client.pause()
    rig.client.send(get())
    const { peer } = await rig.backend.next()
    const size = 64 << 20
    peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
    peer.send(Buffer.alloc(size))
    const taken = await stillness(() => peer.sentBytes)
    expect(taken).toBeLessThan(size / 2)
    rig.client.resume()
    await rig.client.expectCount(size)
  })

  test('reaches the client from a backend that does not read', async () => {
    await using rig = await rigWith({ backend: { onlyCounts: true } })
    const size = 64 << 20
    rig.client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`)
    const peer = await rig.backend.connection(0)
    peer.pause()
    rig.client.send(Buffer.alloc(size))
    expect(await stillness(() => rig.client.sentBytes)).toBeLessThan(size / 2)
    peer.resume()
    await peer.expectCount(size)
    peer.send(ok())
    expect((await nextResponse(rig.client)).body).toBe('ok')
  })

  test('of a client that never reads ends with it', async () => {
    await using rig = await rigWith({ client: { onlyCounts: true } })
    rig.client.pause()
    rig.client.send(get())
    const { peer } = await rig.backend.next()
    peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${64 << 20}\r\n\r\n`)
    peer.send(Buffer.alloc(64 << 20))
    await stillness(() => peer.sentBytes)
    await turnUntil(() => {
      rig.edge.clock.advance(10_000)
      return peer.closing === 'reset'
    }, 'the end of the attempt')
  })
})

describe('who is banned', () => {
  test('is answered 403, and reaches no backend', async () => {
    const ban = { after: 3, withinMs: 60_000, forMs: 600_000 }
    const routes = [{ match: anyRequest, pool: 'web', priority: 5, access: { methods: ['POST'] } }]
    await using rig = await rigWith({ answer: ok(), config: { ban, routes } })
    for (let index = 0; index < 3; index += 1) expect((await ask(rig.client, get())).status).toBe(405)
    expect((await ask(rig.client, post(''))).status).toBe(403)
    expect([rig.backend.requests.length, rig.edge.counters.bans]).toEqual([0, 1])
    rig.edge.clock.advance(ban.forMs)
    expect((await ask(await rig.connect(), post(''))).status).toBe(200)
  })
})

describe('the cap of connections', () => {
  test('counts requests under way, and is told of', async () => {
    const limits = { maxHeadBytes: 8192, maxTargetBytes: 4096, maxFields: 64, maxConnections: 1, maxReplayBytes: 0 }
    await using rig = await rigWith({ config: { limits } })
    rig.client.send(get())
    const { peer } = await rig.backend.next()
    const second = await ask(await rig.connect(), get())
    expect([second.status, valuesOf(second, 'retry-after')]).toEqual([503, ['1']])
    expect([rig.edge.counters.connectionsOpen, rig.edge.counters.connectionsRefused]).toEqual([1, 1])
    expect(rig.edge.events).toContainEqual({ kind: 'connection-limit', limit: 1 })
    peer.send(ok())
    expect((await nextResponse(rig.client)).body).toBe('ok')
  })
})

describe('the end', () => {
  test('waits for what is under way, whose connection is told to end', async () => {
    await using rig = await rigWith()
    rig.client.send(get())
    const { peer } = await rig.backend.next()
    const drained = rig.edge.edge.drain()
    await turnUntil(() => rig.edge.edge.status().phase === 'draining', 'the end to begin')
    peer.send(ok())
    const response = await nextResponse(rig.client)
    expect([response.body, valuesOf(response, 'connection')]).toEqual(['ok', ['close']])
    expect(await drained).toEqual({ cut: 0 })
  })

  test('cuts what takes too long', async () => {
    await using rig = await rigWith()
    rig.client.send(get())
    await rig.backend.next()
    const drained = rig.edge.edge.drain()
    await turnUntil(() => rig.edge.edge.status().phase === 'draining', 'the end to begin')
    rig.edge.clock.advance(30_000)
    expect((await drained).cut).toBeGreaterThan(0)
    expect(await rig.client.expectClosed()).not.toBe('cut')
  })
})

describe('a reload', () => {
  test('changes who speaks with clients at one port, and back; what is under way goes on', async () => {
    await using rig = await rigWith()
    const { address } = rig.edge.edge.addresses[0]!
    const own = { ...tcpListener('web', 0), address }
    rig.client.send(get('/first'))
    const first = await rig.backend.next()
    for (const listener of [own, { ...own, engine: 'serve' as const }, own]) {
      expect((await rig.edge.apply({ listeners: [listener] })).kind).toBe('applied')
      const client = await rig.connect()
      client.send(get('/next'))
      ;(await rig.backend.next()).peer.send(ok('next'))
      expect((await nextResponse(client)).body).toBe('next')
    }
    first.peer.send(ok('first'))
    expect((await nextResponse(rig.client)).body).toBe('first')
    rig.edge.clock.advance(10_000)
  })

  test('or a hundred of them lose nobody', async () => {
    const reloads = await startReloadRig('serve')
    try {
      const load = await startSteadyLoad(reloads.url, 0)
      await reloads.reload(100, () => load.ping())
      const { requests, failures } = await load.stop()
      expect(failures).toEqual([])
      expect(requests).toBeGreaterThan(100)
      expect(reloads.events.filter(({ kind }) => kind === 'fault')).toEqual([])
    } finally {
      await reloads.end()
    }
  }, 60_000)

  test('refuses a port that another holds, though they would share it', async () => {
    await using rig = await rigWith({ answer: answering(ok()) })
    using taken = Bun.serve({ hostname: '127.0.0.1', port: 0, reusePort: true, fetch: () => new Response() })
    const listener = { ...tcpListener('more', taken.port ?? 0), engine: 'serve' as const }
    const applied = await rig.edge.apply({ listeners: [...served.listeners, listener] })
    expect(applied.kind).toBe('refused')
    expect((await ask(rig.client, get())).body).toBe('ok')
  })
})
