/**
 * Storage below a prefix of an etcd (v3) that the nodes of a fleet share. A lock is a key that its lease takes away when nobody
 * else does.
 */
import { EtcdClient, type EtcdFault, fromBase64, toBase64 } from '../discovery/etcd-client.ts'
import { isObject, type JsonObject, listIn, textIn } from '../discovery/json.ts'
import type { ReadPem } from '../discovery/service.ts'
import type { Ask } from '../net/ask.ts'
import type { StoragePolicy } from './policy.ts'
import { LOCK_MS, type Storage } from './storage.ts'

export interface EtcdStorageServices {
  readonly ask: Ask
  readonly readPem: ReadPem
}

type EtcdPolicy = Omit<StoragePolicy & { readonly kind: 'etcd' }, 'kind'>

export function etcdStorage({ endpoints, prefix, user, tls }: EtcdPolicy, services: EtcdStorageServices): Storage {
  const clients = endpoints.map((url) => new EtcdClient({ url, user, tls }, services))
  const at = (key: string): string => toBase64(prefix + key)
  const call = (path: string, body: JsonObject): Promise<JsonObject> => askAny(clients, path, body)

  return {
    place: `etcd, below ${prefix}`,
    isShared: true,
    async read(key) {
      const [found] = listIn(await call('kv/range', { key: at(key) }), 'kvs')
      // etcd leaves out what is empty.
      return found === undefined ? undefined : textOf(found, 'value')
    },
    write: async (key, text) => void (await call('kv/put', { key: at(key), value: toBase64(text) })),
    remove: async (key) => void (await call('kv/deleterange', { key: at(key) })),
    async list(folder) {
      const begin = `${prefix}${folder}/`
      // Behind the slash comes the 0.
      const range = { key: toBase64(begin), range_end: toBase64(`${begin.slice(0, -1)}0`), keys_only: true }
      return listIn(await call('kv/range', range), 'kvs').map((kv) => textOf(kv, 'key').slice(begin.length))
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

const textOf = (kv: unknown, key: string): string => fromBase64((isObject(kv) ? textIn(kv, key) : undefined) ?? '')

/** One endpoint after the other, each once more where a token has run out; rejects with what the last one had against it. */
async function askAny(clients: readonly EtcdClient[], path: string, body: JsonObject): Promise<JsonObject> {
  let reason = 'it has no endpoint'
  for (const client of clients) {
    let heard = await askOne(client, path, body)
    if (heard.kind === 'fault' && heard.fault.isUnknownUser) heard = await askOne(client, path, body)
    if (heard.kind === 'said') return heard.said
    ;({ reason } = heard.fault)
  }
  throw new Error(`etcd: ${reason}`)
}

type Heard =
  { readonly kind: 'said'; readonly said: JsonObject } | { readonly kind: 'fault'; readonly fault: EtcdFault }

function askOne(client: EtcdClient, path: string, body: JsonObject): Promise<Heard> {
  const { promise, resolve } = Promise.withResolvers<Heard>()
  client.post(path, body, {
    said: (said) => resolve({ kind: 'said', said }),
    failed: (fault) => resolve({ kind: 'fault', fault }),
  })
  return promise
}
