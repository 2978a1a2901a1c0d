/** URLs of a Redis: the server in which the nodes of a fleet keep what they share. */
import { type Parsed, text } from '../read/scalars.ts'

const schemes = ['redis:', 'rediss:', 'redis+unix:', 'redis+tls+unix:']

/** `what`: it is the Redis in which the nodes of a fleet keep that. */
export const redisUrl = (what: string) =>
  text({
    title: 'redis:// URL',
    description: `The Redis in which the nodes of a fleet keep ${what}: \`redis://user:password@host:port/database\`, \`rediss://\` for TLS, \`redis+unix:///path\` for a socket. Take it from a variable rather than writing a password here.`,
    examples: ['${SMARTEDGE_REDIS_URL}', 'redis://:password@10.0.0.5:6379/0'],
    rule: 'must be a URL such as "redis://user:password@host:6379/0"',
    isSecret: true,
    pattern: '^redis(s|[+]unix|[+]tls[+]unix)?://.+$',
    parse: parseRedis,
  })

/** `clients.redis`. */
export const redis = redisUrl('the buckets of limits that are `shared`')

function parseRedis(written: string): Parsed<string> {
  const url = URL.parse(written)
  if (url === null || !schemes.includes(url.protocol)) return { kind: 'fault' }
  const isSocket = url.protocol.endsWith('unix:')
  const isRight = isSocket ? url.pathname.length > 1 : url.hostname !== '' && /^(?:\/\d{0,9})?$/.test(url.pathname)
  return isRight ? { kind: 'value', value: written } : { kind: 'fault' }
}
