/** A server over TLS that answers in bytes, whatever was agreed on: what each connection has picked, and what it was sent. */
import { onTestFinished } from 'bun:test'
import { createServer, type TLSSocket } from 'node:tls'
import { peerTls } from './peer-tls.ts'

export interface TlsOrigin {
  readonly port: number
  /** Of each connection, in order: what was picked by ALPN; false: nothing. */
  readonly picked: (string | false | null)[]
}

/** `protocols`: of which it picks, the preferred first; none: it knows of no ALPN. `onConnection`: to answer with. */
export async function startTlsOrigin(
  protocols: readonly string[],
  onConnection: (socket: TLSSocket) => void,
): Promise<TlsOrigin> {
  const { cert, key } = peerTls().server
  const picked: (string | false | null)[] = []
  const options = { cert, key, ...(protocols.length > 0 && { ALPNProtocols: [...protocols] }) }
  const sockets = new Set<TLSSocket>()
  const server = createServer(options, (socket) => {
    sockets.add(socket)
    picked.push(socket.alpnProtocol)
    socket.on('error', () => undefined)
    onConnection(socket)
  })
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, picked }
}
