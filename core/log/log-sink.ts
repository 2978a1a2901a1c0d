/**
 * Takes lines at once and writes them in batches, one write under way at a time: traffic waits neither for a disk nor for
 * whoever reads a pipe. What cannot be kept until it is written is counted and gone, the newest first.
 */
import type { Cancel, Clock } from '../clock.ts'
import { type LogFile, reasonOf } from './log-file.ts'

/** What becomes of a line. 'backlog': there was no room for it while others waited. 'failure': it could not be written. */
export type Fate = 'written' | 'backlog' | 'failure'

export interface SinkOptions {
  readonly file: LogFile
  readonly clock: Clock
  /** Of lines: one character a byte, or any text. */
  readonly encoding: 'latin1' | 'utf8'
  /** How long a line waits for others to be written with; 0: it goes at once. */
  readonly gatherMs: number
  /** Without a loss, until it counts as well again. */
  readonly quietMs: number
  readonly count: (fate: Fate, lines: number) => void
  /** Lines are being lost, or written elsewhere than they should be; told once, until it is well again. */
  readonly onAway: (reason: string) => void
  /** `lost`: how many lines meanwhile. */
  readonly onBack: (lost: number) => void
}

/** Written at once. */
const BATCH_CHARS = 64 * 1024
/** Lines that wait, and those under way, together. */
const MAX_CHARS = 4 * 1024 * 1024
/** Behind a write that took nothing. */
const PAUSE_MS = 50
/** How often it is looked whether the file has moved. */
const LOOK_MS = 1000
const LINE_END = 0x0a

/** Nothing stands at the file's path that could be written to. `hasName`: its lines go on where it has been moved to. */
interface Strayed {
  readonly error: unknown
  readonly hasName: boolean
}

export class LogSink {
  private readonly options: SinkOptions
  private lines: string[] = []
  private chars = 0
  /** Of the batch under way; 0: there is none. */
  private charsUnderWay = 0
  private cancelFlush: Cancel | undefined = undefined
  private lookedAt: number
  private isToReopen = false
  private strayed: Strayed | undefined = undefined
  /** The file ends in the middle of a line: what comes next begins another. */
  private isTorn = false
  /** Lines lost since it was last well; undefined: it is well. */
  private lost: number | undefined = undefined
  private troubledAt = 0
  private writing: Promise<void> | undefined = undefined
  private isOver = false

  constructor(options: SinkOptions) {
    this.options = options
    this.lookedAt = options.clock.now()
  }

  /** `line`: without its end. */
  write(line: string): void {
    if (this.chars + this.charsUnderWay + line.length >= MAX_CHARS) {
      this.lose('backlog', 1, 'whoever takes it is too slow')
      return
    }
    this.lines.push(line)
    this.chars += line.length + 1
    if (this.writing === undefined) this.flushSoon()
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
    await Promise.race([this.written(), late.promise])
    cancel()
    this.isOver = true
    // A write under way has its descriptor still.
    void this.settled().then(() => file.close())
  }

  /** Resolves when nothing waits any more, or it is over. */
  private async written(): Promise<void> {
    do {
      this.flush()
      await this.settled()
    } while (this.lines.length > 0 && !this.isOver)
  }

  /** Resolves once no write is under way. */
  async settled(): Promise<void> {
    while (this.writing !== undefined) await this.writing
  }

  /** At once, with what can be written at once. */
  stop(): void {
    this.cancelFlush?.()
    this.cancelFlush = undefined
    try {
      this.options.file.writeNow(this.take())
    } catch {
      // It is as it was: there is nobody left to tell.
    }
  }

  /** What has come while a batch was written is gathered, too: else each write would take the few lines of the last one's time. */
  private flushSoon(): void {
    const { clock, gatherMs } = this.options
    if (gatherMs === 0 || this.isToReopen || this.chars >= BATCH_CHARS) this.flush()
    else this.cancelFlush ??= clock.after(gatherMs, () => this.flush())
  }

  private flush(): void {
    this.cancelFlush?.()
    this.cancelFlush = undefined
    if (this.writing !== undefined || (this.lines.length === 0 && !this.isToReopen)) return
    this.writing = this.writeBatch().finally(() => {
      this.writing = undefined
      if (this.chars > 0) this.flushSoon()
    })
  }

  /** Never rejects. */
  private async writeBatch(): Promise<void> {
    const { count } = this.options
    const lines = this.lines.length
    const bytes = this.take()
    this.charsUnderWay = bytes.length
    const progress = { from: 0 }
    try {
      await this.follow()
      if (this.strayed?.hasName === false) throw this.strayed.error
      await this.writeOut(bytes, progress)
      count('written', lines)
      this.recover()
    } catch (error) {
      const written = Math.min(linesIn(bytes.subarray(0, progress.from)), lines)
      count('written', written)
      this.lose('failure', lines - written, reasonOf(error))
    }
    this.charsUnderWay = 0
  }

  /** `progress.from`: how much of `bytes` has been taken. */
  private async writeOut(bytes: Buffer, progress: { from: number }): Promise<void> {
    if (bytes.length > 0 && this.isTorn) await this.writeSome(Buffer.of(LINE_END), 0)
    while (progress.from < bytes.length) progress.from += await this.writeSome(bytes, progress.from)
  }

  private async writeSome(bytes: Buffer, from: number): Promise<number> {
    for (;;) {
      const length = await this.options.file.write(bytes, from)
      if (length > 0) {
        this.isTorn = bytes[from + length - 1] !== LINE_END
        return length
      }
      await this.pause()
    }
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
    if (!this.isToReopen && clock.now() - this.lookedAt < LOOK_MS) return
    this.lookedAt = clock.now()
    const mustReopen = this.isToReopen || (await file.hasMoved())
    this.isToReopen = false
    this.strayed = undefined
    if (!mustReopen) return
    try {
      await file.reopen()
      this.isTorn = false
    } catch (error) {
      this.strayed = { error, hasName: file.hasName() }
      this.tellAway(reasonOf(error))
    }
  }

  private take(): Buffer {
    const { lines } = this
    this.lines = []
    this.chars = 0
    return Buffer.from(lines.length === 0 ? '' : `${lines.join('\n')}\n`, this.options.encoding)
  }

  private lose(fate: Fate, lines: number, reason: string): void {
    this.options.count(fate, lines)
    this.tellAway(reason)
    this.lost = (this.lost ?? 0) + lines
  }

  private tellAway(reason: string): void {
    this.troubledAt = this.options.clock.now()
    if (this.lost !== undefined) return
    // Before it is told: that may be a line of this very log.
    this.lost = 0
    this.options.onAway(reason)
  }

  private recover(): void {
    const { lost } = this
    const { clock, quietMs } = this.options
    if (lost === undefined || this.strayed !== undefined || clock.now() - this.troubledAt < quietMs) return
    this.lost = undefined
    this.options.onBack(lost)
  }
}

function linesIn(bytes: Uint8Array): number {
  let lines = 0
  for (const byte of bytes) if (byte === LINE_END) lines += 1
  return lines
}
