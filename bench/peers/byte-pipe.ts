/** The byte pipe as a program: `bun byte-pipe.ts PORT BACKEND_PORT …`, backends in turn. See `pipe.ts`. */
import type { Socket, SocketHandler } from 'bun'

interface End {
  other: Socket<End> | undefined
  /** Bytes for this end that its socket has not taken. */
  unsent: Buffer | undefined
}

const [port = 0, ...backendPorts] = process.argv.slice(2).map(Number)
let turn = 0

const handler: SocketHandler<End> = {
  data(socket, bytes) {
    const { other } = socket.data
    if (other !== undefined && !give(other, bytes)) socket.pause()
  },
  drain(socket) {
    const { unsent, other } = socket.data
    socket.data.unsent = undefined
    if (unsent !== undefined && give(socket, unsent)) other?.resume()
  },
  end: (socket) => void socket.end(),
  close: (socket) => void socket.data.other?.end(),
  error: (socket) => socket.terminate(),
}

Bun.listen<End>({
  hostname: '127.0.0.1',
  port,
  allowHalfOpen: true,
  socket: { ...handler, open: (client) => void join(client) },
})

/** Nothing is read from the client before there is somebody to give it to. */
async function join(client: Socket<End>): Promise<void> {
  client.data = { other: undefined, unsent: undefined }
  client.pause()
  const backendPort = backendPorts[turn++ % backendPorts.length] ?? 0
  const data: End = { other: client, unsent: undefined }
  try {
    client.data.other = await Bun.connect<End>({ hostname: '127.0.0.1', port: backendPort, data, socket: handler })
    client.resume()
  } catch {
    client.terminate()
  }
}

/** Whether all was taken; what was not waits for `drain`. */
function give(socket: Socket<End>, bytes: Buffer): boolean {
  const sent = socket.write(bytes)
  if (sent < 0 || sent >= bytes.length) return true
  socket.data.unsent = bytes.subarray(sent)
  return false
}
