/** Ports for tests that cannot say 0. */

/**
 * Different ports of 127.0.0.1, free a moment ago: each is held until all are chosen. Of those below the range from which the
 * system gives any (Linux: 32768 and up), so that no client is given one of them until somebody listens there.
 */
export function freePorts(count: number): number[] {
  const servers: Bun.TCPSocketListener<undefined>[] = []
  while (servers.length < count) {
    try {
      const port = 10_000 + Math.floor(Math.random() * 20_000)
      servers.push(Bun.listen({ hostname: '127.0.0.1', port, socket: { data: () => undefined } }))
    } catch {
      // Somebody has it.
    }
  }
  for (const server of servers) server.stop(true)
  return servers.map(({ port }) => port)
}

/** Ports below 1024 that no service is assigned to (IANA, 702..740): the system gives them to nobody who asks for any. */
const closedPorts = Array.from({ length: 39 }, (_, index) => 702 + index)
let used = 0

/** A port of 127.0.0.1 on which nobody listens; another one each of 39 times. */
export function closedPort(): number {
  const port = closedPorts[used % closedPorts.length] ?? 0
  used += 1
  return port
}
