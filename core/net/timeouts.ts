/** How long a socket may keep us waiting, each in ms. Defaults and ranges stand in `config/schema.ts`. */

export interface ClientTimeouts {
  /** From a request's first byte (or the accept) to the end of its head: against trickled heads. */
  readonly headMs: number
  /** Longest silence inside a request body, and longest stall of a client that does not read its response. */
  readonly bodyMs: number
  /** Longest wait for the next request on a kept-alive connection. */
  readonly keepAliveMs: number
  /** Longest silence, both ways, in an upgraded connection. */
  readonly tunnelMs: number
}

export interface BackendTimeouts {
  readonly connectMs: number
  /** From the request's end to the response's head. */
  readonly responseMs: number
  /** Longest silence inside a response body. */
  readonly idleMs: number
  /** How long a pooled connection may lie idle; keep it under the backend's own (Node's default is 5 s). */
  readonly keepAliveMs: number
  /** Age beyond which a connection is not kept for another request. */
  readonly maxAgeMs: number
}
