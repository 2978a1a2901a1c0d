/**
 * Storage below a prefix of an etcd (v3) that the nodes of a fleet share, by its gateway for JSON: keys and values go in
 * base64. A lock is a key that its lease takes away when nobody else does.
 */
import { type AskEtcd, fromBase64, toBase64 } from '../discovery/etcd-client.ts'
import { prefixRange } from '../discovery/etcd-watch.ts'
import { isObject, type JsonObject, listIn, textIn } from '../discovery/json.ts'
import { LOCK_MS, type Storage } from './storage.ts'

export interface EtcdStorageOptions {
  /** Such as `/smartedge/acme/`. */
  readonly prefix: string
  readonly ask: AskEtcd
}

export function etcdStorage({ prefix, ask }: EtcdStorageOptions): Storage {
  const at = (key: string): string => toBase64(prefix + key)
  const call = async (path: string, body: JsonObject): Promise<JsonObject> => {
    const answer = await ask(path, body)
    if (answer.kind === 'fault') throw new Error(`etcd: ${answer.reason}`)
    return answer.said
  }

  return {
    place: `etcd, below ${prefix}`,
    isShared: true,
    end: () => undefined,
    async read(key) {
      const [found] = valuesOf(await call('kv/range', { key: at(key) }))
      return found?.value
    },
    write: async (key, text) => void (await call('kv/put', { key: at(key), value: toBase64(text) })),
    remove: async (key) => void (await call('kv/deleterange', { key: at(key) })),
    async list(folder) {
      const begin = `${prefix}${folder}/`
      const range = { ...prefixRange(begin), keys_only: true }
      return valuesOf(await call('kv/range', range)).map(({ key }) => key.slice(begin.length))
    },
    async lock(key) {
      const { ID: lease } = await call('lease/grant', { TTL: String(LOCK_MS / 1000) })
      const name = at(`locks/${key}`)
      const taken = await call('kv/txn', {
        compare: [{ key: name, target: 'CREATE', create_revision: '0' }],
        success: [{ request_put: { key: name, value: toBase64('held'), lease } }],
      })
      const letGo = async (): Promise<void> => void (await call('lease/revoke', { ID: lease }))
      if (taken['succeeded'] === true) return letGo
      await letGo()
      return undefined
    },
  }
}

const valuesOf = (said: JsonObject): readonly { readonly key: string; readonly value: string }[] =>
  listIn(said, 'kvs')
    .filter(isObject)
    .map((kv) => ({ key: fromBase64(textIn(kv, 'key') ?? ''), value: fromBase64(textIn(kv, 'value') ?? '') }))
