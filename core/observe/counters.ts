/**
 * What the data plane counts for the whole process. Plain numbers, written by listener and exchange, read by status and
 * metrics. Counters only rise; the two gauges (`…Open`) also fall.
 */
export interface EdgeCounters {
  connectionsAccepted: number
  /** Closed right after the accept, because `limits.connections` was reached. */
  connectionsRefused: number
  connectionsOpen: number
  /** Requests whose head was read whole and lawful. */
  requests: number
  /** Heads and bodies refused as unlawful or oversized (4xx by the codec, 505, 501). */
  badRequests: number
  /** Clients that took too long over a head or a body. */
  clientTimeouts: number
  /** Requests that no route matched. */
  unrouted: number
  /** Requests for which no backend was usable. */
  unavailable: number
  retries: number
  /** Final responses to clients by class, our own included: index 2 counts 2xx and so on. */
  readonly responses: [number, number, number, number, number, number]
  /** Responses that had begun and were cut, so that the client sees them truncated. */
  truncated: number
  /** Clients that left before their response was whole. */
  abandoned: number
  tunnels: number
  tunnelsOpen: number
  bytesFromClients: number
  bytesToClients: number
}

export const createEdgeCounters = (): EdgeCounters => ({
  connectionsAccepted: 0,
  connectionsRefused: 0,
  connectionsOpen: 0,
  requests: 0,
  badRequests: 0,
  clientTimeouts: 0,
  unrouted: 0,
  unavailable: 0,
  retries: 0,
  responses: [0, 0, 0, 0, 0, 0],
  truncated: 0,
  abandoned: 0,
  tunnels: 0,
  tunnelsOpen: 0,
  bytesFromClients: 0,
  bytesToClients: 0,
})

/** Counts a final response, by the class of its status: 200..599. */
export function countStatus({ responses }: { readonly responses: number[] }, status: number): void {
  const kind = Math.floor(status / 100)
  responses[kind] = (responses[kind] ?? 0) + 1
}
