/**
 * Storage below a prefix of an etcd (v3) that the nodes of a fleet share, by its gateway for JSON: keys and values go in
 * base64. A lock is a key that its lease takes away when nobody else does.
 */
import type { Answer, Ask } from '../net/ask.ts'
import type { ServiceTls } from '../net/service-request.ts'
import type { Secret } from '../secrets.ts'
import { jsonOf } from './session.ts'
import { LOCK_MS, type Storage } from './storage.ts'

export interface EtcdStorageOptions {
  /** The first that answers is asked. */
  readonly endpoints: readonly string[]
  /** Such as `/smartedge/acme/`. */
  readonly prefix: string
  /** undefined: authentication is off. */
  readonly user: { readonly name: string; readonly password: Secret } | undefined
  readonly ask: Ask
  /** Read anew for each question. */
  readonly tls: () => ServiceTls | undefined
}

const TIMEOUT_MS = 5000
const MAX_BYTES = 4 * 1024 ** 2

type Json = Readonly<Record<string, unknown>>

export function etcdStorage(options: EtcdStorageOptions): Storage {
  const { prefix } = options
  const at = (key: string): string => base64(prefix + key)
  const call = (path: string, body: object): Promise<Json> => askAny(options, path, body)

  return {
    place: `etcd, below ${prefix}`,
    isShared: true,
    async read(key) {
      const [found] = valuesOf(await call('kv/range', { key: at(key) }))
      return found?.value
    },
    write: async (key, text) => void (await call('kv/put', { key: at(key), value: base64(text) })),
    remove: async (key) => void (await call('kv/deleterange', { key: at(key) })),
    async list(folder) {
      const begin = `${prefix}${folder}/`
      // Behind the slash comes the 0.
      const range = { key: base64(begin), range_end: base64(`${begin.slice(0, -1)}0`), keys_only: true }
      return valuesOf(await call('kv/range', range)).map(({ key }) => key.slice(begin.length))
    },
    async lock(key) {
      const { ID: lease } = await call('lease/grant', { TTL: String(LOCK_MS / 1000) })
      const name = at(`locks/${key}`)
      const taken = await call('kv/txn', {
        compare: [{ key: name, target: 'CREATE', create_revision: '0' }],
        success: [{ request_put: { key: name, value: base64('held'), lease } }],
      })
      const letGo = async (): Promise<void> => void (await call('lease/revoke', { ID: lease }))
      if (taken['succeeded'] === true) return letGo
      await letGo()
      return undefined
    },
  }
}

/** One endpoint after the other; rejects with what the last one had against it. */
async function askAny(options: EtcdStorageOptions, path: string, body: object): Promise<Json> {
  let reason = 'it has no endpoint'
  for (const endpoint of options.endpoints) {
    const url = `${endpoint.replace(/\/$/, '')}/v3/`
    const token = await tokenOf(options, url)
    if (token.kind === 'fault') ({ reason } = token)
    else {
      const answer = readAnswer(await post(options, url + path, { body, token: token.token }))
      if (answer.kind === 'json') return answer.json
      ;({ reason } = answer)
    }
  }
  throw new Error(`etcd: ${reason}`)
}

type Token =
  { readonly kind: 'token'; readonly token: string | undefined } | { readonly kind: 'fault'; readonly reason: string }

/** One for each question: they are few, and tokens run out. */
async function tokenOf(options: EtcdStorageOptions, url: string): Promise<Token> {
  const { user } = options
  if (user === undefined) return { kind: 'token', token: undefined }
  const body = { name: user.name, password: user.password.reveal() }
  const answer = readAnswer(await post(options, `${url}auth/authenticate`, { body }))
  if (answer.kind === 'fault') return answer
  return { kind: 'token', token: String(answer.json['token']) }
}

async function post(
  { ask, tls }: EtcdStorageOptions,
  url: string,
  { body, token }: { readonly body: object; readonly token?: string | undefined },
): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>()
  const trust = tls()
  const fields = [
    ['content-type', 'application/json'] as const,
    ...(token === undefined ? [] : [['authorization', token] as const]),
  ]
  ask({ url, fields, body: JSON.stringify(body), tls: trust, timeoutMs: TIMEOUT_MS, maxBodyBytes: MAX_BYTES }, resolve)
  return await promise
}

type Read = { readonly kind: 'json'; readonly json: Json } | { readonly kind: 'fault'; readonly reason: string }

function readAnswer(answer: Answer): Read {
  if (answer.kind === 'failed') return { kind: 'fault', reason: answer.detail }
  const said = answer.body && jsonOf(answer.body)
  const json = typeof said === 'object' && said !== null ? (said as Json) : undefined
  if (answer.status === 200 && json !== undefined) return { kind: 'json', json }
  const words = typeof json?.['message'] === 'string' ? `: ${json['message']}` : ''
  return { kind: 'fault', reason: `it answered ${answer.status}${words}` }
}

function valuesOf({ kvs }: Json): readonly { readonly key: string; readonly value: string }[] {
  if (!Array.isArray(kvs)) return []
  return kvs.map((kv: { readonly key?: unknown; readonly value?: unknown } | null) => ({
    key: text(kv?.key),
    value: text(kv?.value),
  }))
}

const base64 = (plain: string): string => Buffer.from(plain).toString('base64')
const text = (encoded: unknown): string => Buffer.from(typeof encoded === 'string' ? encoded : '', 'base64').toString()
