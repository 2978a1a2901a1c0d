/** core/net/secure.ts against real servers, on a connection of each kind of sockets. */
import { afterEach, describe, expect, onTestFinished, test } from 'bun:test'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions, type TLSSocket } from 'node:tls'
import { systemClock } from '../../../core/clock.ts'
import { clientContext } from '../../../core/net/client-context.ts'
import { EITHER, HTTP_1_1, HTTP_2 } from '../../../core/net/alpn.ts'
import type { Protocol, TlsClient } from '../../../core/net/opening.ts'
import { Secret } from '../../../core/secrets.ts'
import { createSecure } from '../../../core/net/secure.ts'
import type { ConnectFailure } from '../../../core/net/wire-owner.ts'
import { createAuthority, type Issued, LOCAL_NAMES, selfSigned, type Wish } from '../../support/authority.ts'
import { fail } from '../../support/fail.ts'
import { turnUntil } from '../../support/raw-peer.ts'
import { Ear } from '../../support/socket-rig.ts'
import { transports } from '../../support/transports.ts'

const ours = createAuthority()
const others = createAuthority('Strangers')
const issue = (changes: Wish = {}): Issued => ours.issue({ names: LOCAL_NAMES, ...changes })
const good = issue()
const YESTERDAY = Date.now() - 86_400_000
const PAST = { notBefore: YESTERDAY - 1000, notAfter: YESTERDAY }

type Answer =
  | { readonly kind: 'secured'; readonly ear: Ear; readonly agreed: Protocol }
  | { readonly kind: 'refused'; readonly failure: ConnectFailure }

const client = (changes: Partial<TlsClient> = {}): TlsClient => ({
  context: clientContext({ authorities: [ours.cert] }),
  serverName: 'localhost',
  verifies: true,
  ...changes,
})

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

const earOf = (answer: Answer): Ear => (answer.kind === 'secured' ? answer.ear : fail(answer.failure))

/** What a server of TLS has seen of whoever came. */
interface Seen {
  readonly names: unknown[]
  readonly protocols: unknown[]
  readonly bytes: string[]
}

async function serveTls(issued: Issued, options: TlsOptions = {}): Promise<{ port: number; seen: Seen }> {
  const seen: Seen = { names: [], protocols: [], bytes: [] }
  const server = createTlsServer({ cert: issued.cert, key: issued.key, ...options }, (socket: TLSSocket) => {
    seen.names.push(socket.servername)
    seen.protocols.push(socket.alpnProtocol)
    socket.on('error', () => undefined)
    socket.on('data', (bytes: Buffer) => void seen.bytes.push(bytes.toString()))
    socket.write('hello')
  })
  server.on('tlsClientError', () => undefined)
  return { port: await listen(server), seen }
}

/** A server that speaks no TLS, whatever it says. */
const servePlain = (onConnection: (socket: Socket) => void): Promise<number> =>
  listen(
    createServer((socket) => {
      socket.on('error', () => undefined)
      onConnection(socket)
    }),
  )

