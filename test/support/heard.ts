/** A request that somebody decides over, as far as they look at it. */
import type { Admission, Asked, Verdict } from '../../core/admission/admission.ts'
import { type ClientIdentity, createIdentify } from '../../core/forward/identify.ts'
import { parseRequest } from './http1-heads.ts'
import { peerAt } from './peer-at.ts'

/** Whom a peer of that address is taken for; `isTrusted`: it is a trusted proxy. */
export const identityOf = (address = '192.0.2.1', isTrusted = false): ClientIdentity =>
  createIdentify((other) => isTrusted && other === address)(peerAt(address))

export function askedBy(clock: { now(): number }, identity: ClientIdentity = identityOf()): Asked {
  return { client: undefined as never, identity, subject: undefined, now: () => clock.now() }
}

/** What is heard of one request. */
export interface Heard {
  readonly asked: Asked
  /** undefined: nothing yet. */
  verdict: Verdict | undefined
  /** For who waits no more; undefined: it was decided at once. */
  readonly cancel: (() => void) | undefined
}

/** Asks an admission about a request of these lines, each with CRLF. */
export function admit(admission: Admission, asked: Asked, lines = '', line = 'GET / HTTP/1.1'): Heard {
  const head = parseRequest(`${line}\r\nHost: a.example\r\n${lines}\r\n`)
  const first = admission.admit(asked, head, asked.now())
  if (first.kind !== 'later') return { asked, verdict: first, cancel: undefined }
  const heard: { verdict: Verdict | undefined } = { verdict: undefined }
  const cancel = first.wait((verdict) => {
    if (heard.verdict !== undefined) throw new Error('decided twice')
    heard.verdict = verdict
  })
  return {
    asked,
    get verdict() {
      return heard.verdict
    },
    cancel,
  }
}

/** A verdict in short: what it is, or the status of its refusal. */
export const short = ({ verdict }: Heard): string | number | undefined =>
  verdict?.kind === 'refused' ? verdict.problem.status : verdict?.kind
