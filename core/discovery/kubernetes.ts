/** The endpoints of a Service in Kubernetes, by its EndpointSlices. */
import { type ClusterServices, type Collection, followObjects, type Objects } from './cluster-objects.ts'
import { chosenEndpoints, readSlice } from './endpoint-slice.ts'
import { type JsonObject, objectIn, textIn } from './json.ts'
import { KeyedEntries } from './keyed.ts'
import type { ReadMember } from './listing.ts'
import type { KubernetesPolicy } from './policy.ts'
import type { Source, SourceSink } from './source.ts'

export interface KubernetesServices extends ClusterServices {
  readonly readMember: ReadMember
}

/** Slices a page, of 100 endpoints each as a rule: to read these takes some 5 ms. */
const PAGE = 5
/** A slice has 1000 endpoints at most. */
const MAX_SLICES = 10_000

export const kubernetesSource = (policy: KubernetesPolicy, services: KubernetesServices): Source => ({
  start: (sink) =>
    followObjects({
      server: policy,
      services,
      collection: slicesOf(policy.service),
      sink,
      objects: () => new Slices(policy, services, sink),
    }),
})

const slicesOf = (service: string): Collection => ({
  noun: 'EndpointSlices',
  path: (namespace) => `/apis/discovery.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/endpointslices`,
  query: { labelSelector: `kubernetes.io/service-name=${service}` },
  page: PAGE,
  most: MAX_SLICES,
  nobody: service,
})

class Slices implements Objects {
  private readonly policy: KubernetesPolicy
  private readonly services: KubernetesServices
  private readonly sink: SourceSink
  private readonly entries: KeyedEntries
  /** Slices of IPv4 with somebody in them, and those of IPv6, which count where there are none: a pod in both is one member. */
  private readonly v4 = new Set<string>()
  private readonly v6 = new Set<string>()

  constructor(policy: KubernetesPolicy, services: KubernetesServices, sink: SourceSink) {
    this.policy = policy
    this.services = services
    this.sink = sink
    this.entries = new KeyedEntries(services.clock, (listing) => sink.publish(listing), {
      counts: (name) => !this.v6.has(name) || this.v4.size === 0,
      ...((policy.zone !== undefined || policy.share !== undefined) && {
        choose: (entries) => chosenEndpoints(entries, policy),
      }),
    })
  }

  get size(): number {
    return this.entries.size
  }

  put(slice: JsonObject): void {
    const name = textIn(objectIn(slice, 'metadata'), 'name')
    if (name === undefined) return
    const entries = readSlice(slice, this.policy.port, this.services.readMember)
    this.remove(slice)
    this.entries.set(name, entries)
    if (slice['addressType'] === 'IPv6') this.v6.add(name)
    else if (entries.length > 0) this.v4.add(name)
  }

  remove(slice: JsonObject): void {
    const name = textIn(objectIn(slice, 'metadata'), 'name') ?? ''
    this.entries.delete(name)
    this.v4.delete(name)
    this.v6.delete(name)
  }

  /** Everybody at once; a Service without endpoints may be a mistake, or does not exist. */
  listed(): void {
    if (this.entries.size > 0) this.entries.publishNow()
    else this.sink.vanish(`${this.policy.service} has no EndpointSlices`)
  }

  changed(): void {
    this.entries.publishSoon()
  }

  confirmed(): void {
    this.sink.confirm()
  }

  stop(): void {
    this.entries.stop()
  }
}
