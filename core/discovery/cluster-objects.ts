/**
 * Objects of one kind in a cluster of Kubernetes: listed in pages, then watched from the version of that list on. A watch ends
 * every few minutes and goes on from where it was; where that is no longer to be had (410), all is listed anew.
 */
import type { Cancel, Clock } from '../clock.ts'
import type { Ask } from '../net/ask.ts'
import type { AskLines, LinesEnd } from '../net/lines.ts'
import { type Attempt, type AttemptServices, keepTrying } from './attempts.ts'
import { type ApiServer, findCluster } from './cluster.ts'
import { isObject, type JsonObject, listIn, objectIn, parseObject, textIn } from './json.ts'
import { readJsonAnswer } from './json-answer.ts'
import { fieldsOf, readTls, type ReadPem } from './service.ts'
import type { SourceSink } from './source.ts'

export interface ClusterServices extends AttemptServices {
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly ask: Ask
  readonly askLines: AskLines
  readonly readPem: ReadPem
  /** The API server of the cluster that this process runs in, as a URL; undefined: it runs in none. */
  readonly clusterUrl: string | undefined
}

/** Which objects. */
export interface Collection {
  /** What they are called, in the plural. */
  readonly noun: string
  /** Of their list; `namespace`: that of the policy, or else of this process. */
  readonly path: (namespace: string) => string
  readonly query: Readonly<Record<string, string>>
  /** How many a page. */
  readonly page: number
  readonly most: number
  /** A name that none has, as a rule: what is asked for to see whether the server is there. */
  readonly nobody: string
}

/** What one attempt makes of them; the next begins with another. */
export interface Objects {
  /** How many there are. */
  readonly size: number
  /** One that is new, or otherwise than before. */
  put(object: JsonObject): void
  remove(object: JsonObject): void
  /** All have been told once. */
  listed(): void
  /** Some are others now; more may follow at once. */
  changed(): void
  /** The server is there still. */
  confirmed(): void
  stop(): void
}

export interface FollowOptions {
  readonly server: ApiServer
  readonly services: ClusterServices
  readonly collection: Collection
  readonly sink: Pick<SourceSink, 'lose'>
  readonly objects: () => Objects
}

const MAX_PAGE_BYTES = 16 * 1024 ** 2
/** No object of Kubernetes has more than 1.5 MB. */
const MAX_LINE_BYTES = 4 * 1024 ** 2
const ANSWER = { maxBytes: MAX_PAGE_BYTES, parse: parseObject, otherwise: 'not JSON' }
const TIMEOUT_MS = 10_000
/** After this long the server ends a watch, and another server may go on with it. */
const WATCH_S = 300
/** One that the server has not ended by then is none any more: its connection was lost on the way, where nobody was told. */
const LONGEST_MS = (WATCH_S + 30) * 1000
/** A watch that ends sooner than this has not worked. */
const SHORT_MS = 1000
/** A watch without changes says nothing for a minute: so the server is asked whether it is there. */
const CHECK_MS = 10_000

/** HTTP: what was asked from is no longer to be had; with a token that does not hold, or for what it may not. */
const GONE = 410

export const followObjects = (options: FollowOptions): Cancel =>
  keepTrying(options.services, options.sink, (attempt) => new Session(options, attempt).begin())

class Session {
  private readonly options: FollowOptions
  private readonly attempt: Attempt
  private readonly objects: Objects
  private version = ''
  private watchedAt = 0
  private cancelStep: Cancel = () => undefined
  private cancelWatch: Cancel = () => undefined

  constructor(options: FollowOptions, attempt: Attempt) {
    this.options = options
    this.attempt = attempt
    this.objects = options.objects()
  }

  begin(): Cancel {
    this.list(undefined)
    return () => {
      this.cancelStep()
      this.cancelWatch()
      this.objects.stop()
    }
  }

  private list(page: string | undefined): void {
    const { attempt, objects } = this
    const { collection } = this.options
    this.ask({ limit: String(collection.page), ...(page !== undefined && { continue: page }) }, (list) => {
      const metadata = objectIn(list, 'metadata')
      const version = textIn(metadata, 'resourceVersion')
      if (version === undefined || !Array.isArray(list['items']))
        return attempt.failed(`says what is no list of ${collection.noun}`)
      const before = objects.size
      for (const object of listIn(list, 'items')) if (isObject(object)) objects.put(object)
      const next = textIn(metadata, 'continue') ?? ''
      if (this.isTooLong()) return
      if (next !== '' && objects.size === before)
        return attempt.failed(`has more ${collection.noun}, and does not tell them`)
      if (next !== '') return this.list(next)
      this.version = version
      attempt.works()
      objects.listed()
      // Before the watch, which may end the attempt at once.
      this.checkLater()
      this.watch()
    })
  }

