/** A provider's policy -> the provider. What it takes is loaded for whoever has one of its kind. */
import type { ClusterServices } from './cluster-objects.ts'
import type { DockerRouteServices } from './docker-routes.ts'
import type { ProviderPolicy } from './policy.ts'
import type { Provider } from './provider.ts'

export type ProviderServices = DockerRouteServices & ClusterServices

export async function createProvider({ from, keepMs }: ProviderPolicy, services: ProviderServices): Promise<Provider> {
  switch (from.kind) {
    case 'docker':
      return (await import('./docker-routes.ts')).dockerRoutes(from, keepMs, services)
    case 'cluster':
      return (await import('./cluster-routes.ts')).clusterRoutes(from, keepMs, services)
  }
}
