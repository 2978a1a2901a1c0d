/** `kubernetes` of a pool's `discovery`: the endpoints of a Service. */
import type { KubernetesPolicy } from '../../discovery/policy.ts'
import { either, object } from '../read/containers.ts'
import { convert, required } from '../read/field.ts'
import { count, matching, text } from '../read/scalars.ts'
import { serviceUrl } from './auth-fields.ts'
import { tlsFiles } from './discovery-service.ts'
import { laterFile } from './file.ts'

/** RFC 1123: what Kubernetes takes for names. */
export const kubernetesName = (description: string, example: string) =>
  text({
    title: 'name',
    description,
    examples: [example],
    rule: `must be a name such as "${example}": small letters, digits and hyphens`,
    parse: matching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
  })

const RULE = 'must be the name of a port or its number'

const port = either<string | number>(
  {
    string: kubernetesName('Its name.', 'http'),
    number: count(
      { unit: 'count', value: undefined, min: 1, max: 65_535, reason: 'A port.' },
      { description: 'Its number, as the endpoints have it (targetPort).', examples: [8080] },
    ),
  },
  {
    title: 'name or number',
    description: 'Which port of the endpoints, where they have several.',
    examples: ['http', 8080],
    rule: RULE,
  },
)

/** Where and as whom a cluster is asked, and where SmartEdge itself is. */
export const apiServer = {
  address: serviceUrl({
    description: 'Where the API server is asked; without it, that of the cluster that SmartEdge runs in.',
    examples: ['https://10.0.0.1:6443'],
  }),
  bearerFile: laterFile({
    description:
      'The file with the token that is sent, read anew for each question; without it that of SmartEdge’s own pod, and none for an `address`.',
    examples: ['/etc/smartedge/kubernetes-token'],
  }),
  tls: tlsFiles,
  zone: text({
    title: 'text',
    description:
      'The zone in which SmartEdge runs: where the cluster says by hints which endpoints are for it, only those are asked.',
    examples: ['eu-1a'],
    rule: 'must be the name of a zone',
    parse: matching(/^[\w.-]{1,253}$/),
  }),
}

const body = object(
  {
    service: required(kubernetesName('The name of the Service.', 'web')),
    namespace: kubernetesName('Its namespace; without it that of SmartEdge’s own pod, else `default`.', 'shop'),
    port,
    ...apiServer,
  },
  {
    description:
      'Endpoints of a Service in Kubernetes that are ready, by a watch of its EndpointSlices; those that end drain. In a cluster nothing else has to be said.',
    examples: [{ service: 'web' }],
  },
)

export const kubernetes = convert(body, ({ service, ...rest }): KubernetesPolicy | undefined =>
  service === undefined ? undefined : { kind: 'kubernetes', service, share: undefined, ...rest },
)
