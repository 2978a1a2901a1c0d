/** Containers whose labels make routes and pools. */
import type { FollowContainers } from './containers.ts'
import { isRunning, labelOf, nameOf, poolOf, unknownLabelOf } from './docker-container.ts'
import { isObject, type JsonObject } from './json.ts'
import type { SkippedEntry } from './listing.ts'
import type { DiscoveryPolicy, DockerPolicy } from './policy.ts'
import type { Draft, Provider } from './provider.ts'

export interface DockerRouteServices {
  readonly containers: FollowContainers
}

/** `guardMs`: of the members of those pools. */
export const dockerRoutes = (
  policy: DockerPolicy,
  guardMs: number | undefined,
  { containers }: DockerRouteServices,
): Provider => ({
  start: (sink) =>
    containers(policy, {
      list(listed) {
        const discovery: readonly DiscoveryPolicy[] = [{ source: { ...policy, takesAll: false }, guardMs }]
        const { drafts, skipped } = draftsOf(listed, discovery)
        sink.publish(drafts, skipped)
      },
      lose: (reason) => sink.lose(reason),
    }),
})

/** In the order of their names: which of two counts must not hang on who was started last. */
function draftsOf(
  containers: readonly unknown[],
  discovery: readonly DiscoveryPolicy[],
): { readonly drafts: readonly Draft[]; readonly skipped: readonly SkippedEntry[] } {
  const skipped: SkippedEntry[] = []
  const drafts = containers
    // Whoever cannot be read at all is no member either, and told as that.
    .filter(isObject)
    .filter(isRunning)
    .flatMap((container): Draft | readonly Draft[] => {
      const unknown = unknownLabelOf(container)
      if (unknown === undefined) return draftOf(container, discovery) ?? []
      skipped.push({ entry: nameOf(container), reason: `has a label that is not known: ${unknown}` })
      return []
    })
  return { drafts: drafts.toSorted((one, other) => (one.name < other.name ? -1 : 1)), skipped }
}

/** One more than may be, so that it is found out: a label may be megabytes long. */
const MOST_HOSTS = 257

/** undefined: its labels make neither. */
function draftOf(container: JsonObject, discovery: readonly DiscoveryPolicy[]): Draft | undefined {
  const name = poolOf(container)
  const [hosts, path, health] = ['route.host', 'route.path', 'health.path'].map((label) => labelOf(container, label))
  if (name === undefined || (hosts === undefined && path === undefined && health === undefined)) return undefined
  const settings = health === undefined ? {} : { health: { path: health } }
  const matches =
    hosts === undefined
      ? path === undefined
        ? []
        : [{ path }]
      : hosts.split(',', MOST_HOSTS).map((host) => matchOf(host, path))
  return {
    name: nameOf(container),
    pools: [{ name, settings, discovery }],
    routes: matches.map((match) => ({ match, pool: name })),
  }
}

const matchOf = (host: string, path: string | undefined): object => ({
  host: host.trim(),
  ...(path !== undefined && { path }),
})
