/** Connections that begin with a PROXY header: who is taken for the client, with TLS behind it or without, and who is not let in. */
import { describe, expect, test } from 'bun:test'
import { connect as connectTls } from 'node:tls'
import { Duplex } from 'node:stream'
import type { Config, ListenerConfig } from '../../core/config/config.ts'
import type { Route } from '../../core/proxy-protocol/header.ts'
import type { ProxyPolicy } from '../../core/proxy-protocol/policy.ts'
import { writeLocal, writeV1, writeV2 } from '../../core/proxy-protocol/write.ts'
import { createAuthority } from '../support/authority.ts'
import { startTestEdge, tcpListener, type TestEdge } from '../support/edge.ts'
import { answering, ok, type RawBackend, startRawBackend } from '../support/raw-backend.ts'
import { ask, connectTo, get, nextResponse } from '../support/raw-client.ts'
import { valuesOf } from '../support/raw-message.ts'
import { type RawPeer, turnUntil } from '../support/raw-peer.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { save, tlsPolicy } from '../support/tls.ts'

const REQUIRED: ProxyPolicy = { from: undefined, others: 'refuse', timeoutMs: 5000 }
const listenerOf = (proxyProtocol: ProxyPolicy, changes: Partial<ListenerConfig> = {}): ListenerConfig => ({
  ...tcpListener('web', 0),
  proxyProtocol,
  ...changes,
})

const ROUTE: Route = {
  source: { address: '192.0.2.7', port: 4711 },
  destination: { address: '198.51.100.1', port: 443 },
}
const ROUTE6: Route = {
  source: { address: '2001:db8::7', port: 4711 },
  destination: { address: '2001:db8::1', port: 443 },
}

interface Rig {
  readonly edge: TestEdge
  readonly backend: RawBackend
  readonly connect: () => Promise<RawPeer>
  [Symbol.asyncDispose](): Promise<void>
}

