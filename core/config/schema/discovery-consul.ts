/** `consul` of a pool's `discovery`: the instances of a service. */
import type { ConsulPolicy } from '../../discovery/policy.ts'
import { defaults } from '../defaults.ts'
import { list, object } from '../read/containers.ts'
import { convert, orElse, required } from '../read/field.ts'
import { choice, flag, matching, text } from '../read/scalars.ts'
import { serviceUrl } from './auth-fields.ts'
import { tlsFiles } from './discovery-service.ts'

const address = defaults['pool.discovery.consul.address'].value
const read = defaults['pool.discovery.consul.read'].value

const name = (description: string, example: string) =>
  text({
    title: 'text',
    description,
    examples: [example],
    rule: `must be 1 to 256 printable characters such as "${example}"`,
    parse: matching(/^\P{Cc}{1,256}$/u),
  })

const token = text({
  title: 'text',
  description:
    'An ACL token that may read the service and its nodes. Take it from a variable rather than writing it here.',
  examples: ['${CONSUL_TOKEN}'],
  rule: 'must be 1 to 1024 printable ASCII characters without spaces',
  isSecret: true,
  parse: matching(/^[!-~]{1,1024}$/),
})

const body = object(
  {
    service: required(name('The name of the service.', 'web')),
    address: orElse(
      serviceUrl({ description: 'Where Consul is asked: an agent, or a server.', examples: [address] }),
      address,
    ),
    tags: list(name('A tag.', 'v2'), { description: 'Instances have all of these tags.', examples: [['v2']] }),
    datacenter: name('Whose instances count; that of the agent without it.', 'eu-west'),
    passing: orElse(
      flag({
        description:
          'Whether all checks of an instance have to pass. `false`: one that warns counts, too, with the weight for that.',
      }),
      true,
    ),
    read: orElse(
      choice(['default', 'stale', 'consistent', 'cached'], {
        description:
          'How up to date an answer has to be: Consul’s consistency modes, or what its agent has in its cache, which spares the servers.',
      }),
      read,
    ),
    token,
    tls: tlsFiles,
  },
  {
    description:
      'Instances of a service in Consul that pass their checks, by blocking queries: changes count at once. Weights are those of the service.',
    examples: [{ service: 'web' }],
  },
)

export const consul = convert(body, (value): ConsulPolicy | undefined => {
  const { service, tags, passing: isPassing, ...rest } = value
  return service === undefined ? undefined : { kind: 'consul', service, tags: tags ?? [], isPassing, ...rest }
})
