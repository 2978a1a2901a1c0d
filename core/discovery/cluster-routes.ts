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
        this.tellSoon()
      },
      changed: () => this.tellSoon(),
      confirmed: () => undefined,
      stop: () => undefined,
    }
  }

  private lose(kind: Kind, reason: string): void {
    this.away.add(kind)
    this.sink.lose(`${GROUPS[kind].noun}: ${reason}`)
  }

  private tellSoon(): void {
    this.cancelTell ??= this.services.clock.after(QUIET_MS, () => {
      this.cancelTell = undefined
      if (this.away.size === 0 && this.kinds.every((kind) => this.known.has(kind))) this.tell()
    })
  }

  private tell(): void {
    const { policy, guardMs, known } = this
    const making: PoolMaking = { policy, guardMs, services: known.get('services') ?? new Map() }
    const skipped: SkippedEntry[] = []
    const made = this.objects().flatMap(({ name, rules: { rules, faults } }) => {
      for (const reason of faults) skipped.push({ entry: name, reason })
      return rules.flatMap(({ matches, isExact, refs, name: own }): Made[] => {
        const pool = poolOf(refs, own, making)
        if (pool.kind === 'fault') {
          skipped.push({ entry: name, reason: pool.reason })
          return []
        }
        const routes = matches.map((match) => ({ match, pool: pool.made.name }))
        return [{ isExact, draft: { name, pools: [pool.made], routes, yields: true } }]
      })
    })
    // A prefix holds for its own path, too, unless somebody has that alone.
    const drafts = made.toSorted((one, other) => Number(other.isExact) - Number(one.isExact))
    this.sink.publish(
      drafts.map(({ draft }) => draft),
      skipped,
    )
  }

  /** The oldest first, as Gateway API has it. */
  private objects(): readonly Told[] {
    const { ingressClass, gateway } = this.policy
    const all: Told[] = []
    for (const ingress of this.known.get('ingresses')?.values() ?? [])
      if (isOfClass(ingress, ingressClass))
        all.push(toldOf('Ingress', ingress, rulesOfIngress(ingress, namespaceOf(ingress))))
    for (const route of this.known.get('httproutes')?.values() ?? [])
      if (isOfGateway(route, namespaceOf(route), gateway))
        all.push(toldOf('HTTPRoute', route, rulesOfRoute(route, namespaceOf(route))))
    return all.toSorted((one, other) => (one.order < other.order ? -1 : 1))
  }
}

interface Made {
  readonly isExact: boolean
  readonly draft: Draft
}

interface Told {
  readonly name: string
  readonly order: string
  readonly rules: ClusterRules
}

function toldOf(kind: string, object: JsonObject, rules: ClusterRules): Told {
  const created = textIn(objectIn(object, 'metadata'), 'creationTimestamp') ?? ''
  return { name: `${kind} ${keyOf(object)}`, order: `${created} ${keyOf(object)}`, rules }
}

const namespaceOf = (object: JsonObject): string => textIn(objectIn(object, 'metadata'), 'namespace') ?? 'default'

const keyOf = (object: JsonObject): string =>
  `${namespaceOf(object)}/${textIn(objectIn(object, 'metadata'), 'name') ?? ''}`
