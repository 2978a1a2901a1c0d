/** One EndpointSlice of Kubernetes (discovery.k8s.io/v1) -> members. Pure. */
import { isObject, type JsonObject, listIn, objectIn, textIn } from './json.ts'
import { memberEntry, skippedEntry } from './keyed.ts'
import type { Entry, ReadMember } from './listing.ts'
import type { KubernetesPolicy } from './policy.ts'
import { readParts } from './member-parts.ts'

/** Which of its ports: by name or by number; undefined: the only one. */
export type WantedPort = string | number | undefined

/** Entries of those endpoints that are ready, and of those that end and still serve: these drain. */
export function readSlice(slice: JsonObject, wanted: WantedPort, readMember: ReadMember): readonly Entry[] {
  const name = textIn(objectIn(slice, 'metadata'), 'name') ?? 'a slice'
  const endpoints = listIn(slice, 'endpoints').filter((endpoint) => !isObject(endpoint) || useOf(endpoint) !== 'none')
  if (endpoints.length === 0) return []
  const port = portOf(slice, wanted)
  if (port.kind === 'fault') return [skippedEntry(name, port.reason)]
  return endpoints.map((endpoint) => {
    if (!isObject(endpoint)) return skippedEntry(name, 'has an endpoint that is none')
    const entry = textIn(objectIn(endpoint, 'targetRef'), 'name') ?? name
    // Those of one endpoint are interchangeable, and the first is the one to use.
    const [host] = listIn(endpoint, 'addresses')
    if (typeof host !== 'string' || host === '') return skippedEntry(entry, 'has no address')
    const read = readParts(
      { host, port: port.port, zone: textIn(endpoint, 'zone'), isDraining: useOf(endpoint) === 'drains' },
      readMember,
    )
    if (read.kind === 'fault') return skippedEntry(entry, read.reason)
    const zones = hintsOf(endpoint)
    return zones === undefined ? memberEntry(read.member) : { ...memberEntry(read.member), zones }
  })
}

/** For which zones it is meant (topology aware routing); undefined: it says nothing of it. */
function hintsOf(endpoint: JsonObject): readonly string[] | undefined {
  const zones = listIn(objectIn(endpoint, 'hints'), 'forZones').flatMap((zone) =>
    isObject(zone) ? (textIn(zone, 'name') ?? []) : [],
  )
  return zones.length === 0 ? undefined : zones
}

/** Weights of members are from 0.001 to 1000. */
const [LEAST, MOST] = [0.001, 1000]

/**
 * Those for `zone`, by the rules of kube-proxy: hints count where every endpoint that serves has some and one of them is for
 * that zone, since others say that the cluster is in the middle of a change. `share`: what those that serve together weigh.
 */
export function chosenEndpoints(
  entries: readonly Entry[],
  { zone, share }: Pick<KubernetesPolicy, 'zone' | 'share'>,
): readonly Entry[] {
  const isServing = (entry: Entry): boolean => entry.kind === 'member' && !entry.member.isDraining
  const isFor = (entry: Entry): boolean =>
    entry.kind === 'member' && zone !== undefined && entry.zones?.includes(zone) === true
  const serving = entries.filter(isServing)
  const isHinted =
    zone !== undefined &&
    serving.every((entry) => entry.kind === 'member' && entry.zones !== undefined) &&
    serving.some(isFor)
  const chosen = isHinted ? entries.filter((entry) => !isServing(entry) || isFor(entry)) : entries
  if (share === undefined) return chosen
  const weight = Math.min(MOST, Math.max(LEAST, share / Math.max(1, chosen.filter(isServing).length)))
  return chosen.map((entry) => (entry.kind === 'member' ? { ...entry, member: { ...entry.member, weight } } : entry))
}

/** Conditions that are not there count as ready, and as serving what is ready. */
function useOf(endpoint: JsonObject): 'serves' | 'drains' | 'none' {
  const { ready, serving, terminating } = objectIn(endpoint, 'conditions')
  if (ready !== false) return terminating === true ? 'drains' : 'serves'
  return serving === true && terminating === true ? 'drains' : 'none'
}

type Port = { readonly kind: 'port'; readonly port: unknown } | { readonly kind: 'fault'; readonly reason: string }

function portOf(slice: JsonObject, wanted: WantedPort): Port {
  const ports = listIn(slice, 'ports')
    .filter(isObject)
    .filter((port) => (port['protocol'] ?? 'TCP') === 'TCP')
  const fitting = ports.filter(({ name, port }) => wanted === undefined || wanted === name || wanted === port)
  const [only, ...others] = fitting
  if (only !== undefined && others.length === 0) return { kind: 'port', port: only['port'] }
  const named = ports.map((one) => {
    const name = textIn(one, 'name')
    return name ? `${name} (${String(one['port'])})` : String(one['port'])
  })
  const has = named.length === 0 ? 'has no ports of TCP' : `has the ports ${named.slice(0, 8).join(', ')}`
  return { kind: 'fault', reason: wanted === undefined ? `${has}: port has to say which` : `${has}, not ${wanted}` }
}