  /** Then the attempt has failed. */
  private isTooLong(): boolean {
    const { noun, most } = this.options.collection
    if (this.objects.size <= most) return false
    this.attempt.failed(`has more than ${most} ${noun}`)
    return true
  }

  private watch(): void {
    const { clock, askLines } = this.options.services
    const question = this.questionOf({
      watch: '1',
      allowWatchBookmarks: 'true',
      resourceVersion: this.version,
      timeoutSeconds: String(WATCH_S),
    })
    if (question === undefined) return
    this.watchedAt = clock.now()
    this.cancelWatch = askLines(
      { ...question, maxLineBytes: MAX_LINE_BYTES },
      { opened: () => undefined, line: (line) => this.hear(line), ended: (end) => this.goOn(end) },
    )
  }

  private goOn(end: LinesEnd): void {
    const { attempt } = this
    const { services } = this.options
    if (end.kind === 'refused') return this.refused(end.status, parseObject(end.body) ?? {})
    if (services.clock.now() - this.watchedAt < SHORT_MS) attempt.failed(`breaks off: ${end.detail}`)
    else this.watch()
  }

  /** What a watch says. */
  private hear(line: string): void {
    const event = parseObject(line)
    if (event === undefined) return this.attempt.failed('says what is not JSON')
    const object = objectIn(event, 'object')
    if (event['type'] === 'ERROR') return this.refused(Number(object['code']) || 0, object)
    this.version = textIn(objectIn(object, 'metadata'), 'resourceVersion') ?? this.version
    if (event['type'] === 'BOOKMARK') return
    if (event['type'] === 'DELETED') this.objects.remove(object)
    else this.objects.put(object)
    if (!this.isTooLong()) this.objects.changed()
  }

  private checkLater(): void {
    const { attempt } = this
    const { collection, services } = this.options
    this.cancelStep = services.clock.after(CHECK_MS, () => {
      if (services.clock.now() - this.watchedAt > LONGEST_MS) return attempt.again()
      // From the server's cache, by a name that none has, as a rule: what is told from there knows no limit.
      this.ask({ fieldSelector: `metadata.name=${collection.nobody}`, resourceVersion: '0' }, () => {
        this.objects.confirmed()
        this.checkLater()
      })
    })
  }

  private ask(query: Readonly<Record<string, string>>, heard: (list: JsonObject) => void): void {
    const question = this.questionOf(query)
    if (question === undefined) return
    this.cancelStep = this.options.services.ask({ ...question, maxBodyBytes: MAX_PAGE_BYTES }, (answer) => {
      const read = readJsonAnswer(answer, ANSWER)
      if (read.kind === 'said') heard(read.said)
      else if (read.kind === 'fault') this.attempt.failed(read.reason)
      else this.refused(read.status, read.said)
    })
  }

  /** undefined: there is none, and the attempt has failed. */
  private questionOf(query: Readonly<Record<string, string>>) {
    const { attempt } = this
    const { server, services, collection } = this.options
    const found = findCluster(server, services)
    if (found.kind === 'fault') {
      attempt.failed(found.reason)
      return undefined
    }
    const tls = readTls(found.cluster.tls, services.readPem)
    if (tls.kind === 'fault') {
      attempt.failed(tls.reason)
      return undefined
    }
    const { token } = found.cluster
    return {
      url: urlOf(found.cluster.url, collection.path(found.cluster.namespace), { ...collection.query, ...query }),
      fields: fieldsOf([], token === undefined ? [] : [['authorization', `Bearer ${token}`]]),
      tls: tls.tls,
      timeoutMs: TIMEOUT_MS,
    }
  }

  private refused(status: number, { message }: JsonObject): void {
    const { attempt } = this
    if (status === GONE) return attempt.again()
    attempt.failed(`answers with ${status}${typeof message === 'string' ? `: ${message}` : ''}`)
  }
}

function urlOf(server: string, path: string, query: Readonly<Record<string, string>>): string {
  const whole = new URL(server.replace(/\/$/, '') + path)
  for (const [name, value] of Object.entries(query)) whole.searchParams.set(name, value)
  return whole.href
}
