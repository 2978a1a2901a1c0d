/** Clients whose bytes arrive one by one. */
import { connect, createServer } from 'node:net'
import { turn } from './raw-peer.ts'

/** A port that passes on to another of this machine what clients send, each byte by itself. */
export function inPieces(port: number) {
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

/** Passes on to another port what a client sends first, and the rest once it is let go. */
export function heldBack(port: number) {
  const { promise: letGo, resolve } = Promise.withResolvers<void>()
  const { promise: isHolding, resolve: holds } = Promise.withResolvers<void>()
  const server = createServer((client) => {
    const onward = connect({ port, host: '127.0.0.1' })
    client.once('data', (first: Buffer) => {
      onward.write(first)
      client.on('data', (bytes: Buffer) => {
        holds()
        void letGo.then(() => onward.write(bytes))
      })
    })
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
    isHolding,
    letGo: resolve,
    async [Symbol.asyncDispose]() {
      server.close()
      await turn()
    },
  }
}
