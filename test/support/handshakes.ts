/** A port that does handshakes, answers each request that comes behind one, and ends. */
import { onTestFinished } from 'bun:test'
import {
  createHandshakes,
  type HandshakeFacts,
  type HandshakeFailure,
  type HandshakeTerms,
} from '../../core/net/tls.ts'
import { ALWAYS_ROOM, PLAIN } from '../../core/net/transport.ts'
import { systemTransport } from './transports.ts'

export interface HandshakePort {
  readonly port: number
  /** How each came out, in order. */
  readonly ends: readonly (HandshakeFacts | HandshakeFailure)[]
}

export function handshakesAt(terms: HandshakeTerms, wallTime: () => number = Date.now): HandshakePort {
  const ends: (HandshakeFacts | HandshakeFailure)[] = []
  const reportFault = (error: unknown): never => {
    throw error
  }
  const begin = createHandshakes({ clock: { soon: setImmediate, wallTime }, reportFault })
  const bound = systemTransport.bindHost({ kind: 'tcp', host: '127.0.0.1', port: 0 }, PLAIN, {
    ...ALWAYS_ROOM,
    onShortage: () => false,
    reportFault,
    onAccepted(socket) {
      begin(socket, terms, {
        onFailed: (how) => void ends.push(how),
        onSecure(secure, facts) {
          ends.push(facts)
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
  return { port: (bound.address as { port: number }).port, ends }
}
