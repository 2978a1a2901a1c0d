/**
 * The keys below a prefix of an etcd (v3), each with a member as its value: read in pages, then watched. By its gateway for
 * JSON, which every etcd has; keys and values go in base64, numbers of 64 bits as texts.
 */
import type { Cancel, Clock } from '../clock.ts'
import type { Ask } from '../net/ask.ts'
import type { AskLines } from '../net/lines.ts'
import { type Attempt, type AttemptServices, keepTrying } from './attempts.ts'
import { type JsonObject, isObject, listIn, objectIn, parseJson, parseObject, textIn } from './json.ts'
import { readJsonAnswer } from './json-answer.ts'
import { KeyedEntries, memberEntry, skippedEntry } from './keyed.ts'
import { type Entry, MAX_MEMBERS, type ReadMember } from './listing.ts'
import type { EtcdPolicy } from './policy.ts'
import { fieldsOf, readTls, type ReadPem } from './service.ts'
import type { Source, SourceSink } from './source.ts'

export interface EtcdServices extends AttemptServices {
  readonly clock: Pick<Clock, 'after'>
  readonly ask: Ask
  readonly askLines: AskLines
  readonly readMember: ReadMember
  readonly readPem: ReadPem
}

/** Keys a page: to read their members takes some 5 ms. */
const PAGE = 500
const MAX_PAGE_BYTES = 8 * 1024 ** 2
/** One change may be of many keys. */
const MAX_LINE_BYTES = 4 * 1024 ** 2
/** No member takes more, and a value of etcd may have 1.5 MB. */
const MAX_VALUE_BYTES = 4096
/** Some may hold what is no member. */
const MAX_KEYS = 2 * MAX_MEMBERS
const ANSWER = { maxBytes: MAX_PAGE_BYTES, parse: parseObject, otherwise: 'not JSON' }
const TIMEOUT_MS = 5000
/** A watch without changes says nothing: so the server is asked whether it is there. */
const CHECK_MS = 10_000
/** Then all is read anew: a watch whose connection was lost on the way, where nobody was told, says nothing either. */
const MOST_CHECKS = 30

/** gRPC: the token that was sent has run out, or is another server's. */
const UNAUTHENTICATED = 16

export const etcdSource = (policy: EtcdPolicy, services: EtcdServices): Source => ({
  start: (sink) => {
    let attempts = 0
    return keepTrying(services, sink, (attempt) => {
      const url = policy.endpoints[attempts % policy.endpoints.length] ?? ''
      attempts += 1
      return new Session({ url, policy, services, sink, attempt }).begin()
    })
  },
})

interface SessionOptions {
  readonly url: string
  readonly policy: EtcdPolicy
  readonly services: EtcdServices
  readonly sink: SourceSink
  readonly attempt: Attempt
}

/** One endpoint, until it breaks off. */
class Session {
  private readonly options: SessionOptions
  private readonly entries: KeyedEntries
  private readonly range: { readonly key: string; readonly range_end: string }
  private token: string | undefined = undefined
  private cancelStep: Cancel = () => undefined
  private cancelWatch: Cancel = () => undefined
  private hasListed = false
  private checks = 0

  constructor(options: SessionOptions) {
    this.options = options
    this.entries = new KeyedEntries(options.services.clock, (listing) => options.sink.publish(listing))
    const prefix = Buffer.from(options.policy.prefix)
    this.range = { key: prefix.toString('base64'), range_end: behindAll(prefix).toString('base64') }
  }

  begin(): Cancel {
    const { user } = this.options.policy
    if (user === undefined) this.list(this.range.key, undefined)
    else
      this.post('auth/authenticate', { name: user.name, password: user.password.reveal() }, (answer) => {
        this.token = textIn(answer, 'token')
        this.list(this.range.key, undefined)
      })
    return () => {
      this.cancelStep()
      this.cancelWatch()
      this.entries.stop()
    }
  }

  /** From `key` on, as it all was at `revision`; undefined: as it is. */
  private list(key: string, revision: string | undefined): void {
    this.post('kv/range', { ...this.range, key, limit: String(PAGE), ...(revision && { revision }) }, (answer) => {
      const at = revision ?? textIn(objectIn(answer, 'header'), 'revision')
      if (at === undefined || !/^\d{1,19}$/.test(at))
        return this.options.attempt.failed('answers with what is no list of keys')
      const kvs = listIn(answer, 'kvs')
      const before = this.entries.size
      for (const kv of kvs) this.put(kv)
      const last = kvs.at(-1)
      const lastKey = isObject(last) ? textIn(last, 'key') : undefined
      if (this.isTooLong()) return
      if (answer['more'] !== true) this.follow(at)
      else if (lastKey === undefined || this.entries.size === before)
        this.options.attempt.failed('has more keys, and does not tell them')
      else this.list(behind(lastKey), at)
    })
  }

  /** Then the attempt has failed. */
  private isTooLong(): boolean {
    if (this.entries.size <= MAX_KEYS) return false
    this.options.attempt.failed(`has more than ${MAX_KEYS} keys`)
    return true
  }

