import { describe, expect, onTestFinished, test } from 'bun:test'
import { createHandshakes, type HandshakeTerms } from '../../../core/net/tls.ts'
import { contextOf } from '../../../core/net/tls-context.ts'
import { ALWAYS_ROOM, PLAIN } from '../../../core/net/transport.ts'
import { Secret } from '../../../core/secrets.ts'
import { createAuthority } from '../../support/authority.ts'
import { turnUntil } from '../../support/raw-peer.ts'
import { askSecurely, sessionOf } from '../../support/tls.ts'
import { systemTransport } from '../../support/transports.ts'

const root = createAuthority()
const server = root.issue({ names: ['a.test'] })
const client = root.issue({ subject: 'alice', notAfter: Date.now() + 60 * 60 * 1000 })

/** Answers whoever has got through the handshake. */
function answering() {
  const material = { chain: server.chain, key: new Secret(server.key) }
  const context = contextOf([material], { minVersion: '1.2' }, { ca: [root.cert], crl: [] })
  const now = { wallTime: Date.now() }
  const ends: string[] = []
  const reportFault = (error: unknown): never => {
    throw error
  }
  const begin = createHandshakes({ clock: { soon: setImmediate, wallTime: () => now.wallTime }, reportFault })
  const offered = { context, clients: 'required' } as const
  const bound = systemTransport.bindHost({ kind: 'tcp', host: '127.0.0.1', port: 0 }, PLAIN, {
    ...ALWAYS_ROOM,
    onShortage: () => false,
    reportFault,
    onAccepted(socket) {
      const all: HandshakeTerms = {
        fallback: offered,
        readsHello: false,
        offerFor: () => offered,
        protocolFor: ([first]) => first,
      }
      begin(socket, all, {
        onFailed: (how) => ends.push(how),
        onSecure(secure, { certificate, isResumed }) {
          ends.push(`${certificate?.subject} ${isResumed}`)
          const answer = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
          secure.data = {
            received: () => void secure.write(answer, 0, answer.length),
            drained() {},
            peerEnded: () => secure.end(),
            closed() {},
          }
          setImmediate(() => secure.shutdown())
        },
      })
    },
  })
  onTestFinished(() => bound.stop())
  return { port: (bound.address as { port: number }).port, ends, now }
}

describe('a handshake with a client that shows a certificate', () => {
  test('takes up no session of before once that has ended', async () => {
    const { port, ends, now } = answering()
    const options = { ca: root.cert, key: client.key, cert: client.chain, maxVersion: 'TLSv1.2' } as const
    const session = await sessionOf(port, options)
    await askSecurely(port, { ...options, session })
    now.wallTime += 2 * 60 * 60 * 1000
    await askSecurely(port, { ...options, session }).catch(() => undefined)
    await turnUntil(() => ends.length === 3, 'the end of the last')
    expect(ends).toEqual(['CN=alice false', 'CN=alice true', 'certificate'])
  })
})
