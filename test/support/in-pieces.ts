/** Ports that pass on to another of this machine what clients send, in pieces or late. */
import { connect, createServer, type Socket } from 'node:net'
import { turn } from './raw-peer.ts'

/** `passOn`: what a client sends; what it gets is passed on as it comes. */
export function relayTo(port: number, passOn: (client: Socket, onward: Socket) => void) {
  const server = createServer((client) => {
    const onward = connect({ port, host: '127.0.0.1', noDelay: true })
    passOn(client, onward)
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

/** Each byte by itself. */
export const inPieces = (port: number) =>
  relayTo(port, (client, onward) => {
    const passOn = async (bytes: Buffer): Promise<void> => {
      client.pause()
      for (const byte of bytes) {
        onward.write(Buffer.from([byte]))
        await turn()
      }
      client.resume()
    }
    client.on('data', (bytes: Buffer) => void passOn(bytes))
  })

/** What a client sends first at once, and the rest once it is let go. */
export function heldBack(port: number) {
  const { promise: letGo, resolve } = Promise.withResolvers<void>()
  const { promise: isHolding, resolve: holds } = Promise.withResolvers<void>()
  const relay = relayTo(port, (client, onward) => {
    client.once('data', (first: Buffer) => {
      onward.write(first)
      client.on('data', (bytes: Buffer) => {
        holds()
        void letGo.then(() => onward.write(bytes))
      })
    })
  })
  return Object.assign(relay, { isHolding, letGo: resolve })
}
