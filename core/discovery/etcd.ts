/** The keys below a prefix of an etcd (v3), each with a member as its value. */
import { type AttemptServices, keepTrying } from './attempts.ts'
import { fromBase64 } from './etcd-client.ts'
import { type EtcdWatchServices, type KeySink, prefixRange, watchEtcd } from './etcd-watch.ts'
import { type JsonObject, parseJson, textIn } from './json.ts'
import { KeyedEntries, memberEntry, skippedEntry } from './keyed.ts'
import { type Entry, MAX_MEMBERS, type ReadMember } from './listing.ts'
import type { EtcdPolicy } from './policy.ts'
import type { Source, SourceSink } from './source.ts'

export interface EtcdServices extends AttemptServices, EtcdWatchServices {
  readonly clock: EtcdWatchServices['clock']
  readonly readMember: ReadMember
}

/** No member takes more, and a value of etcd may have 1.5 MB. */
const MAX_VALUE_BYTES = 4096
/** Some may hold what is no member. */
const MAX_KEYS = 2 * MAX_MEMBERS
const MAX_LINE_BYTES = 4 * 1024 ** 2

export const etcdSource = ({ endpoints, prefix, user, tls }: EtcdPolicy, services: EtcdServices): Source => ({
  start: (sink) => {
    let attempts = 0
    return keepTrying(services, sink, (attempt) => {
      const url = endpoints[attempts % endpoints.length] ?? ''
      attempts += 1
      const entries = new KeyedEntries(services.clock, (listing) => sink.publish(listing))
      const stop = watchEtcd({
        endpoint: { url, user, tls },
        range: prefixRange(prefix),
        maxKeys: MAX_KEYS,
        maxLineBytes: MAX_LINE_BYTES,
        services,
        attempt,
        sink: keysInto(entries, sink, services.readMember),
      })
      return () => {
        stop()
        entries.stop()
      }
    })
  },
})

const keysInto = (entries: KeyedEntries, sink: SourceSink, readMember: ReadMember): KeySink => ({
  get size() {
    return entries.size
  },
  put: (key, kv) => entries.set(key, [entryOf(key, kv, readMember)]),
  delete: (key) => entries.delete(key),
  listed: () => entries.publishNow(),
  changed: () => entries.publishSoon(),
  confirm: () => sink.confirm(),
})

/** A value in base64: a member in JSON, or the URL alone. */
function entryOf(key: string, kv: JsonObject, readMember: ReadMember): Entry {
  const value = textIn(kv, 'value') ?? ''
  if (value.length > (MAX_VALUE_BYTES * 4) / 3) return skippedEntry(key, `is longer than ${MAX_VALUE_BYTES} bytes`)
  const text = fromBase64(value)
  const written: unknown = /^\s*[{"]/.test(text) ? parseJson(text) : text.trim()
  if (written === undefined) return skippedEntry(key, 'is not JSON')
  const read = readMember(written)
  return read.kind === 'member' ? memberEntry(read.member) : skippedEntry(key, read.reason)
}
