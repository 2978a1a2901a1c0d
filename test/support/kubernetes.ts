/**
 * What speaks the Kubernetes API of a few kinds of objects, as its documentation says: lists in pages, watches with resource
 * versions, 410 for what is too old, bearer tokens. There is no API server to test with. Slices have the shape of
 * discovery.k8s.io/v1; what else it is given it tells as it stands.
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
  /** Of the Service `web`, in `default`. */
  put(slice: Slice): void
  delete(name: string): void
  /** Any object, of a kind by its plural: with a name, and in `default` unless it says otherwise. */
  apply(plural: string, object: ClusterObject): void
  remove(plural: string, name: string, namespace?: string): void
  /** From now on it knows nothing of that kind: 404. */
  forget(plural: string): void
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

export interface ClusterObject {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [key: string]: unknown }
  readonly [key: string]: unknown
}

interface Change {
  readonly version: number
  readonly plural: string
  readonly object: ClusterObject
  readonly line: string
}

const GROUPS: Readonly<Record<string, string>> = {
  services: '/api/v1',
  endpointslices: '/apis/discovery.k8s.io/v1',
  ingresses: '/apis/networking.k8s.io/v1',
  httproutes: '/apis/gateway.networking.k8s.io/v1',
}

/** Which objects a question is about. */
interface Asked {
  readonly plural: string
  readonly namespace: string | undefined
  readonly label: readonly string[] | undefined
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
  const objects = new Map<string, { readonly plural: string; readonly object: ClusterObject }>()
  const known = new Map(Object.entries(GROUPS))
  const watches = new Map<ReadableStreamDefaultController, Asked>()
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
    const about = askedIn(pathname, query)
    if (about === undefined) return Response.json({ kind: 'Status', message: 'not found', code: 404 }, { status: 404 })
    return query.has('watch') ? watch(about, Number(query.get('resourceVersion'))) : list(about, query)
  }

  function askedIn(pathname: string, query: URLSearchParams): Asked | undefined {
    const [, group = '', namespace, plural = ''] = /^(.*?\/v1)(?:\/namespaces\/([^/]+))?\/(\w+)$/.exec(pathname) ?? []
    return known.get(plural) === group
      ? { plural, namespace, label: query.get('labelSelector')?.split('=') }
      : undefined
  }

  const fits = ({ plural, namespace, label }: Asked, one: { plural: string; object: ClusterObject }): boolean => {
    const { metadata } = one.object
    const labels = (metadata['labels'] ?? {}) as Readonly<Record<string, string>>
    return (
      one.plural === plural &&
      (namespace === undefined || (metadata.namespace ?? 'default') === namespace) &&
      (label === undefined || labels[label[0] ?? ''] === label[1])
    )
  }

  /** A page is told by where it begins, and by the version of the first. */
  function list(about: Asked, query: URLSearchParams): Response {
    const [from = 0, at = version] = (query.get('continue') ?? '').split('@').filter(Boolean).map(Number)
    if (at < forgotten) return Response.json(gone(), { status: 410 })
    // What is told from the cache knows no limit: https://github.com/kubernetes/client-go/issues/366
    const limit = query.get('resourceVersion') === '0' ? Infinity : Number(query.get('limit') ?? 500)
    const only = query.get('fieldSelector')?.replace('metadata.name=', '')
    const all = [...objects.values()].flatMap((one) =>
      fits(about, one) && (only === undefined || only === one.object.metadata.name) ? [one.object] : [],
    )
    const next = from + limit < all.length ? `${from + limit}@${at}` : ''
    return Response.json({
      kind: 'List',
      metadata: { resourceVersion: String(at), ...(next !== '' && { continue: next }) },
      items: all.slice(from, from + limit),
    })
  }

  function watch(about: Asked, from: number): Response {
    if (from < forgotten) return new Response(`${JSON.stringify({ type: 'ERROR', object: gone() })}\n`)
    let own: ReadableStreamDefaultController | undefined
    const stream = new ReadableStream({
      start(controller) {
        own = controller
        watches.set(controller, about)
      },
      cancel: () => void (own && watches.delete(own)),
    })
    // Bun sends no head before there is a body, an API server does: an empty line says nothing.
    own?.enqueue(
      `\n${changes
        .filter((change) => change.version > from && fits(about, change))
        .map(({ line }) => line)
        .join('')}`,
    )
    return new Response(stream, { headers: { 'content-type': 'application/json' } })
  }

  const say = (text: string): void => {
    for (const one of watches.keys()) one.enqueue(text)
  }
  function change(type: string, plural: string, given: ClusterObject): ClusterObject {
    version += 1
    const metadata = { namespace: 'default', ...given.metadata, resourceVersion: String(version) }
    const object = { ...given, metadata }
    const line = `${JSON.stringify({ type, object })}\n`
    const news = { version, plural, object, line }
    changes.push(news)
    for (const [one, about] of watches) if (fits(about, news)) one.enqueue(line)
    return object
  }
  const keyOf = (plural: string, name: string, namespace = 'default'): string => `${plural} ${namespace}/${name}`
  const apply = (plural: string, object: ClusterObject): void => {
    const key = keyOf(plural, object.metadata.name, object.metadata.namespace)
    objects.set(key, { plural, object: change(objects.has(key) ? 'MODIFIED' : 'ADDED', plural, object) })
  }
  const remove = (plural: string, name: string, namespace?: string): void => {
    const key = keyOf(plural, name, namespace)
    const one = objects.get(key)
    objects.delete(key)
    if (one !== undefined) change('DELETED', plural, one.object)
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
    put: ({ name, addressType = 'IPv4', ports = [], endpoints }) =>
      apply('endpointslices', {
        ...KIND,
        metadata: { name, labels: { 'kubernetes.io/service-name': 'web' } },
        addressType,
        ports,
        endpoints,
      }),
    delete: (name) => remove('endpointslices', name),
    apply,
    remove,
    forget: (plural) => void known.delete(plural),
    say,
    stop,
    start,
    [Symbol.asyncDispose]: stop,
  }
}
