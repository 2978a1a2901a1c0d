/** Clients that are in the middle of a handshake or of a PROXY header while too many want to be connected. */
import { describe, expect, test } from 'bun:test'
import type { ListenerConfig } from '../../core/config/config.ts'
import { startTestEdge, tcpListener } from '../support/edge.ts'
import { answering, ok, startRawBackend } from '../support/raw-backend.ts'
import { ask, connectTo, get } from '../support/raw-client.ts'
import { turnUntil } from '../support/raw-peer.ts'
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

test('a client that comes in vain is refused without a word where TLS comes first', async () => {
  await using edge = await startTestEdge([], { config: { listeners: [secured()], limits } })
  const inside = await Promise.all([1, 2].map(() => connectSecurely(edge.port, { ca: root.cert })))
  for (const { socket } of inside) socket.write('GET / HTTP/1.1\r\n')
  await turnUntil(() => edge.counters.bytesFromClients === 32, 'two clients with requests begun')
  await using late = await connectTo(edge.port)
  await turnUntil(() => edge.events.some(({ kind }) => kind === 'connection-limit'), 'the cap')
  edge.clock.advance(1000)
  expect([await late.expectClosed(), late.text]).toEqual(['reset', ''])
  for (const { socket } of inside) socket.destroy()
})
