/** One container, as Docker's list of them tells it, with what its labels say -> a member. Pure. */
import { isObject, type JsonObject, listIn, objectIn, textIn } from './json.ts'
import type { ReadMember } from './listing.ts'
import { readParts } from './member-parts.ts'

const PREFIX = 'smartedge.'

const MEMBER_LABELS = ['enable', 'pool', 'port', 'weight', 'zone', 'tier', 'network']
/** Those that make routes and pools. */
const ROUTE_LABELS = ['route.host', 'route.path', 'health.path']

/** Labels that say something here; another with the prefix is a mistake. */
const KNOWN = new Set([...MEMBER_LABELS, ...ROUTE_LABELS].map((name) => PREFIX + name))

/** Running, and healthy as far as anybody looks. */
export const isUp = (container: JsonObject): boolean => isRunning(container) && isHealthy(container)

export const isRunning = (container: JsonObject): boolean => textIn(container, 'State') === 'running'

/** That of its label; else, where its labels make a route, one of its own. */
export function poolOf(container: JsonObject): string | undefined {
  const label = labelOf(container, 'pool')
  if (label !== undefined) return label
  return ROUTE_LABELS.some((name) => labelOf(container, name) !== undefined) ? ownPoolOf(container) : undefined
}

/** All containers of one service of Compose have one pool. */
function ownPoolOf(container: JsonObject): string {
  const labels = objectIn(container, 'Labels')
  const [project, service] = ['project', 'service'].map((name) => textIn(labels, `com.docker.compose.${name}`))
  return service === undefined ? nameOf(container) : [project, service].filter((part) => part !== undefined).join('-')
}

/** The first of its labels that is not known; undefined: all are. */
export const unknownLabelOf = (container: JsonObject): string | undefined =>
  Object.keys(objectIn(container, 'Labels')).find((label) => label.startsWith(PREFIX) && !KNOWN.has(label))

/** Docker tells it behind how long it runs, "Up 5 minutes (healthy)", and by a field of its own of late. */
function isHealthy(container: JsonObject): boolean {
  const told =
    textIn(objectIn(container, 'Health'), 'Status') ??
    /\((?:health: )?(\w+)\)$/.exec(textIn(container, 'Status') ?? '')?.[1]
  return told !== 'starting' && told !== 'unhealthy'
}

export const labelOf = (container: JsonObject, name: string): string | undefined =>
  textIn(objectIn(container, 'Labels'), PREFIX + name)

export function nameOf(container: unknown): string {
  if (!isObject(container)) return 'a container'
  const [name] = listIn(container, 'Names')
  if (typeof name === 'string') return name.replace(/^\//, '')
  return textIn(container, 'Id')?.slice(0, 12) ?? 'a container'
}

type Found = { readonly kind: 'host'; readonly host: string } | { readonly kind: 'fault'; readonly reason: string }

/** `network`: whose addresses count, where its label names no other; `host`: where those listen that share the machine's. */
export function addressOf(
  container: JsonObject,
  { network, host }: { readonly network: string | undefined; readonly host: string },
): Found {
  const networks = Object.entries(objectIn(objectIn(container, 'NetworkSettings'), 'Networks'))
  const wanted = labelOf(container, 'network') ?? network
  const fitting = networks.filter(([name]) => wanted === undefined || name === wanted)
  if (wanted !== undefined && fitting.length === 0) return { kind: 'fault', reason: `is not in the network ${wanted}` }
  if (fitting.some(([name]) => name === 'host') || (networks.length === 0 && isOfHost(container)))
    return { kind: 'host', host }
  const addresses = fitting.flatMap(([, settings]) => ownAddress(isObject(settings) ? settings : {}))
  const [first] = addresses
  if (first === undefined) return { kind: 'fault', reason: 'has no address' }
  if (new Set(addresses).size === 1) return { kind: 'host', host: first }
  return { kind: 'fault', reason: `is in ${fitting.length} networks: smartedge.network has to say which` }
}

/** Docker's list says it of those, which have no networks with Podman. */
const isOfHost = (container: JsonObject): boolean => textIn(objectIn(container, 'HostConfig'), 'NetworkMode') === 'host'

function ownAddress(settings: JsonObject): string[] {
  const address = textIn(settings, 'IPAddress') || textIn(settings, 'GlobalIPv6Address')
  return address === undefined || address === '' ? [] : [address]
}

export function readContainer(
  container: unknown,
  findAddress: (container: JsonObject) => Found,
  readMember: ReadMember,
): ReturnType<ReadMember> {
  if (!isObject(container)) return { kind: 'fault', reason: 'is no container' }
  const unknown = unknownLabelOf(container)
  if (unknown !== undefined) return { kind: 'fault', reason: `has a label that is not known: ${unknown}` }
  const port = portOf(container)
  if (typeof port === 'string') return { kind: 'fault', reason: port }
  const found = findAddress(container)
  if (found.kind === 'fault') return found
  const [weight, tier] = (['weight', 'tier'] as const).map((name) => numberOf(container, name))
  if (weight === 'fault') return { kind: 'fault', reason: 'smartedge.weight must be a number from 0.001 to 1000' }
  if (tier === 'fault') return { kind: 'fault', reason: 'smartedge.tier must be a whole number from 0 to 15' }
  return readParts({ host: found.host, port, weight, tier, zone: labelOf(container, 'zone') }, readMember)
}

function numberOf(container: JsonObject, name: 'weight' | 'tier'): number | undefined | 'fault' {
  const label = labelOf(container, name)
  if (label === undefined) return undefined
  return /^\d{1,6}(\.\d{1,6})?$/.test(label) ? Number(label) : 'fault'
}

/** That of its label, else the only one that its image tells of; a text: why there is none. */
function portOf(container: JsonObject): number | string {
  const label = labelOf(container, 'port')
  if (label !== undefined) return /^\d{1,5}$/.test(label) ? Number(label) : 'smartedge.port must be a port such as 8080'
  const ports = listIn(container, 'Ports').flatMap((port) =>
    isObject(port) && port['Type'] === 'tcp' && typeof port['PrivatePort'] === 'number' ? [port['PrivatePort']] : [],
  )
  const [only, ...others] = [...new Set(ports)]
  if (only === undefined) return 'tells of no port: smartedge.port has to'
  return others.length === 0 ? only : `has ${1 + others.length} ports: smartedge.port has to say which`
}
