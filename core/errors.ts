/**
 * What can go wrong with a message or a start, each class saying who is at fault. An error becomes a response in one
 * place only, `inbound/own-response.ts`.
 */

/**
 * A message that breaks HTTP's grammar or framing, or our limits. From a client it is answered with `status`; from a
 * backend it makes a 502.
 */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  /** What a client at fault is told: 400, 408, 413, 414, 431, 501 or 505. */
  readonly status: number

  /** `message` names the rule that was broken and, where it is short and safe, the value; never a whole header. */
  constructor(message: string, status = 400) {
    super(message)
    this.status = status
  }
}

/** `error` if a peer is at fault; throws anything else on, since that is a fault of ours. */
export function protocolErrorOf(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error
  throw error
}

/** SmartEdge can't start as configured; `message` is one line for the person who started it. */
export class StartError extends Error {
  override readonly name = 'StartError'
  /** This machine is in the way, now: the same config may run elsewhere, or later. */
  readonly isLocal = true
}

/** Stack of what was thrown, else itself as text: it may be anything. Never throws. */
export function stackOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
  } catch {
    return 'an error that cannot be shown'
  }
}
