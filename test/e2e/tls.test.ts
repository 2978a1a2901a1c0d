import { describe, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DetailedPeerCertificate } from 'node:tls'
import { WebSocket, WebSocketServer } from 'ws'
import { startTestEdge, tcpListener } from '../support/edge.ts'
import { freePorts } from '../support/ports.ts'
import { answering, ok, startRawBackend } from '../support/raw-backend.ts'
import { valuesOf } from '../support/raw-message.ts'
import { ask, connectTo, get } from '../support/raw-client.ts'
import { stillness, turnUntil } from '../support/raw-peer.ts'
import { startProcess } from '../support/running-process.ts'
import { authority, root, securely } from '../support/secure-edge.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { askSecurely, connectSecurely, save, sessionOf, tlsListener, tlsPolicy } from '../support/tls.ts'

const fingerprintOf = ({ cert }: { readonly cert: string }): string => new X509Certificate(cert).fingerprint256

describe('a listener that ends TLS', () => {
  test('serves what a plain one serves, and tells backends so', async () => {
    await using backend = startRawBackend({ answer: answering(ok('hello')) })
    const files = save(temporaryFolder(), 'a', authority.issue({ names: ['a.test'] }))
    await using edge = await startTestEdge([backend.port], { config: { listeners: [tlsListener(tlsPolicy([files]))] } })
    const { text, socket } = await askSecurely(edge.port, { ca: root.cert, ALPNProtocols: ['h3', 'http/1.1'] })
    expect(text).toStartWith('HTTP/1.1 200 OK\r\n')
    expect(text).toEndWith('\r\n\r\nhello')
    expect(socket.alpnProtocol).toBe('http/1.1')
    expect(valuesOf(backend.requests[0]!, 'x-forwarded-proto')).toEqual(['https'])
  })

  test('sends of its certificates what their files hold, and nothing of the system’s', async () => {
    const { cert, key } = root.issue({ names: ['a.test'] })
    const trusted = temporaryFolder()
    writeFileSync(join(trusted, 'root.pem'), root.cert)
    expect(spawnSync('openssl', ['rehash', trusted]).status).toBe(0)
    const [port = 0] = freePorts(1)
    await using edge = await startProcess({
      env: { SSL_CERT_DIR: trusted },
      files: { 'a.crt': cert, 'a.key': key },
      pool: { backends: ['http://127.0.0.1:1'] },
      config: {
        listeners: {
          web: { address: `127.0.0.1:${port}`, tls: { certificates: [{ cert: 'a.crt', key: 'a.key' }] } },
        },
      },
    })
    await edge.event('ready')
    const { socket } = await connectSecurely(port, { ca: authority.cert, rejectUnauthorized: false })
    const { subject, issuerCertificate: signer } = socket.getPeerCertificate(true) as Partial<DetailedPeerCertificate>
    socket.destroy()
    expect([subject?.CN, signer?.subject.CN]).toEqual(['a.test', undefined])
  }, 20_000)

  test('answers a request in plain HTTP in words', async () => {
    const files = save(temporaryFolder(), 'a', authority.issue({ names: ['a.test'] }))
    await using edge = await startTestEdge([], { config: { listeners: [tlsListener(tlsPolicy([files]))] } })
    await using client = await connectTo(edge.port)
    client.send(get())
    await client.expectEnd()
    expect(client.text).toStartWith('HTTP/1.1 400 Bad Request\r\n')
    expect(client.text).toContain('Use https://')
  })

  test('shows each client the certificate of its name and of a key that it knows', async () => {
    const folder = temporaryFolder()
    const [a, old, wild] = [
      authority.issue({ names: ['a.test'] }),
      authority.issue({ names: ['a.test'], kind: 'rsa' }),
      authority.issue({ names: ['*.b.test'] }),
    ]
    const files = [save(folder, 'a', a), save(folder, 'old', old), save(folder, 'wild', wild)]
    await using edge = await startTestEdge([], { config: { listeners: [tlsListener(tlsPolicy(files))] } })
    const shown = async (servername: string, more = {}): Promise<string> =>
      (await askSecurely(edge.port, { ca: root.cert, servername, checkServerIdentity: () => undefined, ...more }))
        .fingerprint
    expect(await shown('a.test')).toBe(fingerprintOf(a))
    expect(await shown('a.test', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' })).toBe(
      fingerprintOf(old),
    )
    expect(await shown('x.b.test')).toBe(fingerprintOf(wild))
    expect(await shown('x.y.b.test')).toBe(fingerprintOf(a))
    expect(await shown('')).toBe(fingerprintOf(a))
  })
})

describe('a name that nobody has', () => {
  const names = ['b.test', '']
  test.each(names)('%p is shown the first certificate, unless that is forbidden', async (servername) => {
    const trusting = { ca: root.cert, servername, checkServerIdentity: () => undefined }
    await using open = await securely()
    expect((await askSecurely(open.edge.port, trusting)).fingerprint).toBe(fingerprintOf(open.shown))
    await using strict = await securely({ strict: true })
    const refused: unknown = await askSecurely(strict.edge.port, trusting).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(Error)
    expect((await askSecurely(strict.edge.port, { ca: root.cert })).fingerprint).toBe(fingerprintOf(strict.shown))
  })
})

describe('versions', () => {
  test.each([
    ['1.2', 'TLSv1.1', false],
    ['1.2', 'TLSv1.2', true],
    ['1.2', 'TLSv1.3', true],
    ['1.3', 'TLSv1.2', false],
    ['1.3', 'TLSv1.3', true],
  ] as const)('from %s on: %s: %p', async (minVersion, version, isServed) => {
    await using rig = await securely({ minVersion })
    const options = { ca: root.cert, minVersion: version, maxVersion: version }
    const answer = await askSecurely(rig.edge.port, options).catch(() => undefined)
    expect(answer !== undefined).toBe(isServed)
  })
})

describe('sessions', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'of %s are taken up again, under their own name alone',
    async (maxVersion) => {
      const folder = temporaryFolder()
      const files = ['a.test', 'b.test'].map((name) => save(folder, name, authority.issue({ names: [name] })))
      await using backend = startRawBackend({ answer: answering(ok('hello')) })
      await using edge = await startTestEdge([backend.port], { config: { listeners: [tlsListener(tlsPolicy(files))] } })
      const first = await sessionOf(edge.port, { ca: root.cert, servername: 'a.test', maxVersion })
      const resumed = async (servername: string) =>
        (await askSecurely(edge.port, { ca: root.cert, servername, maxVersion, session: first })).isResumed
      expect(await resumed('a.test')).toBe(true)
      expect(await resumed('b.test')).toBe(false)
      expect(edge.counters.handshakesResumed).toBe(1)
    },
  )
})

