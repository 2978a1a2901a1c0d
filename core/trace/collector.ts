/**
 * Spans on their way to a collector: gathered and posted in batches, one under way at a time, within bounds of memory and time.
 * What cannot be kept until it is taken is counted and gone, the newest first; nobody waits for any of it.
 */
import type { Cancel, Clock } from '../clock.ts'
import { parseRetryAfter } from '../http1/retry-after.ts'
import type { Answer, Ask } from '../net/ask.ts'
import type { EdgeCounters } from '../observe/counters.ts'
import type { Emit } from '../observe/events.ts'
import { Reach, serviceName } from '../reach.ts'
import { type Envelope, rejectedBy, type Rejection } from './otlp.ts'
import type { CollectorPolicy } from './policy.ts'

export interface CollectorOptions {
  readonly policy: Pick<CollectorPolicy, 'endpoint' | 'headers' | 'timeoutMs'>
  readonly envelope: Envelope
  readonly ask: Ask
  readonly clock: Clock
  readonly counters: Pick<EdgeCounters, 'traceSpans' | 'traceSpansLostToBacklog' | 'traceSpansLostToFailure'>
  readonly emit: Emit
}

/** How long a span waits for others to be sent with. */
const GATHER_MS = 1000
/** Sent at once: some 256 spans, which are put together in well under a millisecond. */
const BATCH_CHARS = 256 * 1024
/** All that is kept, the batch under way included: some 4000 spans. */
const MAX_CHARS = 4 * 1024 * 1024
/** Of an answer: `partialSuccess` is all that it may say. */
const MAX_ANSWER_BYTES = 64 * 1024
/** How often a batch is sent in all, and the wait before the second time; it doubles. */
const ATTEMPTS = 4
const BACKOFF_MS = 1000
const MAX_WAIT_MS = 30_000
/** Without a failure, until it counts as well again. */
const QUIET_MS = 10_000

/** OTLP/HTTP, "Retryable Response Codes": for all others another try is of no use. */
const RETRYABLE = new Set([429, 502, 503, 504])

interface Batch {
  readonly spans: readonly string[]
  readonly chars: number
  readonly attempt: number
}

/** What became of a batch. `waitMs`: what the collector asks for before it is sent again. */
type Result = { readonly kind: 'taken'; readonly rejected: Rejection | undefined } | Failed

interface Failed {
  readonly kind: 'failed'
  readonly reason: string
  readonly again: boolean
  readonly waitMs: number | undefined
}

export class Collector {
  private readonly options: CollectorOptions
  private readonly reach: Reach
  private spans: string[] = []
  private chars = 0
  private underWay: Batch | undefined = undefined
  /** Gathering, or the wait before another try; undefined: neither. */
  private wait: { readonly cancel: Cancel; readonly goOn: () => void } | undefined = undefined
  private cancelAsking: Cancel | undefined = undefined
  private onEmpty: (() => void) | undefined = undefined

  constructor(options: CollectorOptions) {
    const { clock, emit, policy } = options
    const to = serviceName(policy.endpoint)
    this.options = options
    this.reach = new Reach({
      clock,
      quietMs: QUIET_MS,
      onAway: (reason) => emit({ kind: 'traces-away', to, reason }),
      onBack: (lost) => emit({ kind: 'traces-back', to, lost }),
    })
  }

  /** `span`: as `encodeSpan` writes it. */
  send(span: string): void {
    if (this.chars + (this.underWay?.chars ?? 0) + span.length > MAX_CHARS) {
      this.options.counters.traceSpansLostToBacklog += 1
      this.reach.failed('it is too slow', 1)
      return
    }
    this.spans.push(span)
    this.chars += span.length
    if (this.underWay !== undefined) return
    if (this.chars >= BATCH_CHARS) this.flush()
    else if (this.wait === undefined) this.after(GATHER_MS, () => this.flush())
  }

  /** Resolves when all are taken or lost, `withinMs` from now at the latest. Nothing may be sent after it. */
  async end(withinMs: number): Promise<void> {
    const done = Promise.withResolvers<void>()
    this.onEmpty = done.resolve
    const cancel = this.options.clock.after(withinMs, done.resolve)
    if (this.wait !== undefined) this.hurry(this.wait)
    else if (this.underWay === undefined) done.resolve()
    await done.promise
    cancel()
    this.stop()
  }

