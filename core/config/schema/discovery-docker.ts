/** `docker` of a pool's `discovery`: containers with the label `smartedge.enable=true`. */
import type { DockerPolicy } from '../../discovery/policy.ts'
import { defaults } from '../defaults.ts'
import { object } from '../read/containers.ts'
import { convert, located, orElse } from '../read/field.ts'
import { matching, type Parsed, text } from '../read/scalars.ts'
import { tlsFiles } from './discovery-service.ts'

const fallback = defaults['pool.discovery.docker.host'].value

const RULE = 'must be such as "unix:///var/run/docker.sock" or "tcp://10.0.0.2:2376"'

function parseHost(written: string): Parsed<string> {
  const [, path, authority] = /^(?:unix:\/\/(\/[^\0]{1,107})|tcp:\/\/([^/?#@\s]+))$/.exec(written) ?? []
  const isRight = path !== undefined || (authority !== undefined && /:\d{1,5}$/.test(authority))
  return isRight && URL.canParse(`http://${authority ?? 'a'}`) ? { kind: 'value', value: written } : { kind: 'fault' }
}

const body = object(
  {
    host: orElse(
      text({
        title: 'unix:///path or tcp://host:port',
        description:
          'Where Docker, or Podman, listens: what DOCKER_HOST would be. Who may ask there may do anything on that machine.',
        examples: [fallback, 'unix:///run/podman/podman.sock', 'tcp://10.0.0.2:2376'],
        rule: RULE,
        parse: parseHost,
      }),
      fallback,
    ),
    network: text({
      title: 'text',
      description: 'The network in which containers are asked, where they are in several.',
      examples: ['web'],
      rule: 'must be the name of a network',
      parse: matching(/^[\w.-]{1,256}$/),
    }),
    tls: located(tlsFiles),
  },
  {
    description:
      'Running containers with the label `smartedge.enable=true`, followed by events; others of their labels say the rest: `smartedge.port`, `.pool`, `.weight`, `.tier`, `.zone`, `.network`; among `providers` also `.route.host`, `.route.path` and `.health.path`.',
    examples: [{ host: fallback }],
  },
)

export const docker = convert(body, ({ host, network, tls }, _node, reading): DockerPolicy => {
  const isUnix = host.startsWith('unix:')
  if (isUnix && tls !== undefined) reading.report(tls.node, { rule: 'is for tcp: hosts only' })
  const place = isUnix
    ? ({ kind: 'unix', path: host.slice('unix://'.length) } as const)
    : ({ kind: 'url', url: host.replace('tcp:', tls === undefined ? 'http:' : 'https:') } as const)
  return { kind: 'docker', place, network, takesAll: true, tls: tls?.value }
})
