/**
 * Consul, asked over HTTP; and its blocking queries: a question with the index of the last answer is answered once something
 * has changed, or after a while. The rules for that index are Consul's own: what goes backwards, or is none, begins at 0.
 */
import type { Cancel, Clock } from '../clock.ts'
import type { Ask } from '../net/ask.ts'
import type { Secret } from '../secrets.ts'
import type { Attempt } from './attempts.ts'
import { type Expected, readJsonAnswer } from './json-answer.ts'
import type { TlsFiles } from './policy.ts'
import { fieldsOf, readTls, type ReadPem } from './service.ts'

export interface ConsulServer {
  /** The URL of an agent or a server. */
  readonly address: string
  readonly token: Secret | undefined
  readonly tls: TlsFiles | undefined
}

export interface ConsulClientServices {
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly ask: Ask
  readonly readPem: ReadPem
}

export interface Blocking<T> {
  readonly server: ConsulServer
  /** Without `index` and `wait`. */
  readonly url: URL
  readonly expected: Expected<T>
  /** What a token that Consul refuses may not do, in words. */
  readonly denied: string
  readonly services: ConsulClientServices
  readonly attempt: Attempt
  /** Something may have changed. */
  readonly said: (answer: T) => void
  /** Nothing has. */
  readonly confirm: () => void
  /** There is nothing there (404); absent: that is a failure as any other. */
  readonly absent?: () => void
}

/** How long Consul may wait for a change; it adds up to a sixteenth of that. */
const WAIT_MS = 30_000
const TIMEOUT_MS = WAIT_MS + WAIT_MS / 16 + 10_000
/** From one question to the next: an index may rise for what has nothing to do with what is asked for. */
const MIN_INTERVAL_MS = 100

/** What is sent to a server, whatever it is asked; a fault where its certificates cannot be read. */
export function toConsul({ token, tls }: ConsulServer, readPem: ReadPem) {
  const found = readTls(tls, readPem)
  if (found.kind === 'fault') return found
  const fields = fieldsOf(token === undefined ? [] : [{ name: 'x-consul-token', value: token }])
  return { kind: 'sent', fields, tls: found.tls } as const
}

/** Asks again and again until the attempt ends. */
export function blockOn<T>(blocking: Blocking<T>): Cancel {
  const { server, url, expected, denied, services, attempt } = blocking
  const { clock, ask, readPem } = services
  let index = 0
  let askedAt = 0
  let cancel: Cancel = () => undefined

  function poll(): void {
    askedAt = clock.now()
    const sent = toConsul(server, readPem)
    if (sent.kind === 'fault') return attempt.failed(sent.reason)
    const question = { url: withIndex(url, index), fields: sent.fields, tls: sent.tls }
    cancel = ask({ ...question, timeoutMs: TIMEOUT_MS, maxBodyBytes: expected.maxBytes }, (answer) =>
      hear(readJsonAnswer(answer, expected)),
    )
  }

  function hear(read: ReturnType<typeof readJsonAnswer<T>>): void {
    if (read.kind === 'fault') return attempt.failed(read.reason)
    const isAbsent = read.kind === 'refused' && read.status === 404 && blocking.absent !== undefined
    if (read.kind === 'refused' && !isAbsent) return attempt.failed(refusal(read.status, denied))
    attempt.works()
    const told = indexIn(read.fields)
    const isSame = index !== 0 && told === index
    index = told < index ? 0 : told
    cancel = clock.after(Math.max(0, askedAt + MIN_INTERVAL_MS - clock.now()), poll)
    // One that was asked in full is told in full.
    if (isSame) return blocking.confirm()
    if (read.kind === 'said') blocking.said(read.said)
    else blocking.absent?.()
  }

  poll()
  return () => cancel()
}

function withIndex(url: URL, index: number): string {
  if (index === 0) return url.href
  const asked = new URL(url)
  asked.searchParams.set('index', String(index))
  asked.searchParams.set('wait', `${WAIT_MS / 1000}s`)
  return asked.href
}

export const refusal = (status: number, denied: string): string =>
  `answers with ${status}${status === 403 ? `: ${denied}` : ''}`

function indexIn(fields: Headers): number {
  const index = Number(fields.get('x-consul-index'))
  return Number.isSafeInteger(index) && index > 0 ? index : 0
}
