/**
 * What speaks Consul's health API as its documentation says (blocking queries, their index, ACL tokens, filters): there is no
 * package of Consul to test with. Entries have the shape of an answer of Consul 1.20.
 */
import type { Server } from 'bun'
import { freePorts } from './ports.ts'

export interface Instance {
  readonly id: string
  readonly address?: string
  readonly port?: unknown
  readonly tags?: readonly string[]
  readonly weights?: { readonly Passing: number; readonly Warning: number }
  readonly zone?: string
  /** Of each of its checks. */
  readonly checks?: readonly ('passing' | 'warning' | 'critical')[]
}

export interface Consul extends AsyncDisposable {
  readonly url: string
  /** Paths and queries that it was asked, oldest first. */
  readonly asked: readonly string[]
  /** From now on, in place of all others; a text is handed out as it stands. */
  register(instances: readonly Instance[] | string): void
  /** Something else has changed: the index rises, the instances stay. */
  touch(): void
  /** It is killed. */
  stop(): Promise<void>
  /** With the same instances; its index begins at `index`. */
  start(index?: number): void
}

/** The address of the node of those who have none. */
const NODE = '127.0.0.1'

export function startConsul({ token }: { readonly token?: string } = {}): Consul {
  const [port = 0] = freePorts(1)
  const asked: string[] = []
  let instances: readonly Instance[] | string = []
  let index = 10
  let change = Promise.withResolvers<void>()
  let server: Server<undefined> | undefined

  async function answer(request: Request): Promise<Response> {
    const { pathname, search, searchParams: query } = new URL(request.url)
    asked.push(pathname + search)
    if (token !== undefined && request.headers.get('x-consul-token') !== token)
      return new Response('Permission denied: token with AccessorID lacks permission', { status: 403 })
    if (!pathname.startsWith('/v1/health/service/')) return new Response(null, { status: 404 })
    const known = Number(query.get('index') ?? 0)
    const waitMs = 1000 * Number((query.get('wait') ?? '300s').replace('s', ''))
    // Asked for what is older, or newer (it has begun anew), it answers at once.
    if (known === index) await Promise.race([change.promise, Bun.sleep(waitMs)])
    const body = typeof instances === 'string' ? instances : JSON.stringify(listed(instances, query))
    return new Response(body, {
      headers: { 'content-type': 'application/json', 'x-consul-index': String(index), 'x-consul-knownleader': 'true' },
    })
  }

  const rise = (): void => {
    index += 1
    change.resolve()
    change = Promise.withResolvers()
  }
  const start = (from = index): void => {
    index = from
    server = Bun.serve({ hostname: '127.0.0.1', port, idleTimeout: 0, fetch: answer })
  }
  const stop = async (): Promise<void> => server?.stop(true)
  start()
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    register(next) {
      instances = next
      rise()
    },
    touch: rise,
    stop,
    start,
    [Symbol.asyncDispose]: stop,
  }
}

function listed(instances: readonly Instance[], query: URLSearchParams): object[] {
  return instances
    .filter(({ checks = ['passing'] }) => !query.has('passing') || checks.every((status) => status === 'passing'))
    .filter(({ tags = [] }) => query.getAll('tag').every((tag) => tags.includes(tag)))
    .map(({ id, address = '', port, tags = [], weights = { Passing: 1, Warning: 1 }, zone, checks = ['passing'] }) => ({
      Node: { ID: 'f6a3', Node: 'node-1', Address: NODE, Datacenter: 'dc1', TaggedAddresses: null, Meta: {} },
      Service: {
        ID: id,
        Service: 'web',
        Tags: tags,
        Address: address,
        TaggedAddresses: null,
        Meta: null,
        Port: port,
        Weights: weights,
        EnableTagOverride: false,
        ...(zone !== undefined && { Locality: { Region: 'eu', Zone: zone } }),
        CreateIndex: 7,
        ModifyIndex: 7,
      },
      Checks: checks.map((status, number) => ({
        Node: 'node-1',
        CheckID: `service:${id}:${number}`,
        Name: 'check',
        Status: status,
        Output: '',
        ServiceID: id,
        ServiceName: 'web',
      })),
    }))
}
