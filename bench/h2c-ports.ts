/** Where a backend in HTTP/2 without TLS listens, and how the benchmark asks what it has answered. */
import { createInterface } from 'node:readline'
import type { Socket } from 'bun'

export interface H2cConnection {
  read(bytes: Buffer): void
  /** The socket takes more. */
  onDrain(): void
}

/** Returns when standard input ends, on which `count` asks for `answered`, by port. */
export async function listenForH2c<Connection extends H2cConnection>(
  answered: ReadonlyMap<string, number>,
  begin: (socket: Socket<Connection>, port: string) => Connection,
): Promise<void> {
  for (const port of answered.keys()) {
    Bun.listen<Connection>({
      hostname: '127.0.0.1',
      port: Number(port),
      socket: {
        open: (socket) => void (socket.data = begin(socket, port)),
        data: (socket, bytes) => socket.data.read(bytes),
        drain: (socket) => socket.data.onDrain(),
        error: (socket) => socket.terminate(),
      },
    })
  }
  for await (const line of createInterface({ input: process.stdin }))
    process.stdout.write(`${line === 'count' ? JSON.stringify(Object.fromEntries(answered)) : 'done'}\n`)
}
