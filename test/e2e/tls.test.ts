import { describe, expect, test } from 'bun:test'
import { X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { TlsPolicy } from '../../core/tls/policy.ts'
import { createAuthority } from '../support/authority.ts'
import { startTestEdge, tcpListener } from '../support/edge.ts'
import { answering, ok, startRawBackend } from '../support/raw-backend.ts'
import { valuesOf } from '../support/raw-message.ts'
import { ask, connectTo, get } from '../support/raw-client.ts'
import { turn, turnUntil } from '../support/raw-peer.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { askSecurely, connectSecurely, save, sessionOf, tlsListener, tlsPolicy } from '../support/tls.ts'

const root = createAuthority()
const authority = root.below('Test Intermediate')
const fingerprintOf = ({ cert }: { readonly cert: string }): string => new X509Certificate(cert).fingerprint256

describe('a listener that ends TLS', () => {
  test('serves what a plain one serves, and tells backends so', async () => {
    await using backend = startRawBackend({ answer: answering(ok('hello')) })
    const files = save(temporaryFolder(), 'a', authority.issue({ names: ['a.test'] }))
    await using edge = await startTestEdge([backend.port], { config: { listeners: [tlsListener(tlsPolicy([files]))] } })
    const { text, socket } = await askSecurely(edge.port, { ca: root.cert, ALPNProtocols: ['h2', 'http/1.1'] })
    expect(text).toStartWith('HTTP/1.1 200 OK\r\n')
    expect(text).toEndWith('\r\n\r\nhello')
    expect(socket.alpnProtocol).toBe('http/1.1')
    expect(valuesOf(backend.requests[0]!, 'x-forwarded-proto')).toEqual(['https'])
  })

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

describe('a ClientHello', () => {
  const hostile: readonly (readonly [string, Buffer])[] = [
    ['of SSL 2', Buffer.concat([Buffer.from([0x80, 46, 1, 0, 2, 0, 21, 0, 0, 0, 16]), Buffer.alloc(37, 7)])],
    ['of SSL 3', record(0x0300, helloOf(0x0300))],
    ['of TLS 1.1', record(0x0302, helloOf(0x0302))],
    ['of 64 KB', bigHello(64 * 1024)],
    ['of zeros', Buffer.alloc(4096)],
    ['of noise', Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7919 + 13) & 0xff))],
    ['that is another message', record(0x0303, Buffer.from([20, 0, 0, 0]))],
    ['that lies about its length', record(0x0303, Buffer.from([1, 0, 0, 200, 3, 3]))],
    ['that is an alert', Buffer.from([21, 3, 3, 0, 2, 2, 40])],
  ]

  test.each(hostile)('%s comes to nothing, and others are served', async (_, bytes) => {
    await using rig = await securely()
    await using client = await connectTo(rig.edge.port)
    client.send(bytes)
    client.end()
    await client.expectClosed()
    await turnUntil(() => rig.edge.counters.connectionsOpen === 0, 'its end')
    expect(rig.edge.counters.handshakesFailed).toMatchObject({ failed: 1 })
    expect((await askSecurely(rig.edge.port, { ca: root.cert })).text).toStartWith('HTTP/1.1 200')
  })

  test('may come in pieces of one byte', async () => {
    await using rig = await securely()
    await using between = inPieces(rig.edge.port)
    expect((await askSecurely(between.port, { ca: root.cert })).text).toStartWith('HTTP/1.1 200')
  })

  test('is waited for, but not for ever', async () => {
    await using rig = await securely({ handshakeTimeoutMs: 5000 })
    await using silent = await connectTo(rig.edge.port)
    await using begun = await connectTo(rig.edge.port)
    begun.send(record(0x0301, helloOf(0x0303)).subarray(0, 20))
    await turnUntil(() => rig.edge.counters.handshakesOpen === 2, 'both')
    rig.edge.clock.advance(4000)
    expect(rig.edge.counters.handshakesOpen).toBe(2)
    rig.edge.clock.advance(2000)
    await Promise.all([silent.expectClosed(), begun.expectClosed()])
    await turnUntil(() => rig.edge.counters.connectionsOpen === 0, 'their end')
    expect(rig.edge.counters.handshakesFailed).toMatchObject({ late: 2 })
  })

  test('has the oldest handshake give way where too many are under way', async () => {
    await using rig = await securely({ maxHandshakes: 2 })
    await using first = await connectTo(rig.edge.port)
    await turnUntil(() => rig.edge.counters.handshakesOpen === 1, 'the first')
    await using second = await connectTo(rig.edge.port)
    await turnUntil(() => rig.edge.counters.handshakesOpen === 2, 'the second')
    expect((await askSecurely(rig.edge.port, { ca: root.cert })).text).toStartWith('HTTP/1.1 200')
    expect(await first.expectClosed()).toBe('reset')
    expect(second.closing).toBeUndefined()
    expect(rig.edge.counters).toMatchObject({ handshakes: 1, handshakesOpen: 1, handshakesFailed: { crowded: 1 } })
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
    await using client = await connectTo(edge.port)
    expect((await ask(client, get())).status).toBe(200)
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

/** An edge with one certificate for a.test, and a backend that answers. */
async function securely(overrides: Partial<TlsPolicy> = {}, answer = ok('hello')) {
  const backend = startRawBackend({ answer: answering(answer) })
  const shown = authority.issue({ names: ['a.test'] })
  const folder = temporaryFolder()
  const files = save(folder, 'a', shown)
  const listeners = [tlsListener(tlsPolicy([files], overrides))]
  const edge = await startTestEdge([backend.port], { config: { listeners } })
  return {
    edge,
    backend,
    shown,
    files,
    folder,
    async [Symbol.asyncDispose]() {
      await edge[Symbol.asyncDispose]()
      await backend[Symbol.asyncDispose]()
    },
  }
}

/** A port that passes on to another what clients send, each byte by itself. */
function inPieces(port: number) {
  const server = createServer((client) => {
    const onward = connect({ port, host: '127.0.0.1', noDelay: true })
    const passOn = async (bytes: Buffer): Promise<void> => {
      client.pause()
      for (const byte of bytes) {
        onward.write(Buffer.from([byte]))
        await turn()
      }
      client.resume()
    }
    client.on('data', (bytes: Buffer) => void passOn(bytes))
    onward.on('data', (bytes: Buffer) => void client.write(bytes))
    for (const [one, other] of [
      [client, onward],
      [onward, client],
    ] as const) {
      one.on('error', () => undefined)
      one.on('close', () => void other.destroy())
    }
  }).listen(0, '127.0.0.1')
  return {
    get port() {
      return (server.address() as { port: number }).port
    },
    async [Symbol.asyncDispose]() {
      server.close()
      await turn()
    },
  }
}

function sized(size: number, bytes: Buffer): Buffer {
  const length = Buffer.alloc(size)
  length.writeUIntBE(bytes.length, 0, size)
  return Buffer.concat([length, bytes])
}

/** A ClientHello of that version, in one record or in several of 16 KiB. */
function helloOf(version: number, extensions = Buffer.alloc(0)): Buffer {
  const versionBytes = Buffer.from([version >> 8, version & 0xff])
  const ciphers = sized(2, Buffer.from([0xc0, 0x2b, 0xc0, 0x2f, 0, 0x2f]))
  const body = Buffer.concat([
    versionBytes,
    Buffer.alloc(32, 1),
    Buffer.from([0]),
    ciphers,
    Buffer.from([1, 0]),
    sized(2, extensions),
  ])
  return Buffer.concat([Buffer.from([1]), sized(3, body)])
}

function record(version: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([22, version >> 8, version & 0xff]), sized(2, content)])
}

/** With an extension (padding, RFC 7685) that fills it. */
function bigHello(size: number): Buffer {
  const hello = helloOf(0x0303, Buffer.concat([Buffer.from([0, 21]), sized(2, Buffer.alloc(size - 600))]))
  const pieces = Array.from({ length: Math.ceil(hello.length / 16_000) }, (_, index) =>
    hello.subarray(index * 16_000, (index + 1) * 16_000),
  )
  return Buffer.concat(pieces.map((piece) => record(0x0301, piece)))
}
