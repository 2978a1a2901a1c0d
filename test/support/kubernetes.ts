/**
 * What speaks the part of the Kubernetes API that serves EndpointSlices, as its documentation says: lists in pages, watches with
 * resource versions, 410 for what is too old, bearer tokens. There is no API server to test with. Slices have the
 * shape of discovery.k8s.io/v1.
 */
import type { Server } from 'bun'
import { freePorts } from './ports.ts'

export interface Slice {
  readonly name: string
  readonly addressType?: 'IPv4' | 'IPv6'
  readonly ports?: readonly object[]
  readonly endpoints: readonly object[]
}

export interface Kubernetes extends AsyncDisposable {
  readonly url: string
  /** Queries that it was asked, oldest first. */
  readonly asked: readonly URLSearchParams[]
  /** How many there are. */
  readonly watches: number
  /** The token that counts from now on; undefined: any, and none. */
  token: string | undefined
  put(slice: Slice): void
  delete(name: string): void
  /** To all that watch, as it stands. */
  say(text: string): void
  /** It is killed. */
  stop(): Promise<void>
  /** With the same slices, and nothing of what was before. */
  start(): void
}

export interface KubernetesOptions {
  readonly token?: string
  readonly tls?: { readonly cert: string; readonly key: string }
}

interface Change {
  readonly version: number
  readonly line: string
}

const KIND = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' }

export const endpoint = (address: string, facts: object = {}): object => ({
  addresses: [address],
  conditions: { ready: true, serving: true, terminating: false },
  nodeName: 'node-1',
  targetRef: { kind: 'Pod', namespace: 'default', name: `pod-${address}` },
  ...facts,
})

export function startKubernetes(options: KubernetesOptions = {}): Kubernetes {
  const [port = 0] = freePorts(1)
  const asked: URLSearchParams[] = []
  const slices = new Map<string, object>()
  const watches = new Set<ReadableStreamDefaultController>()
  let version = 100
  let forgotten = 0
  let changes: Change[] = []
  let token = options.token
  let server: Server<undefined> | undefined

  const gone = (): object => ({ kind: 'Status', status: 'Failure', message: 'too old', reason: 'Expired', code: 410 })

  function answer(request: Request): Response {
    const { pathname, searchParams: query } = new URL(request.url)
    asked.push(query)
    if (token !== undefined && request.headers.get('authorization') !== `Bearer ${token}`)
      return Response.json({ kind: 'Status', message: 'Unauthorized', code: 401 }, { status: 401 })
    const isRight = pathname === '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices'
    if (!isRight || query.get('labelSelector') !== 'kubernetes.io/service-name=web')
      return Response.json({ kind: 'Status', message: 'not found', code: 404 }, { status: 404 })
    return query.has('watch') ? watch(Number(query.get('resourceVersion'))) : list(query)
  }

  /** A page is told by where it begins, and by the version of the first. */
  function list(query: URLSearchParams): Response {
    const [from = 0, at = version] = (query.get('continue') ?? '').split('@').filter(Boolean).map(Number)
    if (at < forgotten) return Response.json(gone(), { status: 410 })
    // What is told from the cache knows no limit: https://github.com/kubernetes/client-go/issues/366
    const limit = query.get('resourceVersion') === '0' ? Infinity : Number(query.get('limit') ?? 500)
    const only = query.get('fieldSelector')?.replace('metadata.name=', '')
    const all = [...slices.entries()].flatMap(([name, slice]) => (only === undefined || only === name ? [slice] : []))
    const next = from + limit < all.length ? `${from + limit}@${at}` : ''
    return Response.json({
      kind: 'EndpointSliceList',
      apiVersion: 'discovery.k8s.io/v1',
      metadata: { resourceVersion: String(at), ...(next !== '' && { continue: next }) },
      items: all.slice(from, from + limit),
    })
  }

  function watch(from: number): Response {
    if (from < forgotten) return new Response(`${JSON.stringify({ type: 'ERROR', object: gone() })}\n`)
    let own: ReadableStreamDefaultController | undefined
    const stream = new ReadableStream({
      start(controller) {
        own = controller
        watches.add(controller)
      },
      cancel: () => void (own && watches.delete(own)),
    })
    // Bun sends no head before there is a body, an API server does: an empty line says nothing.
    own?.enqueue(
      `\n${changes
        .filter((change) => change.version > from)
        .map(({ line }) => line)
        .join('')}`,
    )
    return new Response(stream, { headers: { 'content-type': 'application/json' } })
  }

  const say = (text: string): void => {
    for (const one of watches) one.enqueue(text)
  }
  function change(
    type: string,
    name: string,
    { addressType = 'IPv4', ports = [], endpoints }: Omit<Slice, 'name'>,
  ): object {
    version += 1
    const labels = { 'kubernetes.io/service-name': 'web' }
    const metadata = { name, namespace: 'default', labels, resourceVersion: String(version) }
    const object = { ...KIND, metadata, addressType, ports, endpoints }
    const line = `${JSON.stringify({ type, object })}\n`
    changes.push({ version, line })
    say(line)
    return object
  }
  const start = (): void => {
    forgotten = version
    changes = []
    server = Bun.serve({
      hostname: '127.0.0.1',
      port,
      idleTimeout: 0,
      fetch: answer,
      ...(options.tls && { tls: options.tls }),
    })
  }
  const stop = async (): Promise<void> => {
    watches.clear()
    await server?.stop(true)
  }
  start()
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    asked,
    get watches() {
      return watches.size
    },
    get token() {
      return token
    },
    set token(next) {
      token = next
    },
    put: ({ name, ...slice }) => void slices.set(name, change(slices.has(name) ? 'MODIFIED' : 'ADDED', name, slice)),
    delete(name) {
      slices.delete(name)
      change('DELETED', name, { endpoints: [] })
    },
    say,
    stop,
    start,
    [Symbol.asyncDispose]: stop,
  }
}
