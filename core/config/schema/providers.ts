/** `providers`: who adds routes and pools to those of the file. */
import type { ClusterPolicy, ProviderPolicy } from '../../discovery/policy.ts'
import { defaults } from '../defaults.ts'
import { either, object } from '../read/containers.ts'
import { convert, orElse, required } from '../read/field.ts'
import { choice, duration, flag, matching, text } from '../read/scalars.ts'
import { switchable } from '../read/switchable.ts'
import { docker } from './discovery-docker.ts'
import { apiServer, kubernetesName } from './discovery-kubernetes.ts'

type Reads = ClusterPolicy['reads']

const ROUTES = 'must be true, "ingress" or "gateway"'

const routes = either<Reads>(
  {
    boolean: convert(flag({ description: 'Both.' }), (isOn, node, reading): Reads | undefined => {
      if (isOn) return ['ingress', 'gateway']
      return node && reading.report(node, { rule: ROUTES, hint: 'leave kubernetes out if nothing is to be read' })
    }),
    string: convert(choice(['ingress', 'gateway'], { description: 'One of them.', rule: ROUTES }), (one): Reads => [
      one,
    ]),
  },
  {
    title: 'true, ingress or gateway',
    description:
      'What is read: Ingresses and HTTPRoutes of the Gateway API (`true`), or one of them. What is not read needs no permission, and need not be installed.',
    examples: [true, 'gateway'],
    rule: ROUTES,
  },
)

const cluster = convert(
  object(
    {
      routes: required(routes),
      namespace: kubernetesName('The namespace that is read; without it all of them.', 'shop'),
      ingressClass: orElse(
        text({
          title: 'name',
          description: 'Ingresses of this class count (`ingressClassName`).',
          examples: ['smartedge'],
          rule: 'must be the name of an IngressClass such as "smartedge"',
          parse: matching(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/),
        }),
        defaults['providers.kubernetes.ingressClass'].value,
      ),
      gateway: text({
        title: 'name, or namespace/name',
        description: 'HTTPRoutes of this Gateway count; without it those of every Gateway.',
        examples: ['infra/edge'],
        rule: 'must be the name of a Gateway such as "edge" or "infra/edge"',
        parse: matching(/^([a-z0-9-]{1,63}\/)?[a-z0-9.-]{1,253}$/),
      }),
      ...apiServer,
    },
    {
      description: 'Ingresses and HTTPRoutes of a cluster of Kubernetes, by watches.',
      examples: [{ routes: true }],
    },
  ),
  ({ routes: reads, ...rest }): ClusterPolicy | undefined => reads && { kind: 'cluster', reads, ...rest },
)

const body = object(
  {
    docker,
    kubernetes: cluster,
    keep: switchable(
      duration(defaults['providers.keep'], {
        description:
          'How long routes and pools stay that nobody names any more; also how long members of theirs do that are lost in one go (`guard`).',
      }),
      'string',
    ),
  },
  {
    description:
      'Who adds routes and pools to those of the file: containers by their labels, a cluster by its Ingresses and HTTPRoutes. What the file says itself counts before all of them.',
    examples: [{ docker: {} }],
  },
)

export const providers = convert(body, ({ docker: from, kubernetes, keep: keepMs }, node, reading) => {
  const all = [from, kubernetes].filter((one) => one !== undefined)
  if (node?.type === 'object' && !node.children?.some(({ children: [key] = [] }) => key?.value !== 'keep'))
    reading.report(node, {
      rule: 'must have one of the keys docker, kubernetes',
      hint: 'leave it out if there is none',
    })
  return all.map((one): ProviderPolicy => ({ from: one, keepMs }))
})
