/**
 * The states of an HTTP/1 connection as its reading side goes through them, which step leads from one to the next, and
 * which timeout runs in each: one table for connections to clients and to backends, which does not know which it serves.
 * Who reads requests waits for a head in 'idle' and for its own response in 'whole'; who reads responses leaves 'idle'
 * when it has sent a request, or at once for a connection that is to carry no HTTP at all.
 */

/**
 * 'connecting': not open yet. 'idle': between two messages. 'head': inside a head, or waiting for one that is due.
 * 'body': inside a body. 'whole': the message has been read, the exchange is not over. 'tunnel': the bytes are no longer
 * HTTP. 'closed': whatever still comes is thrown away.
 */
export type Phase = 'connecting' | 'idle' | 'head' | 'body' | 'whole' | 'tunnel' | 'closed'

export type Step = 'opens' | 'begins' | 'bodyBegins' | 'ends' | 'isReleased' | 'isHandedOver' | 'closes'

const TABLE: Readonly<Record<Phase, { readonly [S in Step]?: Phase }>> = {
  connecting: { opens: 'idle', closes: 'closed' },
  idle: { begins: 'head', isHandedOver: 'tunnel', closes: 'closed' },
  head: { bodyBegins: 'body', ends: 'whole', closes: 'closed' },
  body: { ends: 'whole', closes: 'closed' },
  whole: { isReleased: 'idle', isHandedOver: 'tunnel', closes: 'closed' },
  tunnel: { closes: 'closed' },
  closed: { closes: 'closed' },
}

/** Where `step` leads from `phase`. Throws where it leads nowhere: that is a bug of ours, never a peer's doing. */
export function follow(phase: Phase, step: Step): Phase {
  return TABLE[phase][step] ?? takesNoStep(phase, step)
}

/** Takes a step to a state, which must be the one that the step leads to. */
export function advance<State extends { readonly kind: Phase }>(from: State, step: Step, to: State): State {
  if (follow(from.kind, step) !== to.kind) leadsElsewhere(from.kind, step, to.kind)
  return to
}

// Apart, so that what comes six times a request stays small enough to be compiled in place.

function takesNoStep(phase: Phase, step: Step): never {
  throw new Error(`an HTTP/1 connection in phase "${phase}" takes no step "${step}"`)
}

function leadsElsewhere(from: Phase, step: Step, to: Phase): never {
  throw new Error(`step "${step}" leads from "${from}" to "${follow(from, step)}", not to "${to}"`)
}

/** The timeout that runs in each phase of a client's connection; undefined: none does, since the client is not the one to wait for. */
export const CLIENT_TIMEOUTS = {
  connecting: undefined,
  idle: 'keepAliveMs',
  head: 'headMs',
  body: 'bodyMs',
  whole: undefined,
  tunnel: undefined,
  closed: undefined,
} as const satisfies Record<Phase, string | undefined>

/** The same for a backend's. That of 'head' runs once the request has been sent; a connect's is the dialler's. */
export const BACKEND_TIMEOUTS = {
  connecting: undefined,
  idle: 'keepAliveMs',
  head: 'responseMs',
  body: 'idleMs',
  whole: undefined,
  tunnel: undefined,
  closed: undefined,
} as const satisfies Record<Phase, string | undefined>
