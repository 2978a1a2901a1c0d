/** A source's policy -> the source, of the pool of that name. What it takes is loaded for whoever has one of its kind. */
import type { ConsulServices } from './consul.ts'
import type { DnsServices } from './dns.ts'
import type { DockerServices } from './docker.ts'
import type { EtcdServices } from './etcd.ts'
import type { FileServices } from './file.ts'
import type { HttpServices } from './http.ts'
import type { KubernetesServices } from './kubernetes.ts'
import type { OwnServices } from './own.ts'
import type { SourcePolicy } from './policy.ts'
import type { Source } from './source.ts'

export type SourceServices = FileServices &
  DnsServices &
  HttpServices &
  EtcdServices &
  ConsulServices &
  DockerServices &
  KubernetesServices &
  OwnServices

export async function createSource(policy: SourcePolicy, services: SourceServices, pool: string): Promise<Source> {
  switch (policy.kind) {
    case 'file':
      return (await import('./file.ts')).fileSource(policy, services)
    case 'dns':
      return (await import('./dns.ts')).dnsSource(policy, services)
    case 'consul':
      return (await import('./consul.ts')).consulSource(policy, services)
    case 'docker':
      return (await import('./docker.ts')).dockerSource(policy, services, pool)
    case 'etcd':
      return (await import('./etcd.ts')).etcdSource(policy, services)
    case 'kubernetes':
      return (await import('./kubernetes.ts')).kubernetesSource(policy, services)
    case 'own':
      return (await import('./own.ts')).ownSource(policy, services)
    case 'http':
      return (await import('./http.ts')).httpSource(policy, services)
  }
}
