/** Clients that are in the middle of a handshake, of a PROXY header or of a head while too many want to be connected. */
import { describe, expect, test } from 'bun:test'
import type { ListenerConfig } from '../../core/config/config.ts'
import { startTestEdge, tcpListener } from '../support/edge.ts'
import { answering, ok, startRawBackend } from '../support/raw-backend.ts'
import { ask, connectTo, get } from '../support/raw-client.ts'
import { type RawPeer, turnUntil } from '../support/raw-peer.ts'
import { authority, root } from '../support/secure-edge.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { askSecurely, connectSecurely, save, tlsListener, tlsPolicy } from '../support/tls.ts'

const limits = { maxHeadBytes: 65_536, maxTargetBytes: 16_384, maxFields: 256, maxConnections: 2, maxReplayBytes: 0 }

const secured = (): ListenerConfig =>
  tlsListener(tlsPolicy([save(temporaryFolder(), 'a', authority.issue({ names: ['a.test'] }))]))

const proxied = (): ListenerConfig => ({
  ...tcpListener('web', 0),
  proxyProtocol: { from: undefined, others: 'refuse', timeoutMs: 5000 },
})

const askProxied = async (port: number): Promise<string> => {
  await using client = await connectTo(port)
  client.send('PROXY UNKNOWN\r\n')
  return (await ask(client, get())).body
}

const askSecured = async (port: number): Promise<string> => (await askSecurely(port, { ca: root.cert })).text.slice(-5)

const WAYS = [
  ['a handshake', secured, askSecured, '\x16\x03\x01'],
  ['a PROXY header', proxied, askProxied, 'PROXY TCP4'],
] as const

describe('at the cap, clients in the middle of', () => {
  test.each(WAYS)('%s make room once they have had their time', async (_what, listener, askAgain, part) => {
    await using backend = startRawBackend({ answer: answering(ok('hello')) })
    await using edge = await startTestEdge([backend.port], { config: { listeners: [listener()], limits } })
    await using silent = await connectTo(edge.port)
    await turnUntil(() => edge.counters.connectionsOpen === 1, 'the first')
    edge.clock.advance(600)
    await using cut = await connectTo(edge.port)
    cut.send(part)
    await turnUntil(() => edge.counters.connectionsOpen === 2, 'the second')
    edge.clock.advance(600)
    expect(await askAgain(edge.port)).toBe('hello')
    expect(await silent.expectClosed()).toBe('reset')
    expect(cut.closing).toBeUndefined()
    expect(edge.counters).toMatchObject({ connectionsRefused: 0, connectionsEvicted: 1 })
  })
})

test('a client that stops in the middle of a head makes room, and hears that it may ask again', async () => {
  await using backend = startRawBackend({ answer: answering(ok('hello')) })
  await using edge = await startTestEdge([backend.port], { config: { limits } })
  const begin = async (bytes: number): Promise<RawPeer> => {
    const client = await connectTo(edge.port)
    client.send('GET / HTTP')
    await turnUntil(() => edge.counters.bytesFromClients === bytes, 'the beginning')
    edge.clock.advance(600)
    return client
  }
  await using first = await begin(10)
  await using second = await begin(20)
  await using third = await connectTo(edge.port)
  expect((await ask(third, get())).body).toBe('hello')
  expect([await first.expectClosed(), first.text.slice(0, 12)]).toEqual(['ended', 'HTTP/1.1 408'])
  expect(second.closing).toBeUndefined()
  expect(edge.counters).toMatchObject({ connectionsRefused: 0, connectionsEvicted: 1 })
})

test('a client that comes in vain is refused without a word where TLS comes first', async () => {
  await using backend = startRawBackend()
  await using edge = await startTestEdge([backend.port], { config: { listeners: [secured()], limits } })
  const inside = await Promise.all([1, 2].map(() => connectSecurely(edge.port, { ca: root.cert })))
  for (const { socket } of inside) socket.write(get())
  await turnUntil(() => backend.requests.length === 2, 'two clients that wait for answers')
  await using late = await connectTo(edge.port)
  await turnUntil(() => edge.events.some(({ kind }) => kind === 'connection-limit'), 'the cap')
  edge.clock.advance(1000)
  expect([await late.expectClosed(), late.text]).toEqual(['reset', ''])
  for (const { socket } of inside) socket.destroy()
})
