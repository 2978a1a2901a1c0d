/** Requests as those see them who decide over them: without sockets, of whom and what a test says. */
import type { Asked } from '../../core/admission/admission.ts'
import { createIdentify } from '../../core/forward/identify.ts'
import type { RequestHead } from '../../core/http1/request-head.ts'
import type { Peer } from '../../core/stream/peer.ts'
import { parseRequest } from './http1-heads.ts'
import { peerAt } from './peer-at.ts'

export interface AskedOptions {
  /** Of the peer; '' on a Unix socket. */
  readonly address?: string
  readonly peer?: Peer
  /** Addresses whose X-Forwarded-For is believed. */
  readonly trusted?: readonly string[]
  readonly subject?: string
  /** Field lines with CRLF each. */
  readonly lines?: string
}

export interface Request {
  readonly asked: Asked
  readonly head: RequestHead
}

export function makeRequest(options: AskedOptions = {}): Request {
  const { address = '192.0.2.1', trusted = [], subject, lines = '' } = options
  const peer = options.peer ?? peerAt(address)
  const identity = peer.identityBy(createIdentify((one) => trusted.includes(one)))
  const client = { peer } as Asked['client']
  return {
    asked: { client, identity, subject: subject === undefined ? undefined : { key: subject }, now: () => 0 },
    head: parseRequest(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`),
  }
}
