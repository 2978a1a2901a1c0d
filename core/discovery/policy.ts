/** Where a pool's members are found, as the config says it: parsed, every default filled in. */
import type { NameServer } from '../names/servers.ts'
import type { Secret } from '../secrets.ts'

export type SourcePolicy =
  FilePolicy | DnsPolicy | HttpPolicy | EtcdPolicy | ConsulPolicy | DockerPolicy | KubernetesPolicy | OwnPolicy

/** One of a pool's `discovery`. */
export interface DiscoveryPolicy {
  readonly source: SourcePolicy
  /** How long a list that has lost more than half of its members at once is held back; undefined: not at all. */
  readonly guardMs: number | undefined
}

export interface FilePolicy {
  readonly kind: 'file'
  /** Absolute. */
  readonly path: string
}

/** `auto`: IPv6 where there is no IPv4. */
export type AddressFamily = 'auto' | 'ipv4' | 'ipv6' | 'both'

export interface DnsPolicy {
  readonly kind: 'dns'
  readonly name: string
  /** Its addresses, each a member at `port`, or its SRV records, which bring ports of their own. */
  readonly records: { readonly kind: 'addresses'; readonly port: number } | { readonly kind: 'srv' }
  readonly family: AddressFamily
  /** IP addresses and ports; undefined: those of the machine. */
  readonly resolvers: readonly NameServer[] | undefined
}

/** Sent with each question to a service. */
export interface ServiceField {
  /** In lower case. */
  readonly name: string
  readonly value: Secret
}

/** Paths of PEM files, absolute; read anew for each connection's sake, since certificates are renewed. */
export interface TlsFiles {
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
}

export interface HttpPolicy {
  readonly kind: 'http'
  readonly url: string
  readonly intervalMs: number
  /** How long the server may wait for a change; undefined: it is not asked to. */
  readonly holdMs: number | undefined
  readonly fields: readonly ServiceField[]
  readonly tls: TlsFiles | undefined
}

export interface EtcdPolicy {
  readonly kind: 'etcd'
  /** URLs; one of them is asked, and the next when it fails. At least one. */
  readonly endpoints: readonly string[]
  /** Not empty. */
  readonly prefix: string
  readonly user: { readonly name: string; readonly password: Secret } | undefined
  readonly tls: TlsFiles | undefined
}

export interface ConsulPolicy {
  readonly kind: 'consul'
  /** The URL of an agent or a server. */
  readonly address: string
  readonly service: string
  /** Instances have all of them. */
  readonly tags: readonly string[]
  /** undefined: that of the agent. */
  readonly datacenter: string | undefined
  /** Only those whose checks all pass; else those of which one warns, too. */
  readonly isPassing: boolean
  /** How up to date what is read has to be: Consul's consistency modes, or its agent's cache. */
  readonly read: 'default' | 'stale' | 'consistent' | 'cached'
  readonly token: Secret | undefined
  readonly tls: TlsFiles | undefined
}

export interface DockerPolicy {
  readonly kind: 'docker'
  /** `url`: without a path. */
  readonly place: { readonly kind: 'unix'; readonly path: string } | { readonly kind: 'url'; readonly url: string }
  /** Whose addresses containers are asked at; undefined: they are in one alone. */
  readonly network: string | undefined
  /** Whether containers that name no pool are members, too. */
  readonly takesAll: boolean
  readonly tls: TlsFiles | undefined
}

export interface KubernetesPolicy {
  readonly kind: 'kubernetes'
  readonly service: string
  /** undefined: that of the pod that this process runs in, else `default`. */
  readonly namespace: string | undefined
  /** By name or number; undefined: the only one. */
  readonly port: string | number | undefined
  /** What all of its endpoints together weigh; undefined: each weighs 1. */
  readonly share: number | undefined
  /** Where this process runs: of endpoints with hints those for it count; undefined: hints are not looked at. */
  readonly zone: string | undefined
  /** The URL of an API server; undefined: that of the cluster that this process runs in. */
  readonly address: string | undefined
  /** Absolute; undefined: that of the pod, and none for an `address`. */
  readonly bearerFile: string | undefined
  readonly tls: TlsFiles | undefined
}

/** Routes of a cluster of Kubernetes. */
export interface ClusterPolicy {
  readonly kind: 'cluster'
  /** What is read. */
  readonly reads: readonly ('ingress' | 'gateway')[]
  /** undefined: all of them. */
  readonly namespace: string | undefined
  /** Ingresses of this class count. */
  readonly ingressClass: string
  /** Routes of this Gateway count; `namespace/name`, or its name in whatever namespace; undefined: those of every Gateway. */
  readonly gateway: string | undefined
  /** As with `KubernetesPolicy`. */
  readonly zone: string | undefined
  readonly address: string | undefined
  readonly bearerFile: string | undefined
  readonly tls: TlsFiles | undefined
}

export interface OwnPolicy {
  readonly kind: 'own'
  /** Absolute. */
  readonly file: string
  /** Plain values, for the file to check. */
  readonly options: unknown
}

/** Where routes and pools are found, as the config says it. */
export interface ProviderPolicy {
  readonly from: DockerPolicy | ClusterPolicy
  /** How long routes and pools stay that nobody names any more; undefined: they go at once. */
  readonly keepMs: number | undefined
}

/** The same of a provider. */
export const providerName = ({ from }: ProviderPolicy): string =>
  from.kind === 'docker' ? sourceName(from) : `kubernetes${from.namespace === undefined ? '' : ` ${from.namespace}`}`

/** What status, metrics and events call it: nothing that is secret, and short. Two of a pool may be called alike. */
export function sourceName(source: SourcePolicy): string {
  switch (source.kind) {
    case 'file':
      return `file ${source.path}`
    case 'dns':
      return `dns ${source.records.kind === 'srv' ? 'SRV ' : ''}${source.name}`
    case 'kubernetes':
      return `kubernetes ${source.namespace === undefined ? '' : `${source.namespace}/`}${source.service}`
    case 'own':
      return `source ${source.file}`
    case 'http':
      return `http ${placeOf(source.url)}`
    case 'consul':
      return `consul ${source.service}`
    case 'docker':
      return `docker ${source.place.kind === 'unix' ? source.place.path : new URL(source.place.url).host}`
    case 'etcd':
      return `etcd ${source.prefix}`
  }
}

/** Host and path: a query may hold a key. */
function placeOf(url: string): string {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`
}
