/**
 * Containers with a label, as Docker tells of them, or Podman, which speaks the same: all are listed, and listed again soon
 * after each event that may have changed who is there. A container that is told to stop leaves before it has stopped.
 */
import type { Cancel, Clock } from '../clock.ts'
import type { Ask } from '../net/ask.ts'
import type { AskLines, LinesEnd } from '../net/lines.ts'
import { type Attempt, type AttemptServices, keepTrying } from './attempts.ts'
import { isObject, objectIn, parseList, parseObject, textIn } from './json.ts'
import { readJsonAnswer } from './json-answer.ts'
import type { DockerPolicy } from './policy.ts'
import { fieldsOf, readTls, type ReadPem } from './service.ts'

export interface ContainerServices extends AttemptServices {
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly ask: Ask
  readonly askLines: AskLines
  readonly readPem: ReadPem
}

const TIMEOUT_MS = 10_000
const MAX_LIST_BYTES = 16 * 1024 ** 2
const LIST = { maxBytes: MAX_LIST_BYTES, parse: parseList, otherwise: 'no list of containers' }
const MAX_LINE_BYTES = 1024 ** 2
/** Events that come close behind each other lead to one list. */
const QUIET_MS = 20
/** Listed again however silent it is, which shows whether it is there. */
const LIST_MS = 10_000
/** One that was told to stop and goes on is a member again. */
const LEAVING_MS = 60_000

/** Those that may change who is a member; with health checks most events are of programs that these begin. */
const NEWS = new Set(['start', 'die', 'stop', 'kill', 'pause', 'unpause', 'destroy', 'remove', 'rename', 'update'])

/** What containers are told to end by: TERM, INT, QUIT, KILL. */
const ENDING = new Set(['15', '2', '3', '9', 'SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGKILL'])

/** Where containers are asked for. */
export type DockerAddress = Pick<DockerPolicy, 'place' | 'tls'>

/** What is told of them, each time in an event of its own and never once it was stopped. */
export interface ContainerSink {
  /** All that have the label, running or not, but for those that are told to stop; as Docker tells them, unread. */
  list(containers: readonly unknown[]): void
  /** Docker cannot be had, or says what makes no sense; why, in words. It is tried again, for ever. */
  lose(reason: string): void
}

export type FollowContainers = (address: DockerAddress, sink: ContainerSink) => Cancel

export const containerFollower =
  (services: ContainerServices): FollowContainers =>
  (address, sink) => {
    /** Until when containers that were told to stop count as gone, by id. */
    const leaving = new Map<string, number>()
    return keepTrying(services, sink, (attempt) => {
      const session = new Session({ address, services, sink, attempt, leaving })
      return session.begin()
    })
  }

interface SessionOptions {
  readonly address: DockerAddress
  readonly services: ContainerServices
  readonly sink: ContainerSink
  readonly attempt: Attempt
  readonly leaving: Map<string, number>
}

class Session {
  private readonly options: SessionOptions
  /** Docker has begun to tell its events. */
  private isOpen = false
  /** What is waited for: the next list, or its answer. */
  private cancelNext: Cancel = () => undefined
  private cancelEvents: Cancel = () => undefined
  private isListing = false
  /** Events have come, and the list that they lead to is about to be asked for: more of them do not put it off. */
  private isDue = false
  /** There was news since the list that is under way was asked for. */
  private isStale = false

  constructor(options: SessionOptions) {
    this.options = options
  }

  begin(): Cancel {
    const { attempt, services } = this.options
    const question = this.questionOf('/events', { type: ['container'] })
    if (question !== undefined)
      this.cancelEvents = services.askLines(
        { ...question, maxLineBytes: MAX_LINE_BYTES },
        {
          opened: () => {
            this.isOpen = true
            this.list()
          },
          line: (line) => this.hear(line),
          ended: (end) => attempt.failed(this.wordsOf(end)),
        },
      )
    return () => {
      this.cancelNext()
      this.cancelEvents()
    }
  }

  private wordsOf(end: LinesEnd): string {
    if (end.kind === 'refused') return `answers with ${end.status}`
    return `${this.isOpen ? 'breaks off' : 'cannot be asked'}: ${end.detail}`
  }

  private hear(line: string): void {
    const event = parseObject(line)
    if (event === undefined) return this.options.attempt.failed('says what is not JSON')
    const action = textIn(event, 'Action') ?? textIn(event, 'status') ?? ''
    const actor = objectIn(event, 'Actor')
    const id = textIn(actor, 'ID') ?? textIn(event, 'id') ?? ''
    this.note(id, action, textIn(objectIn(actor, 'Attributes'), 'signal'))
    if (NEWS.has(action) || action.startsWith('health_status')) this.listSoon()
  }

  /** Whether it is about to end. */
  private note(id: string, action: string, signal: string | undefined): void {
    const { leaving, services } = this.options
    const now = services.clock.now()
    for (const [known, until] of leaving) {
      if (until > now) break
      leaving.delete(known)
    }
    const isToEnd = action === 'kill' && signal !== undefined && ENDING.has(signal)
    if (!isToEnd && action !== 'start') return
    // Behind all others: they stand in the order in which they run out, so that thousands are not looked through for each event.
    leaving.delete(id)
    if (isToEnd) leaving.set(id, now + LEAVING_MS)
  }

  private listSoon(): void {
    this.isStale = this.isListing
    if (this.isListing || this.isDue) return
    this.isDue = true
    this.listIn(QUIET_MS)
  }

  private listIn(ms: number): void {
    this.cancelNext()
    this.cancelNext = this.options.services.clock.after(ms, () => this.list())
  }

  private list(): void {
    const question = this.questionOf('/containers/json', { label: ['smartedge.enable=true'] })
    if (question === undefined) return
    this.cancelNext()
    this.isDue = false
    this.isListing = true
    this.cancelNext = this.options.services.ask({ ...question, maxBodyBytes: MAX_LIST_BYTES }, (answer) => {
      this.isListing = false
      const read = readJsonAnswer(answer, LIST)
      if (read.kind === 'fault') return this.options.attempt.failed(read.reason)
      if (read.kind === 'refused') return this.options.attempt.failed(`answers with ${read.status}`)
      this.options.attempt.works()
      this.listIn(this.isStale ? QUIET_MS : LIST_MS)
      this.isStale = false
      this.take(read.said)
    })
  }

  private take(containers: readonly unknown[]): void {
    const { services, sink, leaving } = this.options
    const now = services.clock.now()
    const isLeaving = (id: string | undefined): boolean => (leaving.get(id ?? '') ?? 0) > now
    sink.list(containers.filter((one) => !isObject(one) || !isLeaving(textIn(one, 'Id'))))
  }

  /** undefined: there is none, and the attempt has failed. */
  private questionOf(path: string, filters: object) {
    const { address, services, attempt } = this.options
    const found = readTls(address.tls, services.readPem)
    if (found.kind === 'fault') {
      attempt.failed(found.reason)
      return undefined
    }
    const { place } = address
    const base = place.kind === 'unix' ? 'http://docker' : place.url
    return {
      url: `${base}${path}?filters=${encodeURIComponent(JSON.stringify(filters))}`,
      fields: fieldsOf([]),
      socketPath: place.kind === 'unix' ? place.path : undefined,
      tls: found.tls,
      timeoutMs: TIMEOUT_MS,
    }
  }
}
