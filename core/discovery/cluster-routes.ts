/** Ingresses and HTTPRoutes of a cluster that make routes and pools. Nothing changes while one of the kinds that are read cannot be had. */
import type { Cancel } from '../clock.ts'
import { type ClusterServices, type Collection, followObjects, type Objects } from './cluster-objects.ts'
import type { ClusterRules } from './cluster-rule.ts'
import { type KnownServices, poolOf, type PoolMaking } from './cluster-services.ts'
import { isOfGateway, rulesOfRoute } from './http-route.ts'
import { isOfClass, rulesOfIngress } from './ingress.ts'
import { type JsonObject, objectIn, textIn } from './json.ts'
import type { SkippedEntry } from './listing.ts'
import type { ClusterPolicy } from './policy.ts'
import type { Draft, Provider, ProviderSink } from './provider.ts'

type Kind = 'services' | 'ingresses' | 'httproutes'

const GROUPS: Readonly<Record<Kind, { readonly api: string; readonly noun: string }>> = {
  services: { api: '/api/v1', noun: 'Services' },
  ingresses: { api: '/apis/networking.k8s.io/v1', noun: 'Ingresses' },
  httproutes: { api: '/apis/gateway.networking.k8s.io/v1', noun: 'HTTPRoutes' },
}

const PAGE = 100
const MOST = 10_000
/** Changes that come close behind each other are told as one. */
const QUIET_MS = 20

export const clusterRoutes = (
  policy: ClusterPolicy,
  guardMs: number | undefined,
  services: ClusterServices,
): Provider => ({ start: (sink) => new ClusterRoutes(policy, guardMs, { services, sink }).begin() })

class ClusterRoutes {
  private readonly policy: ClusterPolicy
  private readonly guardMs: number | undefined
  private readonly services: ClusterServices
  private readonly sink: ProviderSink
  private readonly kinds: readonly Kind[]
  /** Of each kind that has been listed, the objects by `namespace/name`. */
  private readonly known = new Map<Kind, KnownServices>()
  private readonly away = new Set<Kind>()
  private servicesVersion = 0
  private readonly toldBy = new WeakMap<JsonObject, Told>()
  private readonly made = new WeakMap<Told, Made>()
  private cancelTell: Cancel | undefined = undefined

  constructor(
    policy: ClusterPolicy,
    guardMs: number | undefined,
    { services, sink }: { readonly services: ClusterServices; readonly sink: ProviderSink },
  ) {
    this.policy = policy
    this.guardMs = guardMs
    this.services = services
    this.sink = sink
    const reads = new Set(policy.reads)
    this.kinds = [
      'services',
      ...(reads.has('ingress') ? (['ingresses'] as const) : []),
      ...(reads.has('gateway') ? (['httproutes'] as const) : []),
    ]
  }

  begin(): Cancel {
    const cancels = this.kinds.map((kind) =>
      followObjects({
        server: this.policy,
        services: this.services,
        collection: this.collectionOf(kind),
        sink: { lose: (reason) => this.lose(kind, reason) },
        objects: () => this.objectsOf(kind),
      }),
    )
    return () => {
      for (const cancel of cancels) cancel()
      this.cancelTell?.()
    }
  }

  private collectionOf(kind: Kind): Collection {
    const { api, noun } = GROUPS[kind]
    const { namespace } = this.policy
    const within = namespace === undefined ? '' : `/namespaces/${namespace}`
    return {
      noun,
      path: () => `${api}${within}/${kind}`,
      query: {},
      page: PAGE,
      most: MOST,
      nobody: 'smartedge-nobody',
    }
  }

  /** Of one attempt: those of the one before count until these have all been told. */
  private objectsOf(kind: Kind): Objects {
    const objects = new Map<string, JsonObject>()
    return {
      get size() {
        return objects.size
      },
      put: (object) => void objects.set(keyOf(object), object),
      remove: (object) => void objects.delete(keyOf(object)),
      listed: () => {
        this.known.set(kind, objects)
        this.away.delete(kind)
        this.note(kind)
      },
      changed: () => this.note(kind),
      confirmed: () => undefined,
      stop: () => undefined,
    }
  }

