/** A fleet's config under a key of Consul's KV, its past under `KEY/history/`, its nodes under `KEY/nodes/`, each with a session. */
import type { Answer, Question } from '../net/ask.ts'
import { type AttemptServices, keepTrying } from '../discovery/attempts.ts'
import { blockOn, type ConsulClientServices, refusal, toConsul } from '../discovery/consul-client.ts'
import { isObject, parseJson, parseList, parseObject, textIn } from '../discovery/json.ts'
import type { SourceAddress } from './address.ts'
import {
  absent,
  type ConfigStore,
  type Fault,
  type Held,
  LEASE_SECONDS,
  type LeaseCalls,
  type SharedStore,
} from './store.ts'

export type ConsulStoreServices = AttemptServices & ConsulClientServices

/** A value may have 512 KiB, unless Consul was told otherwise; those of a history and all nodes come at once. */
const MAX_BYTES = 32 * 1024 ** 2
const ENTRIES = { maxBytes: MAX_BYTES, parse: parseList, otherwise: 'no list of keys' }
const TIMEOUT_MS = 5000
const DENIED = 'the token may not do this with its key'

interface Entry {
  readonly key: string
  readonly value: string
  readonly version: string
}

export function consulStore(source: SourceAddress, services: ConsulStoreServices): ConsulFleetStore {
  const { key, name } = source
  const call = caller(source, services)
  return {
    name,
    follow(sink) {
      let attempts = 0
      return keepTrying(services, sink, (attempt) => {
        const address = source.endpoints[attempts % source.endpoints.length] ?? ''
        attempts += 1
        let isHeld = false
        return blockOn({
          server: { ...source, address },
          url: new URL(pathOf(key), address),
          expected: ENTRIES,
          denied: DENIED,
          services,
          attempt,
          said(entries) {
            const [entry] = entriesOf(entries)
            isHeld = entry !== undefined
            if (entry === undefined) attempt.failed('says what is no key')
            else sink.value(entry.value)
          },
          confirm: () => isHeld && sink.confirm(),
          absent() {
            isHeld = false
            sink.lose(absent(key))
          },
        })
      })
    },
    async read(): Promise<Held> {
      const answer = await call('GET', pathOf(key))
      if (answer.kind === 'fault') return answer
      if (answer.status === 404) return { kind: 'absent' }
      const [entry] = entriesOf(parseList(answer.text) ?? [])
      return entry === undefined
        ? { kind: 'fault', reason: 'says what is no key' }
        : { kind: 'held', value: entry.value, version: entry.version }
    },
    shared: sharedBy(key, call),
  }
}

type ConsulFleetStore = ConfigStore & { readonly shared: SharedStore }

const pathOf = (key: string): string => `/v1/kv/${key.split('/').map(encodeURIComponent).join('/')}`

function entriesOf(list: readonly unknown[]): Entry[] {
  return list.filter(isObject).flatMap((entry) => {
    const { Key: key, Value: value, ModifyIndex: index } = entry
    // An empty value is null.
    if (typeof key !== 'string' || (typeof value !== 'string' && value !== null)) return []
    return [{ key, value: Buffer.from(value ?? '', 'base64').toString(), version: String(index) }]
  })
}

type Said = { readonly kind: 'said'; readonly status: number; readonly text: string }
type Call = (method: 'GET' | 'PUT', path: string, body?: string) => Promise<Said | Fault>

/** At one server after the other, until one answers. 404 and 409 are answers: each caller knows what they say. */
function caller(source: SourceAddress, services: ConsulStoreServices): Call {
  let current = 0
  const once = async (method: 'GET' | 'PUT', path: string, body: string | undefined): Promise<Said | Fault> => {
    const address = source.endpoints[current % source.endpoints.length] ?? ''
    const sent = toConsul({ ...source, address }, services.readPem)
    if (sent.kind === 'fault') return sent
    const answer = await asked(services, {
      ...sent,
      url: new URL(path, address).href,
      ...(method === 'PUT' && { method, body: body ?? '' }),
      timeoutMs: TIMEOUT_MS,
      maxBodyBytes: MAX_BYTES,
    })
    if (answer.kind === 'failed') return { kind: 'fault', reason: `cannot be asked: ${answer.detail}` }
    const { status, body: said } = answer
    if (said === undefined) return { kind: 'fault', reason: `answers with more than ${MAX_BYTES} bytes` }
    if (![200, 404, 409].includes(status)) {
      const words = status === 403 ? '' : said.toString().slice(0, 200).trim()
      return { kind: 'fault', reason: `${refusal(status, DENIED)}${words === '' ? '' : `: ${words}`}` }
    }
    return { kind: 'said', status, text: said.toString() }
  }
  return async (method, path, body) => {
    let answer = await once(method, path, body)
    for (let tries = 1; answer.kind === 'fault' && tries < source.endpoints.length; tries++) {
      current += 1
      answer = await once(method, path, body)
    }
    return answer
  }
}

const asked = ({ ask }: ConsulStoreServices, question: Question): Promise<Answer> =>
  new Promise((resolve) => {
    ask(question, resolve)
  })

function sharedBy(key: string, call: Call): SharedStore {
  const pastOf = (generation: number): string => `${key}/history/${generation}`
  return {
    async swap({ version = '0', value, past, forget }) {
      const operations = [
        { KV: { Verb: 'cas', Key: key, Value: toBase64(value), Index: Number(version) } },
        ...(past === undefined
          ? []
          : [{ KV: { Verb: 'set', Key: pastOf(past.generation), Value: toBase64(past.value) } }]),
        ...forget.map((generation) => ({ KV: { Verb: 'delete', Key: pastOf(generation) } })),
      ]
      const answer = await call('PUT', '/v1/txn', JSON.stringify(operations))
      if (answer.kind === 'fault') return answer
      // 409: all of it was rolled back.
      return { kind: answer.status === 200 ? 'swapped' : 'overtaken' }
    },
    async list(what) {
      const prefix = `${key}/${what}/`
      const answer = await call('GET', `${pathOf(prefix)}?recurse`)
      if (answer.kind === 'fault') return answer
      const entries = answer.status === 404 ? [] : entriesOf(parseList(answer.text) ?? [])
      return { kind: 'listed', values: new Map(entries.map((one) => [one.key.slice(prefix.length), one.value])) }
    },
    lease: sessionBy(key, call),
  }
}

const sessionBy = (key: string, call: Call): LeaseCalls => ({
  async grant() {
    const session = { Name: 'smartedge', TTL: `${LEASE_SECONDS}s`, Behavior: 'delete', LockDelay: '0s' }
    const answer = await call('PUT', '/v1/session/create', JSON.stringify(session))
    if (answer.kind === 'fault') return answer
    const id = textIn(parseObject(answer.text) ?? {}, 'ID')
    return id === undefined ? { kind: 'fault', reason: 'grants no session' } : { kind: 'granted', id }
  },
  async renew(id) {
    const answer = await call('PUT', `/v1/session/renew/${id}`)
    if (answer.kind === 'fault') return answer
    return { kind: answer.status === 200 ? 'renewed' : 'ended' }
  },
  async put(id, node, text) {
    const answer = await call('PUT', `${pathOf(`${key}/nodes/${node}`)}?acquire=${id}`, text)
    if (answer.kind === 'fault') return answer
    return { kind: parseJson(answer.text) === true ? 'put' : 'taken' }
  },
  async revoke(id) {
    await call('PUT', `/v1/session/destroy/${id}`)
  },
})

const toBase64 = (text: string): string => Buffer.from(text).toString('base64')
