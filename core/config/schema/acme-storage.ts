/** `storage` of a listener's `tls.acme`: where accounts, keys and certificates are kept. */
import type { StoragePolicy } from '../../acme/policy.ts'
import { defaults } from '../defaults.ts'
import { either, list, object } from '../read/containers.ts'
import { convert, type Field, located, orElse, required } from '../read/field.ts'
import { matching, text } from '../read/scalars.ts'
import { serviceUrl } from './auth-fields.ts'
import { tlsFiles } from './discovery-service.ts'
import { redisUrl } from './redis.ts'

const folder = convert(
  text({
    title: 'path',
    description: 'A folder of our own, made when it is not there (0700, its files 0600).',
    examples: ['./acme'],
    rule: 'must be the path of a folder',
    parse: (path, reading) =>
      path === '' || path.includes('\0') ? { kind: 'fault' } : { kind: 'value', value: reading.resolve(path) },
  }),
  (path): StoragePolicy => ({ kind: 'folder', folder: path }),
)

const etcd = object(
  {
    endpoints: required(
      list(serviceUrl({ description: 'One of them, as etcdctl takes it.', examples: ['http://10.0.0.5:2379'] }), {
        description: 'The members of the etcd; the first that answers is asked.',
        examples: [['http://10.0.0.5:2379', 'http://10.0.0.6:2379']],
        ifEmpty: 'must not be empty',
      }),
    ),
    prefix: orElse(
      text({
        title: 'text',
        description: 'What its keys begin with.',
        examples: ['/smartedge/acme/'],
        rule: 'must be 1 to 1024 characters that end with a slash, such as "/smartedge/acme/"',
        parse: matching(/^.{0,1023}\/$/s),
      }),
      defaults['listener.tls.acme.storage.etcd.prefix'].value,
    ),
    user: located(
      text({
        title: 'text',
        description: 'Who asks, where etcd has authentication switched on; beside `password`.',
        examples: ['smartedge'],
        rule: 'must not be empty',
        parse: matching(/^.+$/s),
      }),
    ),
    password: located(
      text({
        title: 'text',
        description: 'That user’s password. Take it from a variable rather than writing it here.',
        examples: ['${ETCD_PASSWORD}'],
        rule: 'must be a text',
        isSecret: true,
        parse: (written) => ({ kind: 'value', value: written }),
      }),
    ),
    tls: tlsFiles,
  },
  { description: 'An etcd (3.4 and up).', examples: [{ endpoints: ['http://127.0.0.1:2379'] }] },
)

const shared = convert(
  object(
    { redis: redisUrl('accounts, keys and certificates'), etcd },
    {
      description: 'What the nodes of a fleet share, keys included: a Redis, or an etcd.',
      examples: [{ redis: '${SMARTEDGE_REDIS_URL}' }, { etcd: { endpoints: ['http://127.0.0.1:2379'] } }],
    },
  ),
  ({ redis: url, etcd: place }, node, reading): StoragePolicy | undefined => {
    if (node !== undefined && node.children?.length !== 1)
      return reading.report(node, { rule: 'must have one of the keys redis and etcd' })
    if (url !== undefined) return { kind: 'redis', url }
    if (place?.endpoints === undefined) return undefined
    const { endpoints, prefix, user, password, tls } = place
    if (user !== undefined && password === undefined) reading.report(user.node, { rule: 'needs password beside it' })
    if (password !== undefined && user === undefined)
      reading.report(password.node, { rule: 'needs user beside it' }, { secret: true })
    return {
      kind: 'etcd',
      endpoints,
      prefix,
      user: user && password && { name: user.value, password: password.value },
      tls,
    }
  },
)

export const acmeStorage: Field<StoragePolicy | undefined> = either<StoragePolicy>(
  { string: folder, object: shared },
  {
    title: 'path, or object',
    description:
      'Where accounts, keys and certificates are kept: in a folder, or in a Redis or etcd that the nodes of a fleet share, of which one orders at a time. By default the folder `acme` where SmartEdge keeps what lasts: `$STATE_DIRECTORY`, `~/.local/state/smartedge`.',
    examples: ['./acme', { redis: '${SMARTEDGE_REDIS_URL}' }],
    rule: 'must be the path of a folder, or an object with redis or etcd',
  },
)