  private lose(kind: Kind, reason: string): void {
    this.away.add(kind)
    // A kind of object that a cluster does not know is no object that is missing.
    const isUnknown = kind === 'httproutes' && reason.startsWith('answers with 404')
    const hint = isUnknown ? ' (where the Gateway API is not installed, "routes": "ingress" does without)' : ''
    this.sink.lose(`${GROUPS[kind].noun}: ${reason}${hint}`)
  }

  private note(kind: Kind): void {
    if (kind === 'services') this.servicesVersion += 1
    this.tellSoon()
  }

  private tellSoon(): void {
    this.cancelTell ??= this.services.clock.after(QUIET_MS, () => {
      this.cancelTell = undefined
      if (this.away.size === 0 && this.kinds.every((kind) => this.known.has(kind))) this.tell()
    })
  }

  private tell(): void {
    const made = this.objects().flatMap((object) => this.draftsOf(object))
    // A prefix holds for its own path, too, unless somebody has that alone.
    const drafts = made
      .flatMap(({ drafts }) => drafts)
      .toSorted((one, other) => Number(other.isExact) - Number(one.isExact))
    this.sink.publish(
      drafts.map(({ draft }) => draft),
      made.flatMap(({ skipped }) => skipped),
    )
  }

  /** What an object makes; the same once more for as long as neither it nor a Service has changed. */
  private draftsOf(object: Told): Made {
    const known = this.made.get(object)
    if (known?.services === this.servicesVersion) return known
    const { policy, guardMs } = this
    const making: PoolMaking = { policy, guardMs, services: this.known.get('services') ?? new Map() }
    const made = { ...makeDrafts(object, making), services: this.servicesVersion }
    this.made.set(object, made)
    return made
  }

  /** The oldest first, as Gateway API has it. */
  private objects(): readonly Told[] {
    const { ingressClass, gateway } = this.policy
    const all: Told[] = []
    for (const ingress of this.known.get('ingresses')?.values() ?? [])
      if (isOfClass(ingress, ingressClass)) all.push(this.toldOf('Ingress', ingress, rulesOfIngress))
    for (const route of this.known.get('httproutes')?.values() ?? [])
      if (isOfGateway(route, namespaceOf(route), gateway)) all.push(this.toldOf('HTTPRoute', route, rulesOfRoute))
    return all.toSorted((one, other) => (one.order < other.order ? -1 : 1))
  }

  /** The same object is the same told: of thousands most have not changed. */
  private toldOf(
    kind: string,
    object: JsonObject,
    read: (object: JsonObject, namespace: string) => ClusterRules,
  ): Told {
    const known = this.toldBy.get(object)
    if (known !== undefined) return known
    const created = textIn(objectIn(object, 'metadata'), 'creationTimestamp') ?? ''
    const key = keyOf(object)
    const told = { name: `${kind} ${key}`, order: `${created} ${key}`, rules: read(object, namespaceOf(object)) }
    this.toldBy.set(object, told)
    return told
  }
}

interface Made {
  readonly drafts: readonly { readonly isExact: boolean; readonly draft: Draft }[]
  readonly skipped: readonly SkippedEntry[]
  /** Which Services it was made with. */
  readonly services: number
}

interface Told {
  readonly name: string
  readonly order: string
  readonly rules: ClusterRules
}

function makeDrafts({ name, rules: { rules, faults } }: Told, making: PoolMaking): Omit<Made, 'services'> {
  const skipped = faults.map((reason): SkippedEntry => ({ entry: name, reason }))
  const drafts = rules.flatMap(({ matches, isExact, refs, name: own }) => {
    const pool = poolOf(refs, own, making)
    if (pool.kind === 'fault') {
      skipped.push({ entry: name, reason: pool.reason })
      return []
    }
    const routes = matches.map((match) => ({ match, pool: pool.made.name }))
    return [{ isExact, draft: { name, pools: [pool.made], routes, yields: true } as const }]
  })
  return { drafts, skipped }
}

const namespaceOf = (object: JsonObject): string => textIn(objectIn(object, 'metadata'), 'namespace') ?? 'default'

const keyOf = (object: JsonObject): string =>
  `${namespaceOf(object)}/${textIn(objectIn(object, 'metadata'), 'name') ?? ''}`
