/** The keys of an etcd within a range: read in pages, then watched, until the endpoint breaks off. */
import type { Cancel, Clock } from '../clock.ts'
import type { AskLines } from '../net/lines.ts'
import type { Attempt } from './attempts.ts'
import {
  EtcdClient,
  type EtcdClientServices,
  type EtcdEndpoint,
  fromBase64,
  refusalOf,
  toBase64,
} from './etcd-client.ts'
import { isObject, type JsonObject, listIn, objectIn, parseObject, textIn } from './json.ts'

export interface EtcdWatchServices extends EtcdClientServices {
  readonly clock: Pick<Clock, 'after'>
  readonly askLines: AskLines
}

/** In base64. */
export interface KeyRange {
  readonly key: string
  /** Absent: `key` alone. */
  readonly range_end?: string
}

/** Told what the range holds. */
export interface KeySink {
  /** How many keys are held; what etcd lists must make them more, page by page. */
  readonly size: number
  put(key: string, kv: JsonObject): void
  delete(key: string): void
  /** All keys there are were put. */
  listed(): void
  /** Some were put or deleted since. */
  changed(): void
  /** Nothing has changed, and etcd is there. */
  confirm(): void
}

export interface EtcdWatchOptions {
  readonly endpoint: EtcdEndpoint
  readonly range: KeyRange
  readonly maxKeys: number
  /** One change may be of many keys. */
  readonly maxLineBytes: number
  readonly services: EtcdWatchServices
  readonly attempt: Attempt
  readonly sink: KeySink
}

/** Keys a page: to read their members takes some 5 ms. */
const PAGE = 500
/** A watch without changes says nothing: so the server is asked whether it is there. */
const CHECK_MS = 10_000
/** Then all is read anew: a watch whose connection was lost on the way, where nobody was told, says nothing either. */
const MOST_CHECKS = 30

export function watchEtcd(options: EtcdWatchOptions): Cancel {
  const watch = new Watch(options)
  watch.list(options.range.key, undefined)
  return () => watch.stop()
}

class Watch {
  private readonly options: EtcdWatchOptions
  private readonly client: EtcdClient
  private cancelStep: Cancel = () => undefined
  private cancelWatch: Cancel = () => undefined
  private hasListed = false
  private checks = 0

  constructor(options: EtcdWatchOptions) {
    this.options = options
    this.client = new EtcdClient(options.endpoint, options.services)
  }

  stop(): void {
    this.cancelStep()
    this.cancelWatch()
  }

  /** From `key` on, as it all was at `revision`; undefined: as it is. */
  list(key: string, revision: string | undefined): void {
    const { range, sink, attempt } = this.options
    this.post('kv/range', { ...range, key, limit: String(PAGE), ...(revision && { revision }) }, (answer) => {
      const at = revision ?? textIn(objectIn(answer, 'header'), 'revision')
      if (at === undefined || !/^\d{1,19}$/.test(at)) return attempt.failed('answers with what is no list of keys')
      const kvs = listIn(answer, 'kvs')
      const before = sink.size
      for (const kv of kvs) this.put(kv)
      const last = kvs.at(-1)
      const lastKey = isObject(last) ? textIn(last, 'key') : undefined
      if (this.isTooLong()) return
      if (answer['more'] !== true) this.follow(at)
      else if (lastKey === undefined || sink.size === before) attempt.failed('has more keys, and does not tell them')
      else this.list(behind(lastKey), at)
    })
  }

  /** Then the attempt has failed. */
  private isTooLong(): boolean {
    const { sink, maxKeys, attempt } = this.options
    if (sink.size <= maxKeys) return false
    attempt.failed(`has more than ${maxKeys} keys`)
    return true
  }

  private follow(revision: string): void {
    const { attempt, services, sink, range, maxLineBytes } = this.options
    this.hasListed = true
    sink.listed()
    const start_revision = String(BigInt(revision) + 1n)
    const question = this.client.questionOf('watch', { create_request: { ...range, start_revision, fragment: true } })
    if (question.kind === 'fault') return attempt.failed(question.reason)
    this.cancelWatch = services.askLines(
      { ...question, maxLineBytes },
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
    const { attempt, sink } = this.options
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
    if (events.length > 0) sink.changed()
  }

  private change(event: JsonObject): void {
    const kv = event['kv']
    if (event['type'] !== 'DELETE') return this.put(kv)
    const key = isObject(kv) ? textIn(kv, 'key') : undefined
    if (key !== undefined) this.options.sink.delete(fromBase64(key))
  }

  private put(kv: unknown): void {
    const key = isObject(kv) ? textIn(kv, 'key') : undefined
    if (isObject(kv) && key !== undefined) this.options.sink.put(fromBase64(key), kv)
  }

  private checkLater(): void {
    const { attempt, services, sink, range } = this.options
    this.cancelStep = services.clock.after(CHECK_MS, () => {
      this.checks += 1
      if (this.checks > MOST_CHECKS) return attempt.again()
      this.post('kv/range', { ...range, count_only: true }, () => {
        sink.confirm()
        this.checkLater()
      })
    })
  }

  private post(path: string, body: JsonObject, said: (answer: JsonObject) => void): void {
    this.cancelStep = this.client.post(path, body, { said, failed: (fault) => this.failed(fault) })
  }

  private refused(status: number, said: JsonObject): void {
    this.failed(refusalOf(status, said))
  }

  private failed({ reason, isUnknownUser }: ReturnType<typeof refusalOf>): void {
    const { attempt } = this.options
    // A token of a while ago has run out.
    if (isUnknownUser && this.hasListed) return attempt.again()
    attempt.failed(reason)
  }
}

export const keyRange = (key: string): KeyRange => ({ key: toBase64(key) })

/** `prefix`: not empty. */
export function prefixRange(prefix: string): KeyRange {
  const end = Buffer.from(prefix)
  const last = end.length - 1
  // UTF-8 has no byte 255.
  end[last] = (end[last] ?? 0) + 1
  return { key: toBase64(prefix), range_end: end.toString('base64') }
}

/** The first key behind this one. */
export const behind = (base64: string): string =>
  Buffer.concat([Buffer.from(base64, 'base64'), Buffer.of(0)]).toString('base64')
