/** A descriptor that goes to Bun, for good: for TLS, and where we have no loop of our own. */

/**
 * Has Bun take over a connected socket; `open` is called before this returns, and whether the connect is done by then or not.
 * `tls`: what it is to begin a handshake with, as a client; undefined: none.
 */
export function adopt<Data>(
  descriptor: number,
  socket: Bun.SocketHandler<Data>,
  data?: Data,
  tls?: object,
): Promise<unknown> {
  const options = { fd: descriptor, socket, data, allowHalfOpen: true, ...(tls && { tls }) }
  // Bun's types know the option, and not that `connect` takes it.
  return Promise.try(() => Bun.connect(options as unknown as Bun.UnixSocketOptions<Data>))
}

/** Whether Bun takes over one for a `look` at what becomes of it, and closes it; false: it is still ours to close. */
export function tryAdopting(descriptor: number, look: () => void = () => undefined): boolean {
  let isAdopted = false
  const open = (socket: Bun.Socket): void => {
    isAdopted = true
    try {
      look()
    } finally {
      socket.terminate()
    }
  }
  adopt(descriptor, { open, data() {}, close() {}, error() {} }).catch(() => undefined)
  return isAdopted
}
