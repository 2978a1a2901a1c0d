/** A fleet's config at a URL: asked for again and again, with the ETag of the last answer. It is only read. */
import type { Cancel, Clock } from '../clock.ts'
import { jittered, retryMs } from '../discovery/pace.ts'
import { fieldsOf, readTls, type ReadPem } from '../discovery/service.ts'
import type { Answer, Ask, Question } from '../net/ask.ts'
import type { Random } from '../random.ts'
import type { SourceAddress } from './address.ts'
import type { ConfigStore, Fault, Held, ValueSink } from './store.ts'

export interface HttpStoreServices {
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly random: Random
  readonly ask: Ask
  readonly readPem: ReadPem
}

/** From one question to the next. */
const INTERVAL_MS = 5000
const TIMEOUT_MS = 10_000
/** A config, and the one before while it is not for all nodes, as JSON texts. */
const MAX_BYTES = 16 * 1024 ** 2

export const httpStore = (source: SourceAddress, services: HttpStoreServices): ConfigStore => ({
  name: source.name,
  follow: (sink) => followUrl(source, services, sink),
  read: () =>
    new Promise((resolve) => {
      const question = questionOf(source, services.readPem, undefined)
      if (question.kind === 'fault') resolve(question)
      else services.ask(question, (answer) => resolve(heldBy(answer)))
    }),
  shared: undefined,
})

function heldBy(answer: Answer): Held {
  if (answer.kind === 'failed') return { kind: 'fault', reason: `cannot be asked: ${answer.detail}` }
  const { status, body, fields } = answer
  if (status === 404 || status === 410) return { kind: 'absent' }
  if (status !== 200) return { kind: 'fault', reason: `answers with ${status}` }
  if (body === undefined) return { kind: 'fault', reason: `answers with more than ${MAX_BYTES} bytes` }
  return { kind: 'held', value: body.toString(), version: fields.get('etag') ?? '' }
}

function questionOf(
  { endpoints: [url = ''], user, token, tls }: SourceAddress,
  readPem: ReadPem,
  etag: string | undefined,
): ({ readonly kind: 'question' } & Question) | Fault {
  const found = readTls(tls, readPem)
  if (found.kind === 'fault') return found
  const basic = user && `Basic ${Buffer.from(`${user.name}:${user.password.reveal()}`).toString('base64')}`
  const authorization = token === undefined ? basic : `Bearer ${token.reveal()}`
  const fields = fieldsOf(
    [],
    [
      ...(authorization === undefined ? [] : [['authorization', authorization] as const]),
      ...(etag === undefined ? [] : [['if-none-match', etag] as const]),
    ],
  )
  return { kind: 'question', url, fields, tls: found.tls, timeoutMs: TIMEOUT_MS, maxBodyBytes: MAX_BYTES }
}

function followUrl(source: SourceAddress, { clock, random, ask, readPem }: HttpStoreServices, sink: ValueSink): Cancel {
  let known: { readonly value: string; readonly etag: string | undefined } | undefined
  let failures = 0
  let askedAt = 0
  let cancel: Cancel = () => undefined

  function poll(): void {
    askedAt = clock.now()
    const question = questionOf(source, readPem, known?.etag)
    if (question.kind === 'fault') return fail(question.reason)
    cancel = ask(question, hear)
  }

  function hear(answer: Answer): void {
    if (answer.kind === 'answered' && answer.status === 304 && known !== undefined) {
      goOn()
      return sink.confirm()
    }
    const held = heldBy(answer)
    if (held.kind === 'fault') return fail(held.reason)
    if (held.kind === 'absent') return fail('has no such file')
    known = { value: held.value, etag: held.version || undefined }
    goOn()
    sink.value(held.value)
  }

  function goOn(): void {
    failures = 0
    again(Math.max(0, askedAt + INTERVAL_MS - clock.now()))
  }

  function fail(reason: string): void {
    failures += 1
    again(Math.max(INTERVAL_MS, retryMs(failures)))
    sink.lose(reason)
  }

  const again = (ms: number): void => void (cancel = clock.after(jittered(ms, random), poll))

  poll()
  return () => cancel()
}