async function start(listener: ListenerConfig, config: Partial<Config> = {}): Promise<Rig> {
  const stack = new AsyncDisposableStack()
  const backend = stack.use(startRawBackend({ answer: answering(ok('hello')) }))
  const edge = stack.use(await startTestEdge([backend.port], { config: { listeners: [listener], ...config } }))
  const connect = async () => stack.use(await connectTo(edge.port))
  return { edge, backend, connect, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

/** As the newest request has it. */
const forwardedBy = ({ backend }: Rig): string[] => valuesOf(backend.requests.at(-1)!, 'x-forwarded-for')

const told = { alpn: 'http/1.1', authority: 'a.example', uniqueId: Buffer.from('one'), isSecure: true } as const
const HEADERS: readonly (readonly [string, Buffer, string, string])[] = [
  ['version 1', writeV1(ROUTE), '192.0.2.7', 'http'],
  ['version 1 of IPv6', writeV1(ROUTE6), '2001:db8::7', 'http'],
  ['version 1 of nobody', writeV1(undefined), '127.0.0.1', 'http'],
  ['version 2', writeV2(ROUTE), '192.0.2.7', 'http'],
  [
    'version 2 of IPv6, with all that it may tell',
    writeV2(ROUTE6, { told, hasChecksum: true }),
    '2001:db8::7',
    'https',
  ],
  ['version 2 of nobody', writeV2(undefined), '127.0.0.1', 'http'],
  [
    'version 2 of a Unix socket',
    Buffer.from(`0d0a0d0a000d0a515549540a213100d8${'61'.repeat(216)}`, 'hex'),
    '127.0.0.1',
    'http',
  ],
  ['a check of the proxy’s own', writeLocal(), '127.0.0.1', 'http'],
]

describe('a connection with a header', () => {
  test.each(HEADERS)('of %s is that of its client', async (_what, header, address, scheme) => {
    await using rig = await start(listenerOf(REQUIRED))
    const client = await rig.connect()
    client.send(Buffer.concat([header, Buffer.from(get())]))
    expect((await nextResponse(client)).body).toBe('hello')
    expect(forwardedBy(rig)).toEqual([address])
    expect(valuesOf(rig.backend.requests[0]!, 'x-forwarded-proto')).toEqual([scheme])
    // The next request comes without.
    expect((await ask(client, get())).body).toBe('hello')
    expect(forwardedBy(rig)).toEqual([address])
    expect(rig.edge.counters.connectionsAccepted).toBe(1)
  })

  test.each(HEADERS)('of %s may come byte by byte', async (_what, header, address) => {
    await using rig = await start(listenerOf(REQUIRED))
    const client = await rig.connect()
    await client.sendByteByByte(`${header.toString('latin1')}${get()}`)
    expect((await nextResponse(client)).body).toBe('hello')
    expect(forwardedBy(rig)).toEqual([address])
  })

  test('and half closed behind its request is answered', async () => {
    await using rig = await start(listenerOf(REQUIRED))
    const client = await rig.connect()
    client.send(`${writeV1(ROUTE).toString()}${get('/', 'Connection: close\r\n')}`)
    client.end()
    expect((await nextResponse(client)).body).toBe('hello')
  })

  test('of a trusted proxy may tell of others in front of it', async () => {
    await using rig = await start(listenerOf(REQUIRED), { trustedProxies: ['192.0.2.0/24'] })
    const client = await rig.connect()
    client.send(`${writeV1(ROUTE).toString()}${get('/', 'X-Forwarded-For: 203.0.113.9\r\n')}`)
    await nextResponse(client)
    expect(forwardedBy(rig)).toEqual(['203.0.113.9, 192.0.2.7'])
  })

  test('is held to the rules of its client', async () => {
    const addresses = { allow: undefined, deny: ['192.0.2.0/24'], allowFile: undefined, denyFile: undefined }
    const match = { host: undefined, path: undefined, methods: undefined, headers: [] }
    await using rig = await start(listenerOf(REQUIRED), {
      routes: [{ match, pool: 'web', priority: 5, access: { addresses } }],
    })
    const statuses: number[] = []
    for (const route of [ROUTE, ROUTE6]) {
      const client = await rig.connect()
      client.send(`${writeV1(route).toString()}${get()}`)
      statuses.push((await nextResponse(client)).status)
    }
    expect(statuses).toEqual([403, 200])
  })
})

test('a connection for a client who is kept out is reset', async () => {
  const addresses = { allow: undefined, deny: ['192.0.2.0/24'], allowFile: undefined, denyFile: undefined }
  const match = { host: undefined, path: undefined, methods: undefined, headers: [] }
  await using rig = await start(listenerOf(REQUIRED), {
    routes: [{ match, pool: 'web', priority: 5, access: { addresses } }],
    ban: { after: 1, withinMs: 60_000, forMs: 60_000 },
  })
  const asked = async (route: Route) => {
    const client = await rig.connect()
    client.send(`${writeV1(route).toString()}${get()}`)
    return nextResponse(client).then(
      ({ status }) => status,
      () => client.closing,
    )
  }
  expect([await asked(ROUTE), await asked(ROUTE), await asked(ROUTE6)]).toEqual([403, 'reset', 200])
})

describe('a connection without a good header', () => {
  test.each<readonly [string, string, string]>([
    ['a request', get(), 'there is none'],
    ['TLS', '\x16\x03\x01\x00\xa5\x01', 'there is none'],
    ['a bad line', 'PROXY TCP4 192.0.2.7\r\n', 'its line is none of TCP4, TCP6 or UNKNOWN'],
    ['a line without an end', 'PROXY '.padEnd(300, 'x'), 'its line is longer than 107 bytes'],
    ['a length that is a lie', `${writeV2(ROUTE).toString('latin1', 0, 14)}\xff\xff`, 'it is longer than 4096 bytes'],
    [
      'a request where more is promised',
      `${writeV2(ROUTE).toString('latin1', 0, 14)}\x00\x20${get('/'.padEnd(200, 'x'))}`,
      'what it tells is longer than itself',
    ],
  ])('but with %s is reset, and nothing is asked', async (_what, bytes, detail) => {
    await using rig = await start(listenerOf(REQUIRED))
    const client = await rig.connect()
    client.send(Buffer.from(bytes, 'latin1'))
    expect(await client.expectClosed()).toBe('reset')
    expect([client.text, rig.backend.requests]).toEqual(['', []])
    expect(rig.edge.counters.proxyHeadersRefused).toMatchObject({ invalid: 1 })
    expect(rig.edge.events.find(({ kind }) => kind === 'proxy-header-refused')).toMatchObject({
      listener: 'web',
      address: '127.0.0.1',
      detail,
    })
  })

  test('is closed when its time is over, however it trickles', async () => {
    await using rig = await start(listenerOf({ ...REQUIRED, timeoutMs: 2000 }))
    const [silent, slow] = [await rig.connect(), await rig.connect()]
    slow.send('PROXY TCP4 ')
    await turnUntil(() => rig.edge.counters.connectionsOpen === 2, 'both')
    rig.edge.clock.advance(1000)
    slow.send('192.0.2.7 ')
    rig.edge.clock.advance(2000)
    expect([await silent.expectClosed(), await slow.expectClosed()]).toEqual(['reset', 'reset'])
    expect(rig.edge.counters.proxyHeadersRefused).toMatchObject({ late: 2 })
  })

  test('that leaves is a look at the port, or cut short', async () => {
    await using rig = await start(listenerOf(REQUIRED))
    const [looks, cuts] = [await rig.connect(), await rig.connect()]
    looks.end()
    cuts.send('PROXY TCP4 192.')
    cuts.end()
    await Promise.all([looks.expectClosed(), cuts.expectClosed()])
    await turnUntil(() => rig.edge.counters.connectionsOpen === 0, 'their end')
    expect(rig.edge.counters.proxyHeadersRefused).toEqual({ invalid: 0, late: 0, cut: 1, stranger: 0 })
  })

  test('is none where only others send one, as the config says', async () => {
    const from = ['192.0.2.0/24']
    await using rig = await start(listenerOf({ ...REQUIRED, from, others: 'plain' }))
    const client = await rig.connect()
    expect((await ask(client, get())).body).toBe('hello')
    expect(forwardedBy(rig)).toEqual(['127.0.0.1'])
    const liar = await rig.connect()
    liar.send(`${writeV1(ROUTE).toString()}${get()}`)
    expect((await nextResponse(liar)).status).toBe(400)
    // From now on nobody else is let in.
    await rig.edge.apply({ listeners: [listenerOf({ ...REQUIRED, from })] })
    const stranger = rig.connect().then((client) => client.expectClosed())
    // It may be reset while it connects.
    expect(await stranger.catch(() => 'reset')).toBe('reset')
    expect(rig.edge.counters.proxyHeadersRefused).toMatchObject({ stranger: 1 })
    // And now it must send one.
    await rig.edge.apply({ listeners: [listenerOf({ ...REQUIRED, from: ['127.0.0.0/8'] })] })
    const proxy = await rig.connect()
    proxy.send(`${writeV1(ROUTE).toString()}${get()}`)
    expect((await nextResponse(proxy)).body).toBe('hello')
    expect(forwardedBy(rig)).toEqual(['192.0.2.7'])
  })
})

describe('a header before TLS', () => {
  const authority = createAuthority()
  const issued = authority.issue({ names: ['a.test'] })

  /** Bytes of a TLS client behind `header`, in pieces as `cut` has them. */
  async function askBehind(port: number, header: Buffer, cut: (hello: Buffer) => readonly Buffer[]): Promise<string> {
    const peer = await connectTo(port)
    let isFirst = true
    const write = async (piece: Buffer): Promise<void> => {
      const pieces = isFirst ? cut(Buffer.concat([header, piece])) : [piece]
      isFirst = false
      for (const [index, one] of pieces.entries()) {
        peer.send(one)
        if (index < pieces.length - 1) await turnUntil(() => peer.unsentBytes === 0, 'a piece')
      }
    }
    let read = 0
    const duplex = new Duplex({
      read() {},
      write: (piece: Buffer, _encoding, done) => void write(piece).then(() => done()),
    })
    const pump = (): void => {
      const fresh = peer.text.slice(read)
      read = peer.text.length
      if (fresh !== '') duplex.push(Buffer.from(fresh, 'latin1'))
    }
    const secure = connectTls({ socket: duplex, servername: 'a.test', ca: authority.cert })
    let text = ''
    secure.on('error', (error) => (text = `error: ${error.message}`))
    secure.on('data', (piece: Buffer) => void (text += piece.toString('latin1')))
    secure.write(get('/', 'Connection: close\r\n'))
    await turnUntil(() => (pump(), text.includes('hello') || text.startsWith('error')), 'an answer')
    peer.reset()
    return text
  }

  test.each<readonly [string, (all: Buffer) => readonly Buffer[]]>([
    ['in one piece with the hello', (all) => [all]],
    ['and the hello in two pieces', (all) => [all.subarray(0, 60), all.subarray(60)]],
    ['cut in its middle', (all) => [all.subarray(0, 20), all.subarray(20)]],
    ['byte by byte with the hello', (all) => Array.from(all, (_, index) => all.subarray(index, index + 1))],
  ])('%s is read', async (_what, cut) => {
    const files = save(temporaryFolder(), 'a', issued)
    await using rig = await start(listenerOf(REQUIRED, { tls: tlsPolicy([files]) }))
    const text = await askBehind(rig.edge.port, writeV2(ROUTE, { told, hasChecksum: true }), cut)
    expect(text).toEndWith('hello')
    expect(forwardedBy(rig)).toEqual(['192.0.2.7'])
    expect(valuesOf(rig.backend.requests[0]!, 'x-forwarded-proto')).toEqual(['https'])
  })

  test('and a plain request behind it is answered in words', async () => {
    const files = save(temporaryFolder(), 'a', issued)
    await using rig = await start(listenerOf(REQUIRED, { tls: tlsPolicy([files]) }))
    const client = await rig.connect()
    client.send(writeV1(ROUTE))
    await turnUntil(() => rig.edge.counters.connectionsOpen === 1, 'it')
    client.send(get())
    await client.expectEnd()
    expect(client.text).toStartWith('HTTP/1.1 400 Bad Request\r\n')
  })
})
