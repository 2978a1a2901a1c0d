/** A fleet's config under a key of etcd, its past under `KEY/history/`, its nodes under `KEY/nodes/`, each with a lease. */
import { type AttemptServices, keepTrying } from '../discovery/attempts.ts'
import { type AskEtcd, askEtcd, fromBase64, toBase64 } from '../discovery/etcd-client.ts'
import { behind, type EtcdWatchServices, keyRange, prefixRange, watchEtcd } from '../discovery/etcd-watch.ts'
import { isObject, type JsonObject, listIn, objectIn, textIn } from '../discovery/json.ts'
import type { SourceAddress } from './address.ts'
import { absent, type ConfigStore, type Held, LEASE_SECONDS, type LeaseCalls, type SharedStore } from './store.ts'

export type EtcdStoreServices = AttemptServices & EtcdWatchServices

/** Keys in one answer: a config may have 1.5 MB, a node's entry has 500 bytes. */
const PAGE = { history: '3', nodes: '500' } as const
/** A value may have 1.5 MB, unless etcd was told otherwise. */
const MAX_LINE_BYTES = 32 * 1024 ** 2

export function etcdStore(source: SourceAddress, services: EtcdStoreServices): ConfigStore {
  const post = askEtcd(source, services)
  const { key, name } = source
  return {
    name,
    follow(sink) {
      let attempts = 0
      return keepTrying(services, sink, (attempt) => {
        const url = source.endpoints[attempts % source.endpoints.length] ?? ''
        attempts += 1
        let value: string | undefined
        const tell = (): void => {
          if (value === undefined) sink.lose(absent(key))
          else sink.value(value)
        }
        return watchEtcd({
          endpoint: { ...source, url },
          range: keyRange(key),
          maxKeys: 1,
          maxLineBytes: MAX_LINE_BYTES,
          services,
          attempt,
          sink: {
            get size() {
              return value === undefined ? 0 : 1
            },
            put: (_, kv) => void (value = valueOf(kv)),
            delete: () => void (value = undefined),
            listed: tell,
            changed: tell,
            confirm: () => value !== undefined && sink.confirm(),
          },
        })
      })
    },
    async read(): Promise<Held> {
      const answer = await post('kv/range', { key: toBase64(key) })
      if (answer.kind === 'fault') return answer
      const [kv] = listIn(answer.said, 'kvs')
      if (!isObject(kv)) return { kind: 'absent' }
      return { kind: 'held', value: valueOf(kv), version: textIn(kv, 'mod_revision') ?? '0' }
    },
    shared: sharedBy(key, post),
  }
}

const valueOf = (kv: JsonObject): string => fromBase64(textIn(kv, 'value') ?? '')

function sharedBy(key: string, post: AskEtcd): SharedStore {
  const put = (under: string, value: string) => ({ request_put: { key: toBase64(under), value: toBase64(value) } })
  const pastOf = (generation: number): string => `${key}/history/${generation}`
  return {
    async swap({ version = '0', value, past, forget }) {
      const compare = [{ key: toBase64(key), target: 'MOD', result: 'EQUAL', mod_revision: version }]
      const success = [
        put(key, value),
        ...(past === undefined ? [] : [put(pastOf(past.generation), past.value)]),
        ...forget.map((generation) => ({ request_delete_range: { key: toBase64(pastOf(generation)) } })),
      ]
      const answer = await post('kv/txn', { compare, success })
      if (answer.kind === 'fault') return answer
      return { kind: answer.said['succeeded'] === true ? 'swapped' : 'overtaken' }
    },
    async list(what) {
      const prefix = `${key}/${what}/`
      const range = prefixRange(prefix)
      const values = new Map<string, string>()
      for (let from = range.key; ;) {
        const answer = await post('kv/range', { ...range, key: from, limit: PAGE[what] })
        if (answer.kind === 'fault') return answer
        const kvs = listIn(answer.said, 'kvs').filter(isObject)
        for (const kv of kvs) values.set(fromBase64(textIn(kv, 'key') ?? '').slice(prefix.length), valueOf(kv))
        const last = textIn(kvs.at(-1) ?? {}, 'key')
        if (answer.said['more'] !== true || last === undefined) return { kind: 'listed', values }
        from = behind(last)
      }
    },
    lease: leaseBy(key, post),
  }
}

const leaseBy = (key: string, post: AskEtcd): LeaseCalls => ({
  async grant() {
    const answer = await post('lease/grant', { TTL: String(LEASE_SECONDS) })
    if (answer.kind === 'fault') return answer
    const id = textIn(answer.said, 'ID')
    return id === undefined ? { kind: 'fault', reason: 'grants no lease' } : { kind: 'granted', id }
  },
  async renew(id) {
    const answer = await post('lease/keepalive', { ID: id })
    if (answer.kind === 'fault') return answer
    // One that has run out has no time left.
    return { kind: Number(textIn(objectIn(answer.said, 'result'), 'TTL') ?? 0) > 0 ? 'renewed' : 'ended' }
  },
  async put(id, node, text) {
    const under = toBase64(`${key}/nodes/${node}`)
    const success = [{ request_put: { key: under, value: toBase64(text), lease: id } }]
    const isFree = { compare: [{ key: under, target: 'CREATE', result: 'EQUAL', create_revision: '0' }], success }
    const isOurs = { compare: [{ key: under, target: 'LEASE', result: 'EQUAL', lease: id }], success }
    const answer = await post('kv/txn', { ...isOurs, failure: [{ request_txn: isFree }] })
    if (answer.kind === 'fault') return answer
    const [inner] = listIn(answer.said, 'responses').filter(isObject)
    const hasPut = answer.said['succeeded'] === true || objectIn(inner ?? {}, 'response_txn')['succeeded'] === true
    return { kind: hasPut ? 'put' : 'taken' }
  },
  async revoke(id) {
    await post('lease/revoke', { ID: id })
  },
})
