/** Saved files come into force by themselves: when they have settled, and only if they differ from what was last looked at. */
import type { Cancel, Clock } from '../clock.ts'
import { type FileWatch, watchFiles } from '../config/watch.ts'
import { createDebounce } from './debounce.ts'
import type { Publisher } from './publish.ts'
import { joinWaiting, type Queue } from './queue.ts'
import type { FilesRead, ReadFiles } from './read-files.ts'
import type { Records } from './records.ts'

export interface SavesOptions {
  readonly clock: Clock
  readonly queue: Queue
  readonly records: Records
  readonly read: ReadFiles
  readonly publisher: Publisher
  /** Besides those of the config. */
  readonly besides: () => readonly string[]
  /** What came into force, and is hardly meant. */
  readonly warnOf: (read: FilesRead) => void
  readonly onFault: (detail: string) => void
}

export interface Saves {
  /** What others have put in force is no news; the files it is made of are watched. */
  note(read: FilesRead): void
  stop(): void
}

/** Editors write a file in a few milliseconds; Bun leaves out events within 2 ms of each other. */
const quietMs = 20
const maxWaitMs = 100
/** A file that was truncated to be written anew is whole again by then, unless it is meant. */
const healMs = 200

export function watchSaves(options: SavesOptions): Saves {
  const { clock, queue, records } = options
  let seen: string | undefined
  let isStopped = false
  let cancelHealing: Cancel = () => undefined
  const look = joinWaiting(queue, (all: readonly boolean[]) => lookAgain(all.includes(true)))
  const debounce = createDebounce({ clock, quietMs, maxMs: maxWaitMs, act: () => void look(false) })
  const watch: FileWatch = watchFiles({ onChange: () => debounce.poke(), onFault: options.onFault })

  function note(read: FilesRead): void {
    seen = read.digest
    rewatch(read)
  }

  const rewatch = ({ files }: FilesRead): void => {
    if (!isStopped) void watch.set([...files, ...options.besides()])
  }

  /** `isLast`: what is wrong now has been wrong for `healMs`, and counts. */
  async function lookAgain(isLast: boolean): Promise<void> {
    if (isStopped) return
    cancelHealing()
    const read = options.read()
    rewatch(read)
    if (read.digest === seen) return
    if (read.loaded.kind === 'problems' && !isLast) return waitForHealing()
    const published = await options.publisher.publish(read)
    records.advance(published, 'watch')
    if (published.problems.length > 0 && !isLast) return waitForHealing()
    note(read)
    options.warnOf(read)
    records.conclude(published, 'watch', 'seen')
  }

  function waitForHealing(): void {
    cancelHealing = clock.after(healMs, () => void look(true))
  }

  // When the files have come under watch they are looked at once: they may have been saved since they were loaded.
  void queue(async () => rewatch(options.read()))
  return {
    note,
    stop() {
      isStopped = true
      debounce.cancel()
      cancelHealing()
      watch.stop()
    },
  }
}