  /** At once: what is there is lost. */
  stop(): void {
    this.wait?.cancel()
    this.cancelAsking?.()
    this.options.counters.traceSpansLostToFailure += this.spans.length + (this.underWay?.spans.length ?? 0)
    this.spans = []
    this.chars = 0
    this.underWay = undefined
    this.wait = undefined
    this.cancelAsking = undefined
  }

  private after(ms: number, goOn: () => void): void {
    const cancel = this.options.clock.after(ms, () => {
      this.wait = undefined
      goOn()
    })
    this.wait = { cancel, goOn }
  }

  private hurry({ cancel, goOn }: NonNullable<typeof this.wait>): void {
    cancel()
    this.wait = undefined
    goOn()
  }

  private flush(): void {
    this.wait?.cancel()
    this.wait = undefined
    if (this.spans.length > 0) this.post({ ...this.take(), attempt: 1 })
    else this.onEmpty?.()
  }

  /** The oldest. */
  private take(): Pick<Batch, 'spans' | 'chars'> {
    let [count, chars] = [0, 0]
    while (count < this.spans.length && chars < BATCH_CHARS) chars += (this.spans[count++] as string).length
    const spans = this.spans.splice(0, count)
    this.chars -= chars
    return { spans, chars }
  }

  private post(batch: Batch): void {
    const { ask, clock, envelope, policy } = this.options
    this.underWay = batch
    const own = policy.headers.map(({ name, value }) => [name, value.reveal()] as const)
    const question = {
      url: policy.endpoint,
      fields: [['content-type', 'application/json'] as const, ...own],
      body: envelope.head + batch.spans.join(',') + envelope.tail,
      timeoutMs: policy.timeoutMs,
      maxBodyBytes: MAX_ANSWER_BYTES,
    }
    this.cancelAsking = ask(question, (answer) => {
      this.cancelAsking = undefined
      this.settle(batch, resultOf(answer, clock.wallTime()))
    })
  }

  private settle(batch: Batch, result: Result): void {
    if (result.kind === 'failed' && result.again && batch.attempt < ATTEMPTS && this.onEmpty === undefined) {
      this.tryAgain(batch, result)
      return
    }
    if (result.kind === 'failed') this.lose(batch.spans.length, result.reason)
    else this.count(batch.spans.length, result.rejected)
    this.underWay = undefined
    if (this.chars >= BATCH_CHARS || this.onEmpty !== undefined) this.flush()
    else if (this.spans.length > 0) this.after(GATHER_MS, () => this.flush())
  }

  private tryAgain(batch: Batch, { reason, waitMs = 0 }: Failed): void {
    // A connection may have died while nothing was sent, which is no news.
    if (batch.attempt > 1) this.reach.failed(reason)
    const backoffMs = BACKOFF_MS * 2 ** (batch.attempt - 1)
    const next = { ...batch, attempt: batch.attempt + 1 }
    this.after(Math.min(Math.max(waitMs, backoffMs), MAX_WAIT_MS), () => this.post(next))
  }

  private count(spans: number, rejection: Rejection | undefined): void {
    const rejected = Math.min(rejection?.count ?? 0, spans)
    this.options.counters.traceSpans += spans - rejected
    if (rejected === 0) this.reach.answered()
    else this.lose(rejected, `it rejects spans: ${rejection?.reason ?? ''}`)
  }

  private lose(count: number, reason: string): void {
    this.options.counters.traceSpansLostToFailure += count
    this.reach.failed(reason, count)
  }
}

function resultOf(answer: Answer, wallTime: number): Result {
  if (answer.kind === 'failed') return { kind: 'failed', reason: answer.detail, again: true, waitMs: undefined }
  const { status, body, fields } = answer
  if (status >= 200 && status < 300) return { kind: 'taken', rejected: rejectedBy(body?.toString() ?? '') }
  const wait = fields.get('retry-after')
  return {
    kind: 'failed',
    reason: `it answers ${status}`,
    again: RETRYABLE.has(status),
    waitMs: wait === null ? undefined : parseRetryAfter(wait, wallTime),
  }
}
