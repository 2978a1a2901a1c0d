/**
 * The endpoints of a Service in Kubernetes, by its EndpointSlices: listed in pages, then watched from the version of that list
 * on. A watch ends every few minutes and goes on from where it was; where that is no longer to be had (410), all is listed anew.
 */
import type { Cancel, Clock } from '../clock.ts'
import type { Ask } from '../net/ask.ts'
import type { AskLines, LinesEnd } from '../net/lines.ts'
import { type Attempt, type AttemptServices, keepTrying } from './attempts.ts'
import { readSlice } from './endpoint-slice.ts'
import { isObject, type JsonObject, listIn, objectIn, parseObject, textIn } from './json.ts'
import { readJsonAnswer } from './json-answer.ts'
import { KeyedEntries } from './keyed.ts'
import type { ReadMember } from './listing.ts'
import { type Cluster, findCluster } from './cluster.ts'
import type { KubernetesPolicy } from './policy.ts'
import { fieldsOf, readTls, type ReadPem } from './service.ts'
import type { Source, SourceSink } from './source.ts'

export interface KubernetesServices extends AttemptServices {
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly ask: Ask
  readonly askLines: AskLines
  readonly readMember: ReadMember
  readonly readPem: ReadPem
  /** The API server of the cluster that this process runs in, as a URL; undefined: it runs in none. */
  readonly clusterUrl: string | undefined
}

/** Slices a page, of 100 endpoints each as a rule: to read these takes some 5 ms. */
const PAGE = 5
const MAX_PAGE_BYTES = 16 * 1024 ** 2
/** A slice has 1000 endpoints at most, and no object of Kubernetes more than 1.5 MB. */
const MAX_LINE_BYTES = 4 * 1024 ** 2
const MAX_SLICES = 10_000
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

export const kubernetesSource = (policy: KubernetesPolicy, services: KubernetesServices): Source => ({
  start: (sink) => keepTrying(services, sink, (attempt) => new Session({ policy, services, sink, attempt }).begin()),
})

interface SessionOptions {
  readonly policy: KubernetesPolicy
  readonly services: KubernetesServices
  readonly sink: SourceSink
  readonly attempt: Attempt
}

class Session {
  private readonly options: SessionOptions
  private readonly entries: KeyedEntries
  /** Slices of IPv4 with somebody in them, and those of IPv6, which count where there are none: a pod in both is one member. */
  private readonly v4 = new Set<string>()
  private readonly v6 = new Set<string>()
  private version = ''
  private watchedAt = 0
  private cancelStep: Cancel = () => undefined
  private cancelWatch: Cancel = () => undefined

  constructor(options: SessionOptions) {
    this.options = options
    this.entries = new KeyedEntries(
      options.services.clock,
      (listing) => options.sink.publish(listing),
      (name) => !this.v6.has(name) || this.v4.size === 0,
    )
  }

  begin(): Cancel {
    this.list(undefined)
    return () => {
      this.cancelStep()
      this.cancelWatch()
      this.entries.stop()
    }
  }

  private list(page: string | undefined): void {
    this.ask({ limit: String(PAGE), ...(page !== undefined && { continue: page }) }, (list) => {
      const { attempt } = this.options
      const metadata = objectIn(list, 'metadata')
      const version = textIn(metadata, 'resourceVersion')
      if (version === undefined || !Array.isArray(list['items']))
        return attempt.failed('says what is no list of EndpointSlices')
      const before = this.entries.size
      for (const slice of listIn(list, 'items')) if (isObject(slice)) this.put(slice)
      const next = textIn(metadata, 'continue') ?? ''
      if (this.isTooLong()) return
      if (next !== '' && this.entries.size === before)
        return attempt.failed('has more EndpointSlices, and does not tell them')
      if (next !== '') return this.list(next)
      this.version = version
      attempt.works()
      this.tell()
      // Before the watch, which may end the attempt at once.
      this.checkLater()
      this.watch()
    })
  }

  /** Then the attempt has failed. */
  private isTooLong(): boolean {
    if (this.entries.size <= MAX_SLICES) return false
    this.options.attempt.failed(`has more than ${MAX_SLICES} EndpointSlices`)
    return true
  }

  /** Everybody at once; a Service without endpoints may be a mistake, or does not exist. */
  private tell(): void {
    if (this.entries.size > 0) return this.entries.publishNow()
    const { service } = this.options.policy
    this.options.sink.vanish(`${service} has no EndpointSlices`)
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
    const { attempt, services } = this.options
    if (end.kind === 'refused') return this.refused(end.status, parseObject(end.body) ?? {})
    if (services.clock.now() - this.watchedAt < SHORT_MS) attempt.failed(`breaks off: ${end.detail}`)
    else this.watch()
  }

  /** What a watch says. */
  private hear(line: string): void {
    const event = parseObject(line)
    if (event === undefined) return this.options.attempt.failed('says what is not JSON')
    const object = objectIn(event, 'object')
    if (event['type'] === 'ERROR') return this.refused(Number(object['code']) || 0, object)
    this.version = textIn(objectIn(object, 'metadata'), 'resourceVersion') ?? this.version
    if (event['type'] === 'BOOKMARK') return
    if (event['type'] === 'DELETED') this.remove(object)
    else this.put(object)
    if (!this.isTooLong()) this.entries.publishSoon()
  }

  private put(slice: JsonObject): void {
    const name = textIn(objectIn(slice, 'metadata'), 'name')
    if (name === undefined) return
    const { policy, services } = this.options
    const entries = readSlice(slice, policy.port, services.readMember)
    this.remove(slice)
    this.entries.set(name, entries)
    if (slice['addressType'] === 'IPv6') this.v6.add(name)
    else if (entries.length > 0) this.v4.add(name)
  }

  private remove(slice: JsonObject): void {
    const name = textIn(objectIn(slice, 'metadata'), 'name') ?? ''
    this.entries.delete(name)
    this.v4.delete(name)
    this.v6.delete(name)
  }

  private checkLater(): void {
    const { attempt, policy, services, sink } = this.options
    this.cancelStep = services.clock.after(CHECK_MS, () => {
      if (services.clock.now() - this.watchedAt > LONGEST_MS) return attempt.again()
      // From the server's cache, by a name that no slice has, as a rule: what is told from there knows no limit.
      this.ask({ fieldSelector: `metadata.name=${policy.service}`, resourceVersion: '0' }, () => {
        sink.confirm()
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
      else if (read.kind === 'fault') this.options.attempt.failed(read.reason)
      else this.refused(read.status, read.said)
    })
  }

  /** undefined: there is none, and the attempt has failed. */
  private questionOf(query: Readonly<Record<string, string>>) {
    const { policy, services, attempt } = this.options
    const found = findCluster(policy, services)
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
      url: urlOf(found.cluster, policy.service, query),
      fields: fieldsOf([], token === undefined ? [] : [['authorization', `Bearer ${token}`]]),
      tls: tls.tls,
      timeoutMs: TIMEOUT_MS,
    }
  }

  private refused(status: number, { message }: JsonObject): void {
    const { attempt } = this.options
    if (status === GONE) return attempt.again()
    attempt.failed(`answers with ${status}${typeof message === 'string' ? `: ${message}` : ''}`)
  }
}

function urlOf({ url, namespace }: Cluster, service: string, query: Readonly<Record<string, string>>): string {
  const path = `/apis/discovery.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/endpointslices`
  const whole = new URL(url.replace(/\/$/, '') + path)
  whole.searchParams.set('labelSelector', `kubernetes.io/service-name=${service}`)
  for (const [name, value] of Object.entries(query)) whole.searchParams.set(name, value)
  return whole.href
}
