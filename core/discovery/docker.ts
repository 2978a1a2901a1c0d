/** Containers with a label as members of a pool. */
import type { Cancel } from '../clock.ts'
import type { FollowContainers } from './containers.ts'
import { addressOf, nameOf, readContainer } from './docker-container.ts'
import { type ListReader, listReader, type ListReading } from './json-list.ts'
import type { DockerPolicy } from './policy.ts'
import { containersOf } from './pool-containers.ts'
import type { Source, SourceSink } from './source.ts'

export interface DockerServices extends ListReading {
  readonly containers: FollowContainers
}

/** `pool`: what `smartedge.pool` has to say where a container has that label. */
export const dockerSource = (policy: DockerPolicy, services: DockerServices, pool: string): Source => ({
  start: (sink) => followMembers(policy, services, { pool, sink }),
})

function followMembers(
  policy: DockerPolicy,
  { clock, readMember, containers }: DockerServices,
  { pool, sink }: { readonly pool: string; readonly sink: SourceSink },
): Cancel {
  const look = { network: policy.network, host: hostOf(policy) }
  const reading = {
    clock,
    nameOf,
    readMember: (one: unknown) => readContainer(one, (container) => addressOf(container, look), readMember),
  }
  const createReader = (): ListReader => listReader(reading, (listing) => sink.publish(listing))
  let reader = createReader()
  const stop = containers(policy, {
    list: (listed) => reader.read(containersOf(listed, pool, policy.takesAll)),
    lose(reason) {
      // What is still being read was told before that.
      reader.stop()
      reader = createReader()
      sink.lose(reason)
    },
  })
  return () => {
    reader.stop()
    stop()
  }
}

/** Where containers without a network of their own listen. */
const hostOf = ({ place }: DockerPolicy): string => (place.kind === 'unix' ? '127.0.0.1' : new URL(place.url).hostname)
