/**
 * What speaks Consul's KV, sessions and transactions as its documentation says (blocking queries and their index, compare and
 * set, keys that go with their session): there is no package of Consul to test with.
 */
import type { Server } from 'bun'
import { freePorts } from './ports.ts'

export interface ConsulKv extends AsyncDisposable {
  readonly url: string
  put(key: string, value: string): void
  delete(key: string): void
  /** A session runs out. */
  expire(session: string): void
  readonly sessions: readonly string[]
  /** It is killed. */
  stop(): Promise<void>
  /** With the same keys; its index begins at `index`. */
  start(index?: number): void
}

interface Entry {
  readonly value: string
  readonly createIndex: number
  readonly modifyIndex: number
  readonly session: string | undefined
}

interface Operation {
  readonly KV: { readonly Verb: string; readonly Key: string; readonly Value?: string; readonly Index?: number }
}

export function startConsulKv({ token }: { readonly token?: string } = {}): ConsulKv {
  const [port = 0] = freePorts(1)
  const entries = new Map<string, Entry>()
  const sessions = new Set<string>()
  let index = 10
  let change = Promise.withResolvers<void>()
  let server: Server<undefined> | undefined

  const rise = (): number => {
    index += 1
    change.resolve()
    change = Promise.withResolvers()
    return index
  }
  function put(key: string, value: string, session = entries.get(key)?.session): void {
    const now = rise()
    entries.set(key, { value, session, modifyIndex: now, createIndex: entries.get(key)?.createIndex ?? now })
  }
  function drop(key: string): void {
    if (entries.delete(key)) rise()
  }
  function expire(session: string): void {
    sessions.delete(session)
    for (const [key, entry] of entries) if (entry.session === session) drop(key)
  }

  async function read(key: string, query: URLSearchParams): Promise<Response> {
    const find = (): [string, Entry][] =>
      [...entries].filter(([known]) => (query.has('recurse') ? known.startsWith(key) : known === key))
    const highest = (): number => Math.max(1, ...find().map(([, { modifyIndex }]) => modifyIndex))
    // Consul answers one that waits for a key that is gone with the index of its going.
    const told = (): number => (find().length === 0 ? index : highest())
    const deadline = performance.now() + 1000 * Number((query.get('wait') ?? '300s').replace('s', ''))
    const isNews = (): boolean => query.get('index') !== String(told()) || performance.now() >= deadline
    while (!isNews()) await Promise.race([change.promise, Bun.sleep(deadline - performance.now())])
    const headers = { 'x-consul-index': String(told()) }
    const found = find()
    if (found.length === 0) return new Response(null, { status: 404, headers })
    return Response.json(
      found.map(([name, { value, createIndex, modifyIndex, session }]) => ({
        LockIndex: session === undefined ? 0 : 1,
        Key: name,
        Flags: 0,
        Value: value === '' ? null : Buffer.from(value).toString('base64'),
        CreateIndex: createIndex,
        ModifyIndex: modifyIndex,
        ...(session !== undefined && { Session: session }),
      })),
      { headers },
    )
  }

  function transact(operations: readonly Operation[]): Response {
    const isStale = ({ KV }: Operation): boolean =>
      KV.Verb === 'cas' && (entries.get(KV.Key)?.modifyIndex ?? 0) !== (KV.Index ?? 0)
    if (operations.some(isStale)) return Response.json({ Results: null, Errors: [{ OpIndex: 0 }] }, { status: 409 })
    for (const { KV } of operations) {
      if (KV.Verb === 'delete') drop(KV.Key)
      else put(KV.Key, Buffer.from(KV.Value ?? '', 'base64').toString())
    }
    return Response.json({ Results: [], Errors: null })
  }

  function acquire(key: string, session: string, value: string): Response {
    if (!sessions.has(session)) return new Response('invalid session', { status: 500 })
    const holder = entries.get(key)?.session
    if (holder !== undefined && holder !== session) return Response.json(false)
    put(key, value, session)
    return Response.json(true)
  }

  async function answer(request: Request): Promise<Response> {
    const { pathname, searchParams: query } = new URL(request.url)
    if (token !== undefined && request.headers.get('x-consul-token') !== token)
      return new Response('Permission denied', { status: 403 })
    const [, , area = '', ...rest] = pathname.split('/')
    const key = rest.map(decodeURIComponent).join('/')
    if (request.method === 'GET') return area === 'kv' ? await read(key, query) : new Response(null, { status: 404 })
    if (request.method !== 'PUT') return new Response('method not allowed', { status: 405 })
    const text = await request.text()
    if (area === 'txn') return transact(JSON.parse(text) as Operation[])
    if (area === 'kv') return acquire(key, query.get('acquire') ?? '', text)
    const [verb, session = ''] = rest
    if (verb === 'create') {
      const id = crypto.randomUUID()
      sessions.add(id)
      return Response.json({ ID: id })
    }
    if (verb === 'destroy') expire(session)
    return sessions.has(session) || verb === 'destroy'
      ? Response.json(true)
      : new Response(`Session id '${session}' not found`, { status: 404 })
  }

  const start = (from = index): void => {
    index = from
    server = Bun.serve({ hostname: '127.0.0.1', port, idleTimeout: 0, fetch: answer })
  }
  const stop = async (): Promise<void> => server?.stop(true)
  start()
  return {
    url: `http://127.0.0.1:${port}`,
    put,
    delete: drop,
    expire,
    get sessions() {
      return [...sessions]
    },
    stop,
    start,
    [Symbol.asyncDispose]: stop,
  }
}
