/**
 * A file with a list of members that another program writes: live when it is saved, and missing or faulty for as long as it
 * is. Where people write members, they stand in the config or its members file, whose faults are problems of the config.
 */
import type { Cancel, Clock } from '../clock.ts'
import { listReader, type ListReading, parseJsonList } from './json-list.ts'
import type { FilePolicy } from './policy.ts'
import type { Source, SourceSink } from './source.ts'

/** A text file as it is now, read at once; one that is too long is a fault. */
export type ReadText = (
  path: string,
) =>
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'fault'; readonly rule: string }

/** Calls `onChange` at each sign that the file may be another, perhaps several times for one. */
export type WatchFile = (path: string, onChange: () => void) => Cancel

export interface FileServices extends ListReading {
  readonly clock: Pick<Clock, 'after' | 'soon'>
  readonly readText: ReadText
  readonly watchFile: WatchFile
}

/** Whoever writes it in place has it whole by then; and Bun leaves out events within 2 ms of each other. */
const QUIET_MS = 20
/** What has been faulty for so long is no file that is being written just now. */
const HEAL_MS = 200
/** For file systems that tell of no change. */
const LOOK_MS = 10_000

export const fileSource = (policy: FilePolicy, services: FileServices): Source => ({
  start: (sink) => followFile(policy, services, sink),
})

function followFile({ path }: FilePolicy, services: FileServices, sink: SourceSink): Cancel {
  const { clock, readText, watchFile } = services
  let seen: string | undefined
  let wasFaulty = false
  let cancelNext: Cancel = () => undefined
  const reader = listReader(services, (listing) => sink.publish(listing))

  function lookIn(ms: number): void {
    cancelNext()
    cancelNext = clock.after(ms, look)
  }

  function look(): void {
    lookIn(LOOK_MS)
    const file = readText(path)
    if (file.kind === 'missing') return fail('it is missing')
    if (file.kind === 'fault') return suspect(file.rule)
    if (file.text === seen) {
      wasFaulty = false
      return sink.confirm()
    }
    const list = parseJsonList(file.text)
    if (list.kind === 'fault') return suspect(list.reason)
    wasFaulty = false
    seen = file.text
    reader.read(list.items)
  }

  /** It may be half written. */
  function suspect(reason: string): void {
    if (wasFaulty) return fail(reason)
    wasFaulty = true
    lookIn(HEAL_MS)
  }

  function fail(reason: string): void {
    seen = undefined
    sink.lose(reason)
  }

  look()
  const stopWatching = watchFile(path, () => lookIn(QUIET_MS))
  return () => {
    cancelNext()
    reader.stop()
    stopWatching()
  }
}
