/** A pool's `discovery`: where members are found that the config does not name. */
import type { DiscoveryPolicy, SourcePolicy } from '../../discovery/policy.ts'
import { defaults } from '../defaults.ts'
import { consul } from './discovery-consul.ts'
import { dns } from './discovery-dns.ts'
import { docker } from './discovery-docker.ts'
import { etcd } from './discovery-etcd.ts'
import { http } from './discovery-http.ts'
import { kubernetes } from './discovery-kubernetes.ts'
import { source } from './discovery-own.ts'
import { laterFile } from './file.ts'
import { list, object } from '../read/containers.ts'
import { convert, type Field } from '../read/field.ts'
import { duration } from '../read/scalars.ts'
import { switchable } from '../read/switchable.ts'

const file = convert(
  laterFile({
    description:
      'A file that another program writes: `{ "backends": [ … ] }`, or the list alone, with members as in `backends`. Saved, it is live; it may be missing. Relative paths start at the config’s folder.',
    examples: ['/run/registry/web.json'],
  }),
  (path): SourcePolicy => ({ kind: 'file', path }),
)

const kinds = { consul, dns, docker, etcd, file, http, kubernetes, source }

const names = Object.keys(kinds).join(', ')

const item: Field<DiscoveryPolicy | undefined> = convert(
  object(
    {
      ...kinds,
      guard: switchable(
        duration(defaults['pool.discovery.guard'], {
          description:
            'How long a list must last that has lost more than half of its members at once, before anybody leaves for it.',
        }),
        'string',
      ),
    },
    { description: 'A source of members: one of its kinds, and how far it is trusted.' },
  ),
  ({ guard: guardMs, ...sources }, node, reading) => {
    const keys = node?.children?.map(({ children: [key] = [] }) => String(key?.value)) ?? []
    const given = keys.filter((key) => Object.hasOwn(kinds, key))
    const isMistyped = given.length === 0 && keys.some((key) => key !== 'guard')
    if (node !== undefined && given.length !== 1 && !isMistyped)
      return reading.report(node, {
        rule: `must have one of the keys ${names}`,
        hint: 'several sources are several items',
      })
    const source = Object.values(sources).find((one) => one !== undefined)
    return source && { source, guardMs }
  },
)

export const discovery = list(item, {
  description:
    'Where members are found besides those of `backends`, which come first, as an earlier source does before a later one: of several that name the same member the first counts. While a source is away its last members stay.',
  examples: [[{ dns: { name: 'web.internal', port: 8080 } }]],
  ifEmpty: 'must not be empty; leave it out if there is none',
})
