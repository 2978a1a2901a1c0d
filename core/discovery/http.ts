/**
 * A URL whose answer is a list of members: asked for again and again, with the ETag of the last answer, so that a server that
 * knows ETags says no more than that nothing has changed. One that can hold its answer back until something has (a long
 * poll) is asked for that as RFC 7240 has it: `Prefer: wait=…`.
 */
import type { Cancel, Clock } from '../clock.ts'
import type { Answer, Ask } from '../net/ask.ts'
import type { Random } from '../random.ts'
import { listReader, type ListReading, MAX_LIST_BYTES, parseJsonList } from './json-list.ts'
import { jittered, retryMs } from './pace.ts'
import type { HttpPolicy } from './policy.ts'
import { fieldsOf, readTls, type ReadPem } from './service.ts'
import type { Source, SourceSink } from './source.ts'

export interface HttpServices extends ListReading {
  readonly clock: Pick<Clock, 'now' | 'after' | 'soon'>
  readonly random: Random
  readonly ask: Ask
  readonly readPem: ReadPem
}

/** For an answer, besides what it may be held back. */
const TIMEOUT_MS = 10_000

export const httpSource = (policy: HttpPolicy, services: HttpServices): Source => ({
  start: (sink) => followUrl(policy, services, sink),
})

function followUrl(policy: HttpPolicy, services: HttpServices, sink: SourceSink): Cancel {
  const { clock, random, ask, readPem } = services
  const holdMs = policy.holdMs ?? 0
  /** The last answer that was a list. */
  let known: { readonly text: string; readonly etag: string | null } | undefined
  let failures = 0
  let askedAt = 0
  let cancel: Cancel = () => undefined
  const reader = listReader(services, (listing) => sink.publish(listing))

  function poll(): void {
    askedAt = clock.now()
    const found = readTls(policy.tls, readPem)
    if (found.kind === 'fault') return fail(found.reason)
    const conditions = [
      ...(typeof known?.etag === 'string' ? [['if-none-match', known.etag] as const] : []),
      // The first answer is wanted at once.
      ...(holdMs > 0 && known !== undefined ? [['prefer', `wait=${Math.ceil(holdMs / 1000)}`] as const] : []),
    ]
    const question = {
      url: policy.url,
      fields: fieldsOf(policy.fields, conditions),
      tls: found.tls,
      timeoutMs: TIMEOUT_MS + holdMs,
      maxBodyBytes: MAX_LIST_BYTES,
    }
    cancel = ask(question, hear)
  }

  function hear(answer: Answer): void {
    if (answer.kind === 'failed') return fail(`cannot be asked: ${answer.detail}`)
    const { status, body, fields } = answer
    if (status === 304 && known !== undefined) return confirm()
    if (status !== 200) return fail(`answers with ${status}`)
    if (body === undefined) return fail(`answers with more than ${MAX_LIST_BYTES} bytes`)
    const text = body.toString()
    if (text === known?.text) return confirm()
    const list = parseJsonList(text)
    if (list.kind === 'fault') return fail(list.reason)
    known = { text, etag: fields.get('etag') }
    goOn()
    reader.read(list.items)
  }

  function confirm(): void {
    goOn()
    sink.confirm()
  }

  function goOn(): void {
    failures = 0
    again(Math.max(0, askedAt + policy.intervalMs - clock.now()))
  }

  function fail(reason: string): void {
    failures += 1
    again(Math.max(policy.intervalMs, retryMs(failures)))
    known = undefined
    sink.lose(reason)
  }

  function again(ms: number): void {
    cancel = clock.after(jittered(ms, random), poll)
  }

  poll()
  return () => {
    cancel()
    reader.stop()
  }
}
