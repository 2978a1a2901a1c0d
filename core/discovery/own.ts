/**
 * A source of the user's own: a TypeScript file that runs in a thread of its own. Saved, it is live: the version at work goes on
 * until the new one has told its first list, and for good where that fails.
 */
import type { Cancel, Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import type { WatchFile } from './file.ts'
import { type JsonList, type ListReading, MAX_LIST_BYTES, parseJsonList, readItems } from './json-list.ts'
import type { OwnThreadSink, RunOwn } from './own-thread.ts'
import { jittered, retryMs } from './pace.ts'
import type { OwnPolicy } from './policy.ts'
import type { Source, SourceSink } from './source.ts'

/** Of a file and of all that it imports by a relative path; throws with what is wrong about one. */
export type ReadVersion = (file: string) => { readonly files: readonly string[]; readonly version: string }

export interface OwnServices extends ListReading {
  readonly clock: Pick<Clock, 'after' | 'soon'>
  readonly random: Random
  readonly runOwn: RunOwn
  readonly readVersion: ReadVersion
  readonly watchFile: WatchFile
}

/** Whoever saves has done so by then. */
const QUIET_MS = 20

export const ownSource = (policy: OwnPolicy, services: OwnServices): Source => ({
  start(sink) {
    const following = new Following(policy, services, sink)
    following.look()
    return () => following.stop()
  },
})

interface Thread {
  readonly end: Cancel
}

class Following {
  private readonly policy: OwnPolicy
  private readonly services: OwnServices
  private readonly sink: SourceSink
  private version: string | undefined = undefined
  /** At work, and the one that is to take over. */
  private current: Thread | undefined = undefined
  private next: Thread | undefined = undefined
  private failures = 0
  /** What ends the watch of each file. */
  private readonly watched = new Map<string, Cancel>()
  private cancelLook: Cancel = () => undefined
  private cancelRetry: Cancel = () => undefined
  private cancelReading: Cancel = () => undefined

  constructor(policy: OwnPolicy, services: OwnServices, sink: SourceSink) {
    this.policy = policy
    this.services = services
    this.sink = sink
  }

  /** Begins the file as it is now, unless that version has been begun. */
  look(): void {
    const version = this.read()
    if (version === undefined || version === this.version) return
    this.version = version
    this.begin()
  }

  stop(): void {
    for (const cancel of this.watched.values()) cancel()
    this.cancelLook()
    this.cancelRetry()
    this.cancelReading()
    this.current?.end()
    this.next?.end()
  }

  /** undefined: it cannot be read, which was told. */
  private read(): string | undefined {
    const { file } = this.policy
    try {
      const { files, version } = this.services.readVersion(file)
      this.watch(files)
      return version
    } catch (error) {
      this.watch([file])
      this.version = undefined
      this.sink.lose(error instanceof Error ? error.message : String(error))
      return undefined
    }
  }

  private watch(files: readonly string[]): void {
    for (const [file, cancel] of this.watched) {
      if (files.includes(file)) continue
      cancel()
      this.watched.delete(file)
    }
    for (const file of files) if (!this.watched.has(file)) this.watched.set(file, this.watchOne(file))
  }

  private watchOne(file: string): Cancel {
    return this.services.watchFile(file, () => {
      this.cancelLook()
      this.cancelLook = this.services.clock.after(QUIET_MS, () => this.look())
    })
  }

  private begin(): void {
    this.cancelRetry()
    this.next?.end()
    const { file, options } = this.policy
    // It says nothing before this has returned.
    const thread: Thread = {
      end: this.services.runOwn(
        { file, options },
        this.sinkOf(() => thread),
      ),
    }
    this.next = thread
  }

  private sinkOf(self: () => Thread): OwnThreadSink {
    return {
      publish: (members, done) => {
        this.takeOver(self())
        this.publish(members, done)
      },
      confirm: () => {
        if (self() === this.current) this.sink.confirm()
      },
      lose: (reason) => this.sink.lose(reason),
      failed: (reason) => this.fail(self(), reason),
    }
  }

  private takeOver(thread: Thread): void {
    if (thread !== this.next) return
    this.current?.end()
    this.current = thread
    this.next = undefined
    this.failures = 0
  }

  /** `done`: read, or lost; not called where the thread has ended meanwhile. */
  private publish(members: string, done: () => void): void {
    const list = readList(members)
    if (list.kind === 'fault') {
      this.sink.lose(list.reason)
      return done()
    }
    this.cancelReading()
    this.cancelReading = readItems(list.items, this.services, (listing) => {
      this.sink.publish(listing)
      done()
    })
  }

  private fail(thread: Thread, reason: string): void {
    if (thread === this.next) this.next = undefined
    else this.current = undefined
    this.sink.lose(reason)
    // While another version is at work this one waits until it is saved again.
    if (this.current !== undefined || this.next !== undefined) return
    const { clock, random } = this.services
    this.failures += 1
    this.cancelRetry = clock.after(jittered(retryMs(this.failures), random), () => this.begin())
  }
}

const readList = (members: string): JsonList =>
  Buffer.byteLength(members) > MAX_LIST_BYTES
    ? { kind: 'fault', reason: `lists more than ${MAX_LIST_BYTES} bytes` }
    : parseJsonList(members)
