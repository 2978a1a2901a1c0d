/**
 * Speaks with one CA: nonces, signatures, time-outs, and what an answer's status and problem document mean. Redirects are
 * not followed: a CA that moves says so in its directory (RFC 8555 7.1.1).
 */
import type { Clock } from '../clock.ts'
import { parseJson } from '../discovery/json.ts'
import type { Answer, Ask } from '../net/ask.ts'
import type { ServiceTls } from '../net/service-request.ts'
import { VERSION } from '../version.ts'
import { type Directory, readDirectory, readProblem } from './answers.ts'
import { type AcmeFault, fault, inWords } from './fault.ts'
import { type AccountKey, signRequest } from './jws.ts'

/** CAs take a while over some. */
const TIMEOUT_MS = 30_000
const MAX_JSON_BYTES = 64 * 1024
/** Three certificates are usual, of 2 KB each. */
const MAX_CHAIN_BYTES = 128 * 1024
/** A CA may refuse a nonce that was good (RFC 8555 6.5); one that refuses every nonce is not asked for ever. */
const MAX_NONCES = 10
/** Bounds what a CA may have us wait. */
const MAX_RETRY_AFTER_MS = 7 * 24 * 3600 * 1000

export interface Reply {
  readonly kind: 'reply'
  readonly status: number
  /** The resource that was made. */
  readonly location: string | undefined
  /** undefined: it did not say. */
  readonly retryAfterMs: number | undefined
  readonly body: Buffer
}

export type Heard = Reply | { readonly kind: 'fault'; readonly fault: AcmeFault }

export interface SessionOptions {
  /** URL. */
  readonly directory: string
  readonly key: AccountKey
  readonly ask: Ask
  readonly clock: Pick<Clock, 'wallTime'>
  /** Whom a CA of one's own is trusted by; undefined: whom the system trusts. */
  readonly tls: ServiceTls | undefined
  /** Told by how many ms the CA's clock is ahead of ours, each time that it says. */
  readonly onClock: (aheadMs: number) => void
}

export interface Post {
  readonly url: string
  /** undefined: the key itself is shown. */
  readonly account: string | undefined
  /** undefined: it is only asked for. */
  readonly payload: object | undefined
}

export class Session {
  private readonly options: SessionOptions
  private readonly nonces: string[] = []

  constructor(options: SessionOptions) {
    this.options = options
  }

  async directory(): Promise<{ readonly kind: 'directory'; readonly directory: Directory } | Heard> {
    const { directory: url } = this.options
    const heard = await this.get(url)
    if (heard.kind === 'fault') return heard
    const directory = readDirectory(jsonOf(heard.body), url)
    return directory === undefined
      ? { kind: 'fault', fault: fault('nonsense', 'what it answered is no ACME directory') }
      : { kind: 'directory', directory }
  }

  /** Of 2xx alone; whatever else is a fault. */
  async get(url: string): Promise<Heard> {
    return this.judge(await this.send({ url, maxBodyBytes: MAX_JSON_BYTES }))
  }

  /** Signed, and signed anew where the CA did not like the nonce. */
  async post(directory: Directory, post: Post): Promise<Heard> {
    for (let tries = 1; ; tries += 1) {
      const nonce = this.nonces.pop() ?? (await this.newNonce(directory))
      if (typeof nonce !== 'string') return { kind: 'fault', fault: nonce }
      const body = await signRequest({ ...post, nonce }, this.options.key)
      const heard = this.judge(await this.send({ url: post.url, body, maxBodyBytes: MAX_CHAIN_BYTES }))
      if (heard.kind === 'reply' || heard.fault.type !== 'badNonce' || tries >= MAX_NONCES) return heard
    }
  }

  private async newNonce(directory: Directory): Promise<string | AcmeFault> {
    const heard = this.judge(await this.send({ url: directory.newNonce, maxBodyBytes: MAX_JSON_BYTES }))
    if (heard.kind === 'fault') return heard.fault
    return this.nonces.pop() ?? fault('nonsense', 'it gave no nonce')
  }

  private send(question: { url: string; body?: string; maxBodyBytes: number }): Promise<Answer> {
    const { ask, tls } = this.options
    const type = question.body === undefined ? [] : [['content-type', 'application/jose+json'] as const]
    const fields = [['user-agent', `smartedge/${VERSION}`] as const, ['accept-encoding', 'identity'] as const, ...type]
    const { promise, resolve } = Promise.withResolvers<Answer>()
    ask({ ...question, fields, tls, timeoutMs: TIMEOUT_MS }, resolve)
    return promise
  }

  private judge(answer: Answer): Heard {
    if (answer.kind === 'failed') return { kind: 'fault', fault: fault('away', answer.detail) }
    const { status, fields, body } = answer
    this.note(fields)
    if (body === undefined) return { kind: 'fault', fault: fault('nonsense', 'its answer is too long') }
    const retryAfterMs = this.retryAfter(fields.get('retry-after'))
    if (status >= 200 && status < 300)
      return { kind: 'reply', status, location: fields.get('location') ?? undefined, retryAfterMs, body }
    return { kind: 'fault', fault: faultOf(status, body, retryAfterMs) }
  }

  private note(fields: Headers): void {
    const nonce = fields.get('replay-nonce')
    if (nonce !== null && /^[A-Za-z0-9_-]{1,512}$/.test(nonce)) this.nonces.splice(0, Infinity, nonce)
    const date = Date.parse(fields.get('date') ?? '')
    if (!Number.isNaN(date)) this.options.onClock(date - this.options.clock.wallTime())
  }

  /** Seconds, or a date (RFC 9110 10.2.3), which counts by the CA's own clock as ours counts its own. */
  private retryAfter(written: string | null): number | undefined {
    if (written === null) return undefined
    const ms = /^\d+$/.test(written) ? Number(written) * 1000 : Date.parse(written) - this.options.clock.wallTime()
    return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS)
  }
}

function faultOf(status: number, body: Buffer, retryAfterMs: number | undefined): AcmeFault {
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs }
  const problem = readProblem(jsonOf(body))
  if (problem === undefined) {
    const kind = status >= 500 || status === 429 ? 'away' : 'nonsense'
    return { ...fault(kind, `it answered ${status} without saying why`), ...wait }
  }
  const { type, detail } = problem
  const isLimit = type === 'rateLimited' || status === 429
  const kind = isLimit ? 'limited' : status >= 500 ? 'away' : 'refused'
  return { kind, type, detail: inWords(detail), ...wait }
}

/** undefined: it is none. */
export const jsonOf = (body: Buffer): unknown => parseJson(body.toString())