describe('what passes over TLS', () => {
  const MIB = 1024 * 1024

  test('is whole both ways, however large it is and however slowly it is read', async () => {
    const answer = Buffer.alloc(8 * MIB, 'abcdefg').toString('latin1')
    await using rig = await securely({}, ok(answer))
    const client = await connectSecurely(rig.edge.port, { ca: root.cert })
    client.socket.pause()
    const body = 'x'.repeat(4 * MIB)
    const got = client.ask(
      `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    client.socket.pause()
    await turnUntil(() => rig.backend.requests.length === 1, 'the request')
    await stillness(() => rig.edge.counters.bytesToClients)
    expect(rig.edge.counters.bytesToClients).toBeLessThan(answer.length)
    client.socket.resume()
    const text = await got
    expect(text.length - text.indexOf('\r\n\r\n') - 4).toBe(answer.length)
    expect(text.endsWith(answer)).toBe(true)
    expect(rig.backend.requests[0]!.body).toBe(body)
  })

  test('may be a WebSocket', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    server.on('connection', (socket) => socket.on('message', (message: Buffer) => socket.send(message)))
    const { port } = server.address() as { port: number }
    const files = save(temporaryFolder(), 'a', authority.issue({ names: ['a.test'] }))
    await using edge = await startTestEdge([port], { config: { listeners: [tlsListener(tlsPolicy([files]))] } })
    const options = { ca: root.cert, servername: 'a.test', checkServerIdentity: () => undefined }
    const client = new WebSocket(`wss://127.0.0.1:${edge.port}/`, options as object)
    const echoed = Promise.withResolvers<string>()
    client.on('open', () => client.send('hello'))
    client.on('message', (message: Buffer) => echoed.resolve(message.toString()))
    client.on('error', echoed.reject)
    expect(await echoed.promise).toBe('hello')
    expect(edge.counters.tunnelsOpen).toBe(1)
    client.terminate()
    await turnUntil(() => edge.counters.connectionsOpen === 0, 'the end of the tunnel')
    server.close()
  })
})

describe('a saved certificate', () => {
  test('counts from the next handshake on, and a bad one never', async () => {
    await using rig = await securely()
    const { edge, files, folder } = rig
    const next = authority.issue({ names: ['a.test'] })
    const kept = await connectSecurely(edge.port, { ca: root.cert })
    save(folder, 'a', next)
    expect(await edge.apply({})).toMatchObject({ kind: 'applied' })
    expect((await askSecurely(edge.port, { ca: root.cert })).fingerprint).toBe(fingerprintOf(next))
    writeFileSync(files.key, rig.shown.key)
    expect(await edge.apply({})).toMatchObject({
      kind: 'unchanged',
      kept: [{ key: 'listeners.web.tls.certificates[0].key' }],
    })
    expect((await askSecurely(edge.port, { ca: root.cert })).fingerprint).toBe(fingerprintOf(next))
    expect((await kept.ask()).slice(0, 12)).toBe('HTTP/1.1 200')
  })

  test('of a listener that begins or ceases to end TLS counts for who comes then', async () => {
    await using rig = await securely()
    const { edge } = rig
    const [web] = edge.edge.control.config.listeners
    const { tls, ...plain } = web!
    await edge.apply({ listeners: [plain] })
    const move = await edge.edge.control.prepare({ ...edge.edge.control.config, listeners: [web!] })
    await using client = await connectTo(edge.port)
    expect((await ask(client, get())).status).toBe(200)
    move.abandon()
    await edge.apply({ listeners: [{ ...plain, tls: tls! }] })
    expect((await askSecurely(edge.port, { ca: root.cert })).text).toStartWith('HTTP/1.1 200')
  })
})

describe('a listener that leads to https', () => {
  test.each([
    ['GET /a/b?c=d HTTP/1.1\r\nHost: A.test:80\r\n\r\n', 443, 'https://a.test/a/b?c=d'],
    ['GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n', 8443, 'https://[::1]:8443/'],
    ['GET http://b.test/x HTTP/1.1\r\nHost: b.test\r\n\r\n', 443, 'https://b.test/x'],
    ['OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n', 443, 'https://a.test/'],
    ['POST /form HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc', 443, 'https://a.test/form'],
  ])('answers %p to port %d with %s', async (request, port, place) => {
    await using edge = await startTestEdge([], {
      config: { listeners: [{ ...tcpListener('web', 0), redirect: { port } }] },
    })
    await using client = await connectTo(edge.port)
    const answer = await ask(client, request)
    expect(answer.status).toBe(308)
    expect(valuesOf(answer, 'location')).toEqual([place])
  })

  test('cannot lead anywhere without a host', async () => {
    await using edge = await startTestEdge([], {
      config: { listeners: [{ ...tcpListener('web', 0), redirect: { port: 443 } }] },
    })
    await using client = await connectTo(edge.port)
    expect((await ask(client, 'GET / HTTP/1.0\r\n\r\n')).status).toBe(400)
  })
})

describe('Strict-Transport-Security', () => {
  test('is told in each response, in place of what the backend says', async () => {
    const hsts = { maxAgeMs: 1000_000, includeSubDomains: true, preload: false }
    await using rig = await securely({ hsts }, ok('hello', 'Strict-Transport-Security: max-age=1\r\n'))
    const line = 'Strict-Transport-Security: max-age=1000; includeSubDomains\r\n'
    const told = (await askSecurely(rig.edge.port, { ca: root.cert })).text
    expect(told).toContain(line)
    expect(told.match(/strict-transport-security/gi)).toHaveLength(1)
    await rig.edge.apply({ routes: [] })
    const own = (await askSecurely(rig.edge.port, { ca: root.cert })).text
    expect(own).toStartWith('HTTP/1.1 404')
    expect(own).toContain(line)
  })
})
