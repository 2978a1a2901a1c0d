/**
 * The states of a stream (RFC 9113 5.1), and which step leads from one to the next: one table for both sides, as they see
 * it. 'idle' is a stream that has not begun, which has no object; reserved ones do not occur, since nothing is pushed.
 */

export type StreamState = 'open' | 'remoteEnded' | 'localEnded' | 'closed'

/** 'remoteEnds': END_STREAM came. 'localEnds': it was sent. 'resets': RST_STREAM went either way, or the connection is gone. */
export type StreamStep = 'remoteEnds' | 'localEnds' | 'resets'

const TABLE: Readonly<Record<StreamState, { readonly [S in StreamStep]?: StreamState }>> = {
  open: { remoteEnds: 'remoteEnded', localEnds: 'localEnded', resets: 'closed' },
  remoteEnded: { localEnds: 'closed', resets: 'closed' },
  localEnded: { remoteEnds: 'closed', resets: 'closed' },
  closed: { resets: 'closed' },
}

/** Where `step` leads. Throws where it leads nowhere: that is a bug of ours; what a peer may send is asked before. */
export function followStream(state: StreamState, step: StreamStep): StreamState {
  const next = TABLE[state][step]
  if (next === undefined) throw new Error(`a stream that is "${state}" takes no step "${step}"`)
  return next
}