describe.each(transports)('TLS as a client, on %s', (_name, transport) => {
  const faults: unknown[] = []
  const reportFault = (error: unknown): void => void faults.push(error)
  const connect = transport.connects(reportFault)
  const secure = createSecure({ reportFault, clock: systemClock })
  afterEach(() => expect(faults.splice(0)).toEqual([]))

  function ask(port: number, tls = client(), host = '127.0.0.1', offers?: readonly Protocol[]): Promise<Answer> {
    return new Promise((resolve) => {
      connect(
        { kind: 'ip', address: '127.0.0.1', port },
        {
          onConnected: (socket) =>
            void secure(
              socket,
              { tls, host, offers },
              {
                onSecured: (secured, agreed) => resolve({ kind: 'secured', ear: new Ear(secured), agreed }),
                onRefused: (failure) => resolve({ kind: 'refused', failure }),
              },
            ),
          onFailed: (code) => resolve({ kind: 'refused', failure: { isLocal: true, code, detail: code } }),
        },
      )
    })
  }

  const codeFor = async (port: number, tls?: TlsClient, host?: string): Promise<string> => {
    const answer = await ask(port, tls, host)
    if (answer.kind === 'refused') return answer.failure.code
    answer.ear.socket.terminate()
    return 'secured'
  }

  test('asks for the name and HTTP/1.1, and is who was meant', async () => {
    const { port, seen } = await serveTls(good, { ALPNProtocols: ['h2', 'http/1.1'] })
    const answer = await ask(port)
    const ear = earOf(answer)
    await ear.untilText('hello')
    ear.say('good day')
    await turnUntil(() => seen.bytes.length > 0, 'our words')
    expect(seen).toEqual({ names: ['localhost'], protocols: ['http/1.1'], bytes: ['good day'] })
    ear.socket.end()
  })

  test.each<readonly [readonly string[] | undefined, readonly Protocol[], string]>([
    [['h2', 'http/1.1'], EITHER, 'h2'],
    [['http/1.1', 'h2'], EITHER, 'http/1.1'],
    [['http/1.1'], EITHER, 'http/1.1'],
    [undefined, EITHER, 'http/1.1'],
    [['spdy/3'], EITHER, 'tls-alpn'],
    [['h2'], HTTP_2, 'h2'],
    [['http/1.1'], HTTP_2, 'tls-alpn'],
    [undefined, HTTP_2, 'tls-alpn'],
    [['h2'], HTTP_1_1, 'tls-alpn'],
  ])('of a server that has %j offers %j, and tells %p', async (has, offers, told) => {
    const { port } = await serveTls(good, has && { ALPNProtocols: [...has] })
    const answer = await ask(port, client(), '127.0.0.1', offers)
    expect(answer.kind === 'secured' ? answer.agreed : answer.failure.code).toBe(told)
    if (answer.kind === 'secured') answer.ear.socket.terminate()
  })

  test('takes a certificate for an address, and asks for no name then', async () => {
    const { port, seen } = await serveTls(issue({ names: ['IP:127.0.0.1'] }))
    const ear = earOf(await ask(port, client({ serverName: undefined })))
    await ear.untilText('hello')
    expect(seen.names).toEqual([false])
    ear.socket.end()
  })

  test('takes the host for the name', async () => {
    const { port } = await serveTls(issue({ names: ['a.example'] }))
    expect(await codeFor(port, client({ serverName: undefined }), 'a.example')).toBe('secured')
    expect(await codeFor(port, client({ serverName: undefined }), 'b.example')).toBe('tls-name')
    expect(await codeFor(port, client({ serverName: undefined }))).toBe('tls-name')
  })

  test.each<readonly [string, Wish, string]>([
    ['another name', { names: ['b.example'] }, 'tls-name'],
    ['an address', { names: ['IP:127.0.0.1'] }, 'tls-name'],
    ['a name of the past', PAST, 'tls-expired'],
    ['a name of the future', { notBefore: Date.now() + 86_400_000 }, 'tls-expired'],
    ['another name of the past', { names: ['b.example'], ...PAST }, 'tls-expired'],
  ])('refuses one for %s, before a byte of ours is sent', async (_what, wish, code) => {
    const { port, seen } = await serveTls(issue(wish))
    expect(await codeFor(port)).toBe(code)
    expect(seen.bytes).toEqual([])
  })

  test('refuses one for another address', async () => {
    const { port } = await serveTls(issue({ names: ['IP:127.0.0.2', 'localhost'] }))
    expect(await codeFor(port, client({ serverName: undefined }))).toBe('tls-name')
  })

  test('refuses what strangers sign, and whoever signs for themselves', async () => {
    const { port } = await serveTls(others.issue({ names: LOCAL_NAMES }))
    expect(await codeFor(port)).toBe('tls-untrusted')
    expect(await codeFor((await serveTls(good)).port, client({ context: clientContext({}) }))).toBe('tls-untrusted')
    expect(await codeFor((await serveTls(selfSigned({ names: LOCAL_NAMES }))).port)).toBe('tls-untrusted')
  })

  test('takes whoever is there where nothing is verified', async () => {
    for (const one of [others.issue({ names: ['b.example'], ...PAST }), good]) {
      const { port } = await serveTls(one)
      expect(await codeFor(port, client({ verifies: false }))).toBe('secured')
    }
  })

  test('shows its certificate to who asks for it, and tells of the alert where it has none', async () => {
    const asks = { requestCert: true, rejectUnauthorized: true, ca: ours.cert }
    const { port } = await serveTls(good, asks)
    const { chain, key } = issue({ names: ['edge.example'] })
    const context = clientContext({ authorities: [ours.cert], shown: { chain, key: new Secret(key) } })
    const shown = client({ context })
    const answer = await ask(port, shown)
    const ear = earOf(answer)
    await ear.untilText('hello')
    ear.socket.end()
    const other = earOf(await ask(port))
    await turnUntil(() => other.log.length > 0, 'its end')
    expect([other.alert, other.text]).toEqual(['certificate required', ''])
  })

  test.each([
    ['plain HTTP', (socket: Socket) => void socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))],
    ['garbage', (socket: Socket) => void socket.write(Buffer.alloc(100_000, 0x77))],
    ['an alert', (socket: Socket) => void socket.once('data', () => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 40])))],
    ['a record of no known kind', (socket: Socket) => void socket.write(Buffer.from([99, 3, 3, 0, 1, 0]))],
    ['an end', (socket: Socket) => void socket.once('data', () => socket.end())],
    ['an end before a word', (socket: Socket) => void socket.end()],
    ['a reset', (socket: Socket) => void socket.once('data', () => socket.resetAndDestroy())],
  ])('%s instead of a handshake is told as such', async (_what, serve) => {
    expect(await codeFor(await servePlain(serve))).toBe('tls-handshake')
  })

  test('gives up a handshake that never ends, and tells nobody', async () => {
    const closed = Promise.withResolvers<string>()
    const hello = Promise.withResolvers<void>()
    const port = await servePlain((socket) => {
      socket.once('data', () => hello.resolve())
      socket.on('close', () => closed.resolve('closed'))
    })
    const told: unknown[] = []
    const begun = Promise.withResolvers<() => void>()
    const events = {
      onSecured: () => void told.push('secured'),
      onRefused: (failure: unknown) => void told.push(failure),
    }
    connect(
      { kind: 'ip', address: '127.0.0.1', port },
      {
        onConnected: (socket) => begun.resolve(secure(socket, { tls: client(), host: '127.0.0.1' }, events)),
        onFailed: fail,
      },
    )
    const cancel = await begun.promise
    await hello.promise
    cancel()
    expect([await closed.promise, told]).toEqual(['closed', []])
  })
})
