/** A provider's policy -> the provider. What it takes is loaded for whoever has one of its kind. */
import type { DockerRouteServices } from './docker-routes.ts'
import type { ProviderPolicy } from './policy.ts'
import type { Provider } from './provider.ts'

export type ProviderServices = DockerRouteServices

export async function createProvider({ from, keepMs }: ProviderPolicy, services: ProviderServices): Promise<Provider> {
  switch (from.kind) {
    case 'docker':
      return (await import('./docker-routes.ts')).dockerRoutes(from, keepMs, services)
    case 'cluster':
      throw new Error('not yet')
  }
}
