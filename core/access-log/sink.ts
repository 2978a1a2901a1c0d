/**
 * Takes lines at once and writes them in batches, one write under way at a time: traffic waits neither for a disk nor for
 * whoever reads a pipe. What cannot be kept until it is written is counted and gone, the newest first.
 */
import type { Cancel, Clock } from '../clock.ts'
import type { EdgeCounters } from '../observe/counters.ts'
import type { Emit } from '../observe/events.ts'
import { type LogFile, reasonOf } from './log-file.ts'

export interface SinkOptions {
  readonly file: LogFile
  /** For people: `access.log`, `standard output`. */
  readonly name: string
  readonly clock: Clock
  readonly counters: Pick<EdgeCounters, 'accessLogLines' | 'accessLogLostToBacklog' | 'accessLogLostToFailure'>
  readonly emit: Emit
}

/** How long a line waits for others to be written with. */
const GATHER_MS = 100
/** Written at once. */
const BATCH_CHARS = 64 * 1024
/** Lines that wait, and those under way, together. */
const MAX_CHARS = 4 * 1024 * 1024
/** Behind a write that took nothing. */
const PAUSE_MS = 50
/** How often it is looked whether the file has moved, or is tried again after it failed. */
const LOOK_MS = 1000

export class LogSink {
  private readonly options: SinkOptions
  private lines: string[] = []
  private chars = 0
  /** Of the batch under way; 0: there is none. */
  private charsUnderWay = 0
  private cancelFlush: Cancel | undefined = undefined
  private lookedAt: number
  private isToReopen = false
  /** Lines lost since it was last well; undefined: it is well. */
  private lost: number | undefined = undefined
  private writing: Promise<void> | undefined = undefined
  private isOver = false

  constructor(options: SinkOptions) {
    this.options = options
    this.lookedAt = options.clock.now()
  }

  /** `line`: without its end. */
  write(line: string): void {
    const { counters, clock } = this.options
    if (this.chars + this.charsUnderWay + line.length >= MAX_CHARS) {
      counters.accessLogLostToBacklog += 1
      this.fail('whoever takes it is too slow', 1)
      return
    }
    this.lines.push(line)
    this.chars += line.length + 1
    if (this.writing !== undefined) return
    if (this.chars >= BATCH_CHARS) this.flush()
    else this.cancelFlush ??= clock.after(GATHER_MS, () => this.flush())
  }

  /** The file at its path is opened anew before the next line is written: what was there has been moved away. */
  reopen(): void {
    this.isToReopen = true
    if (this.writing === undefined) this.flush()
  }

  /** Resolves when all lines are written or lost, `withinMs` from now at the latest. Nothing may be written after it. */
  async end(withinMs: number): Promise<void> {
    const { clock, file } = this.options
    const late = Promise.withResolvers<void>()
    const cancel = clock.after(withinMs, late.resolve)
    this.flush()
    const written = async (): Promise<void> => {
      while (this.writing !== undefined) await this.writing
    }
    await Promise.race([written(), late.promise])
    cancel()
    this.isOver = true
    // A write under way has its descriptor still.
    void written().then(() => file.close())
  }

  /** At once, with what can be written at once. */
  stop(): void {
    this.cancelFlush?.()
    try {
      this.options.file.writeNow(this.take())
    } catch {
      // It is as it was: there is nobody left to tell.
    }
  }

  private flush(): void {
    this.cancelFlush?.()
    this.cancelFlush = undefined
    if (this.writing !== undefined || (this.lines.length === 0 && !this.isToReopen)) return
    this.writing = this.writeBatch().finally(() => {
      this.writing = undefined
      if (this.chars > 0) this.flush()
    })
  }

  /** Never rejects. */
  private async writeBatch(): Promise<void> {
    const { counters, file } = this.options
    const count = this.lines.length
    const bytes = this.take()
    this.charsUnderWay = bytes.length
    try {
      await this.follow()
      for (let from = 0; from < bytes.length;) {
        const length = await file.write(bytes, from)
        from += length
        if (length === 0) await this.pause()
      }
      counters.accessLogLines += count
      this.recover()
    } catch (error) {
      counters.accessLogLostToFailure += count
      this.fail(reasonOf(error), count)
    }
    this.charsUnderWay = 0
  }

  private async pause(): Promise<void> {
    if (this.isOver) throw new Error('it takes nothing')
    const { promise, resolve } = Promise.withResolvers<void>()
    this.options.clock.after(PAUSE_MS, resolve)
    await promise
  }

  /** Lines go to what stands at the file's path, also when that was moved away unsaid. */
  private async follow(): Promise<void> {
    const { clock, file } = this.options
    const isDue = clock.now() - this.lookedAt >= LOOK_MS
    if (!this.isToReopen && !isDue) return
    this.lookedAt = clock.now()
    const mustReopen = this.isToReopen || (await file.hasMoved())
    this.isToReopen = false
    if (mustReopen) await file.reopen()
  }

  private take(): Buffer {
    const { lines } = this
    this.lines = []
    this.chars = 0
    return Buffer.from(lines.length === 0 ? '' : `${lines.join('\n')}\n`, 'latin1')
  }

  private fail(reason: string, count: number): void {
    const { emit, name } = this.options
    if (this.lost === undefined) emit({ kind: 'access-log-away', to: name, reason })
    this.lost = (this.lost ?? 0) + count
  }

  private recover(): void {
    const { emit, name } = this.options
    if (this.lost === undefined) return
    emit({ kind: 'access-log-back', to: name, lost: this.lost })
    this.lost = undefined
  }
}
