/** `etcd` of a pool's `discovery`: the keys below a prefix, each with a member as its value. */
import type { EtcdPolicy } from '../../discovery/policy.ts'
import { list, object } from '../read/containers.ts'
import { convert, located, required } from '../read/field.ts'
import { matching, text } from '../read/scalars.ts'
import { serviceUrl } from './auth-fields.ts'
import { tlsFiles } from './discovery-service.ts'

const prefix = text({
  title: 'text',
  description: 'What the keys of members begin with. End it with a slash, so that `/web/` is not `/web2/`, too.',
  examples: ['/pools/web/'],
  rule: 'must be 1 to 1024 characters such as "/pools/web/"',
  parse: matching(/^.{1,1024}$/s),
})

const user = text({
  title: 'text',
  description: 'Who asks, where etcd has authentication switched on; beside `password`.',
  examples: ['smartedge'],
  rule: 'must not be empty',
  parse: (written) => (written === '' ? { kind: 'fault' } : { kind: 'value', value: written }),
})

const password = text({
  title: 'text',
  description: 'That user’s password. Take it from a variable rather than writing it here.',
  examples: ['${ETCD_PASSWORD}'],
  rule: 'must be a text',
  isSecret: true,
  parse: (written) => ({ kind: 'value', value: written }),
})

const body = object(
  {
    endpoints: required(
      located(
        list(serviceUrl({ description: 'One of them, as etcdctl takes it.', examples: ['http://10.0.0.5:2379'] }), {
          description: 'The members of the etcd; one of them is asked, and the next when it fails.',
          examples: [['http://10.0.0.5:2379', 'http://10.0.0.6:2379']],
          ifEmpty: 'must not be empty',
        }),
      ),
    ),
    prefix: required(prefix),
    user: located(user),
    password: located(password),
    tls: tlsFiles,
  },
  {
    description:
      'Keys below a prefix of an etcd (3.4 and up), each with a member as its value: the URL, or in JSON as in `backends`. Changes count at once, and so does a lease that has run out.',
    examples: [{ endpoints: ['http://127.0.0.1:2379'], prefix: '/pools/web/' }],
  },
)

export const etcd = convert(
  body,
  ({ endpoints, prefix: keys, user: name, password: secret, tls }, _node, reading): EtcdPolicy | undefined => {
    if (name !== undefined && secret === undefined) reading.report(name.node, { rule: 'needs password beside it' })
    if (secret !== undefined && name === undefined)
      reading.report(secret.node, { rule: 'needs user beside it' }, { secret: true })
    if (endpoints === undefined || endpoints.value.length === 0 || keys === undefined) return undefined
    const user = name && secret && { name: name.value, password: secret.value }
    return { kind: 'etcd', endpoints: endpoints.value, prefix: keys, user, tls }
  },
)
