/** The access log, as a part: one sink for as long as lines go to the same place, and none where there is no log. */
import { accessLog } from '../access-log/access-log.ts'
import type { AccessLogPolicy } from '../access-log/policy.ts'
import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import type { Observer } from '../exchange/record.ts'
import { type LogFile, openLogFile, standardStream } from '../log/log-file.ts'
import { type Fate, LogSink } from '../log/log-sink.ts'
import type { EdgeCounters } from '../observe/counters.ts'
import type { Emit } from '../observe/events.ts'
import { asRefusal, type Move, NO_MOVE, type Part } from '../part.ts'
import type { Random } from '../random.ts'
import { hiddenIn } from './hidden-names.ts'

export interface AccessLogHostOptions {
  readonly clock: Clock
  readonly counters: Pick<EdgeCounters, (typeof counterOf)[Fate]>
  readonly emit: Emit
  readonly random: Random
  /** Hear of every exchange; it puts itself there. */
  readonly observers: Observer[]
}

interface Running {
  readonly path: string | undefined
  readonly sink: LogSink
}

const counterOf = {
  written: 'accessLogLines',
  backlog: 'accessLogLostToBacklog',
  failure: 'accessLogLostToFailure',
} as const satisfies Readonly<Record<Fate, keyof EdgeCounters>>

const GATHER_MS = 100
/** A disk that is full may have room now and then. */
const QUIET_MS = 10_000
/** At the end of the process. */
const LAST_MS = 1000

export class AccessLogHost implements Part<Config> {
  private readonly options: AccessLogHostOptions
  private running: Running | undefined = undefined
  private observer: Observer | undefined = undefined
  /** Sinks that nothing goes to any more, until they have written what they have. */
  private readonly ending = new Set<Promise<void>>()

  constructor(options: AccessLogHostOptions) {
    this.options = options
  }

  async prepare(config: Config): Promise<Move> {
    const { running } = this
    const policy = config.accessLog && { ...config.accessLog, hidden: hiddenIn(config) }
    if (policy === undefined) return { ...NO_MOVE, commit: () => this.follow(undefined, undefined) }
    if (running !== undefined && running.path === policy.path)
      return { ...NO_MOVE, commit: () => this.follow(policy, running) }
    const file = await this.open(policy)
    const sink = this.sinkInto(file, policy.path ?? 'standard output')
    return {
      ...NO_MOVE,
      commit: () => this.follow(policy, { path: policy.path, sink }),
      abandon: () => file.close(),
    }
  }

  /** Lines go to what stands at the file's path from now on. */
  reopen(): void {
    this.running?.sink.reopen()
  }

  /** Resolves when what there is has been written, or a second has passed. */
  async end(): Promise<void> {
    this.follow(undefined, undefined)
    await Promise.all(this.ending)
  }

  /** At once. */
  stop(): void {
    this.running?.sink.stop()
    this.take(undefined, undefined)
  }

  private async open({ path }: AccessLogPolicy): Promise<LogFile> {
    if (path === undefined) return standardStream('output')
    try {
      return await openLogFile(path)
    } catch (error) {
      throw asRefusal(error, 'log.access.to')
    }
  }

  /** `to`: for people. */
  private sinkInto(file: LogFile, to: string): LogSink {
    const { clock, counters, emit } = this.options
    return new LogSink({
      file,
      clock,
      encoding: 'latin1',
      gatherMs: GATHER_MS,
      quietMs: QUIET_MS,
      count: (fate, lines) => void (counters[counterOf[fate]] += lines),
      onAway: (reason) => emit({ kind: 'access-log-away', to, reason }),
      onBack: (lost) => emit({ kind: 'access-log-back', to, lost }),
    })
  }

  private follow(policy: AccessLogPolicy | undefined, running: Running | undefined): void {
    const former = this.running
    this.take(policy, running)
    if (former === undefined || former === running) return
    const ended = former.sink.end(LAST_MS).finally(() => this.ending.delete(ended))
    this.ending.add(ended)
  }

  private take(policy: AccessLogPolicy | undefined, running: Running | undefined): void {
    const { clock, observers, random } = this.options
    const at = this.observer === undefined ? observers.length : observers.indexOf(this.observer)
    this.running = running
    this.observer = undefined
    observers.splice(at, 1)
    if (policy === undefined || running === undefined) return
    const write = (line: string): void => running.sink.write(line)
    this.observer = accessLog({ policy, write, wallTime: () => clock.wallTime(), random })
    observers.push(this.observer)
  }
}
