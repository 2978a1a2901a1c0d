/** Asks a rule of admission about a request: no exchange, no socket. */
import type { Admission, Asked, Subject, Verdict } from '../../core/admission/admission.ts'
import { createIdentify } from '../../core/forward/identify.ts'
import { parseRequest } from './http1-heads.ts'
import { peerAt } from './peer-at.ts'

export interface Question {
  /** Field lines with CRLF each. */
  readonly lines?: string
  /** Method and target. */
  readonly request?: string
  /** Of the peer. */
  readonly from?: string
  readonly isTrusted?: (address: string) => boolean
  readonly now?: number
}

export interface Answer {
  readonly verdict: Verdict
  /** Who it has been shown to come from. */
  readonly subject: () => Subject | undefined
}

export function askRule(rule: Admission, question: Question = {}): Answer {
  const { lines = '', request = 'GET /', from = '192.0.2.1', isTrusted = () => false, now = 0 } = question
  const head = () => parseRequest(`${request} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`)
  const asked = {
    client: { peer: peerAt(from), readHead: head, limitBody: () => undefined },
    identity: peerAt(from).identityBy(createIdentify(isTrusted)),
    subject: undefined as Subject | undefined,
    now: () => now,
  }
  const verdict = rule.admit(asked as unknown as Asked, head(), now)
  return { verdict, subject: () => asked.subject }
}

/** 'admitted', 'later', or the status of the refusal. */
export const kindOf = ({ verdict }: Answer): string | number =>
  verdict.kind === 'refused' ? verdict.problem.status : verdict.kind
