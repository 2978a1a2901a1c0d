/** Services of a cluster, as routes lead to them: which port of their endpoints is meant, and what the pool is called. Pure. */
import { isObject, type JsonObject, listIn, objectIn, textIn } from './json.ts'
import type { ClusterPolicy, DiscoveryPolicy, KubernetesPolicy } from './policy.ts'
import type { DraftPool } from './provider.ts'

/** Where a route leads, as it says it. */
export interface ServiceRef {
  readonly namespace: string
  readonly service: string
  /** Of the Service: its number or its name. */
  readonly port: number | string
  /** 1 and up; what part of the requests it gets, beside others. */
  readonly weight: number
}

/** By `namespace/name`. */
export type KnownServices = ReadonlyMap<string, JsonObject>

/** What pools are made with. */
export interface PoolMaking {
  readonly policy: ClusterPolicy
  readonly guardMs: number | undefined
  readonly services: KnownServices
}

export type Made<T> = { readonly kind: 'made'; readonly made: T } | { readonly kind: 'fault'; readonly reason: string }

/** All shares of a pool together: what a member weighs lies between 0.001 and 1000 also where there are thousands. */
const ALL_SHARES = 100

/**
 * One Service's pool is called by it, so that all routes to it share it; one of several by the rule that leads there. A
 * Service that is not there yet has no endpoints, as one whose endpoints are all gone.
 */
export function poolOf(refs: readonly ServiceRef[], rule: readonly string[], making: PoolMaking): Made<DraftPool> {
  const weighed = refs.filter(({ weight }) => weight > 0)
  const [only, another] = weighed
  if (only === undefined) return { kind: 'fault', reason: 'leads nowhere' }
  const total = weighed.reduce((sum, { weight }) => sum + weight, 0)
  const discovery: DiscoveryPolicy[] = []
  for (const ref of weighed) {
    const port = portOf(ref, making.services.get(`${ref.namespace}/${ref.service}`))
    if (port.kind === 'fault') return port
    const share = another === undefined ? undefined : (ALL_SHARES * ref.weight) / total
    discovery.push({ source: sourceOf(ref, port.made, { share, ...making.policy }), guardMs: making.guardMs })
  }
  const name = nameOf(another === undefined ? [only.namespace, only.service, String(only.port)] : rule)
  return { kind: 'made', made: { name, settings: {}, discovery } }
}

function sourceOf(
  { namespace, service }: ServiceRef,
  port: string | undefined,
  { share, zone, address, bearerFile, tls }: ClusterPolicy & { readonly share: number | undefined },
): KubernetesPolicy {
  return { kind: 'kubernetes', service, namespace, port, share, zone, address, bearerFile, tls }
}

/** EndpointSlices have the names of a Service's ports, and numbers that are the pods'; undefined: the only one. */
function portOf({ service, port }: ServiceRef, known: JsonObject | undefined): Made<string | undefined> {
  if (known === undefined) return { kind: 'made', made: typeof port === 'string' ? port : undefined }
  const ports = listIn(objectIn(known, 'spec'), 'ports').filter(isObject)
  const found = ports.find((one) => one['port'] === port || one['name'] === port)
  if (found !== undefined) return { kind: 'made', made: textIn(found, 'name') || undefined }
  const has = ports.map((one) => String(one['port'])).slice(0, 8)
  return { kind: 'fault', reason: `leads to the port ${port} of ${service}, which has ${has.join(', ') || 'none'}` }
}

const MOST_NAME = 64
const HASH = 8

/** As the config has names of pools; what is too long ends in a hash of it all. */
function nameOf(parts: readonly string[]): string {
  const name = parts.join('.')
  if (name.length <= MOST_NAME) return name
  const hash = Bun.hash(name).toString(16).padStart(16, '0').slice(0, HASH)
  return `${name.slice(0, MOST_NAME - HASH - 1)}-${hash}`
}