  private follow(revision: string): void {
    const { attempt, services } = this.options
    this.hasListed = true
    this.entries.publishNow()
    const start_revision = String(BigInt(revision) + 1n)
    const question = this.questionOf('watch', { create_request: { ...this.range, start_revision, fragment: true } })
    if (question === undefined) return
    this.cancelWatch = services.askLines(
      { ...question, maxLineBytes: MAX_LINE_BYTES },
      {
        opened: () => attempt.works(),
        line: (line) => this.hear(line),
        ended: (end) =>
          end.kind === 'refused'
            ? this.refused(end.status, parseObject(end.body) ?? {})
            : attempt.failed(`breaks off: ${end.detail}`),
      },
    )
    this.checkLater()
  }

  /** What a watch says. */
  private hear(line: string): void {
    const { attempt } = this.options
    const said = parseObject(line)
    if (said === undefined) return attempt.failed('says what is not JSON')
    if ('error' in said) return this.refused(0, isObject(said['error']) ? said['error'] : said)
    const result = objectIn(said, 'result')
    // What came since is not to be had any more: it is all read again.
    if (result['compact_revision'] !== undefined) return attempt.again()
    if (result['canceled'] === true) return attempt.failed(textIn(result, 'cancel_reason') ?? 'ends the watch')
    const events = listIn(result, 'events')
    for (const event of events) if (isObject(event)) this.change(event)
    if (this.isTooLong()) return
    if (events.length > 0) this.entries.publishSoon()
  }

  private change(event: JsonObject): void {
    const kv = event['kv']
    if (event['type'] !== 'DELETE') return this.put(kv)
    const key = isObject(kv) ? textIn(kv, 'key') : undefined
    if (key !== undefined) this.entries.delete(textOf(key))
  }

  private put(kv: unknown): void {
    const key = isObject(kv) ? textIn(kv, 'key') : undefined
    if (!isObject(kv) || key === undefined) return
    const name = textOf(key)
    this.entries.set(name, [entryOf(name, textIn(kv, 'value') ?? '', this.options.services.readMember)])
  }

  private checkLater(): void {
    const { attempt, services, sink } = this.options
    this.cancelStep = services.clock.after(CHECK_MS, () => {
      this.checks += 1
      if (this.checks > MOST_CHECKS) return attempt.again()
      this.post('kv/range', { ...this.range, count_only: true }, () => {
        sink.confirm()
        this.checkLater()
      })
    })
  }

  private post(path: string, body: JsonObject, heard: (answer: JsonObject) => void): void {
    const question = this.questionOf(path, body)
    if (question === undefined) return
    this.cancelStep = this.options.services.ask({ ...question, maxBodyBytes: MAX_PAGE_BYTES }, (answer) => {
      const read = readJsonAnswer(answer, ANSWER)
      if (read.kind === 'said') heard(read.said)
      else if (read.kind === 'fault') this.options.attempt.failed(read.reason)
      else this.refused(read.status, read.said)
    })
  }

  /** undefined: there is none, and the attempt has failed. */
  private questionOf(path: string, body: JsonObject) {
    const { url, policy, services, attempt } = this.options
    const found = readTls(policy.tls, services.readPem)
    if (found.kind === 'fault') {
      attempt.failed(found.reason)
      return undefined
    }
    const fields = [['content-type', 'application/json'] as const]
    return {
      url: new URL(`/v3/${path}`, url).href,
      fields: fieldsOf([], this.token === undefined ? fields : [...fields, ['authorization', this.token]]),
      body: JSON.stringify(body),
      tls: found.tls,
      timeoutMs: TIMEOUT_MS,
    }
  }

  private refused(status: number, { code, grpc_code: grpcCode, message }: JsonObject): void {
    const { attempt } = this.options
    // A token of a while ago has run out.
    if ((code === UNAUTHENTICATED || grpcCode === UNAUTHENTICATED) && this.hasListed) return attempt.again()
    attempt.failed(typeof message === 'string' ? message : `answers with ${status}`)
  }
}

const textOf = (base64: string): string => Buffer.from(base64, 'base64').toString()

/** The first key behind all that begin with `prefix`; it is not empty, and UTF-8 has no byte 255. */
function behindAll(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix)
  const last = end.length - 1
  end[last] = (end[last] ?? 0) + 1
  return end
}

/** The first key behind this one. */
const behind = (base64: string): string =>
  Buffer.concat([Buffer.from(base64, 'base64'), Buffer.of(0)]).toString('base64')

/** A value in base64: a member in JSON, or the URL alone. */
function entryOf(key: string, value: string, readMember: ReadMember): Entry {
  if (value.length > (MAX_VALUE_BYTES * 4) / 3) return skippedEntry(key, `is longer than ${MAX_VALUE_BYTES} bytes`)
  const text = textOf(value)
  const written: unknown = /^\s*[{"]/.test(text) ? parseJson(text) : text.trim()
  if (written === undefined) return skippedEntry(key, 'is not JSON')
  const read = readMember(written)
  return read.kind === 'member' ? memberEntry(read.member) : skippedEntry(key, read.reason)
}
