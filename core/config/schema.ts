/**
 * The config file as a whole: its keys, and the JSON Schemas that editors read. The parts stand in `schema/`, the
 * machinery in `read/`, the defaults in `defaults.ts`.
 */
import { defaults } from './defaults.ts'
import { list, object, record, section } from './read/containers.ts'
import { convert, type JsonSchema, located, orElse, showDefault } from './read/field.ts'
import { choice, count, duration, size, text } from './read/scalars.ts'
import { formatSize } from './read/units.ts'
import { log } from './schema/access-log.ts'
import { clients } from './schema/clients.ts'
import { ban } from './schema/ban.ts'
import { explain } from './schema/explain.ts'
import { geo } from './schema/geo.ts'
import { limits as requestLimits } from './schema/limits.ts'
import { admin, listeners } from './schema/listener.ts'
import { membersFile } from './schema/member.ts'
import { peers, thingName } from './schema/names.ts'
import { overload } from './schema/overload.ts'
import { pool } from './schema/pool.ts'
import { providers } from './schema/providers.ts'
import { routes } from './schema/route.ts'
import { tracing } from './schema/tracing.ts'

/** Its default depends on `head`. */
const targetSetting = { ...defaults['limits.target'], value: undefined }

const limits = convert(
  section(
    {
      head: size(defaults['limits.head'], {
        description: 'A request’s or response’s start line and fields, or its trailers; beyond it 431.',
      }),
      target: located(
        showDefault(
          size(targetSetting, {
            description: 'A request’s target; beyond it 414. At most `head`.',
            examples: ['16KiB'],
          }),
          formatSize(defaults['limits.target'].value),
        ),
      ),
      fields: count(defaults['limits.fields'], { description: 'Field lines in one head; beyond it 431.' }),
      connections: count(defaults['limits.connections'], {
        description: 'Client connections open at once; by default as many as the descriptor limit allows.',
      }),
      replay: size(defaults['limits.replay'], {
        description:
          'Memory of all request bodies together that are kept to be sent again (`retry.maxBody`); beyond it a body is passed on unkept, and its request is sent once.',
      }),
    },
    { description: 'What one client may cost, or all together.' },
    {
      homes: { '"limits" of a route or a pool': requestLimits },
      list: 'limits of requests belong into "limits" of a route or a pool',
    },
  ),
  ({ head, target, fields, connections, replay: maxReplayBytes }, _node, reading) => {
    if (target && target.value > head) reading.report(target.node, { rule: 'must not be larger than limits.head' })
    const maxTargetBytes = target?.value ?? Math.min(defaults['limits.target'].value, head)
    return { maxHeadBytes: head, maxTargetBytes, maxFields: fields, maxConnections: connections, maxReplayBytes }
  },
)

const timeouts = section(
  {
    head: duration(defaults['timeouts.head'], {
      description: 'From a request’s first byte, or the connection’s start, to the end of its head.',
    }),
    body: duration(defaults['timeouts.body'], {
      description: 'Longest silence inside a request body, and longest stall of a client that does not read.',
    }),
    keepAlive: duration(defaults['timeouts.keepAlive'], {
      description: 'Longest wait for the next request on a connection.',
    }),
    tunnel: duration(defaults['timeouts.tunnel'], {
      description: 'Longest silence, both ways, in an upgraded (WebSocket) connection.',
    }),
  },
  { description: 'How long a client may keep us waiting.' },
)

/** The whole file, read. Names are looked up and addresses compared by `parse.ts`. */
export const configFile = object(
  {
    $schema: text({
      title: 'text',
      description: 'Where editors find this schema; SmartEdge ignores it.',
      examples: ['./smartedge.schema.json'],
      rule: 'must be a text',
      parse: (value) => ({ kind: 'value', value }),
    }),
    listeners,
    admin,
    trustedProxies: list(
      peers('A proxy, or a block of them; `unix:` for whoever connects to a listener on a Unix socket.'),
      {
        description:
          'Proxies in front: what they tell of a client, in X-Forwarded-* and its kin, is believed and passed on; what others tell is dropped. `unix:` stands for whoever connects to a Unix socket.',
        examples: [['10.0.0.0/8', 'unix:']],
      },
    ),
    limits,
    timeouts,
    halfClose: orElse(
      choice(['abort', 'answer'], {
        description:
          'What to do when a client ends its side while it waits: give its request up, or answer it all the same. One that asked for `Connection: close` is answered either way.',
      }),
      defaults.halfClose.value,
    ),
    transport: orElse(
      choice(['auto', 'bun'], {
        description:
          'Where sockets come from: the best that the system has, on Linux sockets of our own on epoll, or Bun’s. Chosen once, at the start: a changed one is taken with the next.',
      }),
      defaults.transport.value,
    ),
    shutdownDelay: duration(defaults.shutdownDelay, {
      description:
        'How long after the first SIGTERM clients are still accepted, and answered with `Connection: close`, while /ready says no. Never longer than `shutdownTimeout`.',
    }),
    shutdownTimeout: duration(defaults.shutdownTimeout, {
      description: 'From the first SIGTERM to the end, whatever is still open.',
    }),
    drainTimeout: duration(defaults.drainTimeout, {
      description: 'How long a removed backend, pool or listener may finish what it has begun.',
    }),
    geo,
    log,
    tracing,
    explain,
    clients,
    overload,
    ban,
    providers,
    routes,
    pools: record(pool, {
      ...thingName,
      noun: 'pool',
      description: 'Pools of backends, by a name of your choice. Required, unless `providers` make them.',
      examples: [{ web: { backends: ['http://localhost:8081'] } }],
    }),
  },
  { description: 'The configuration of SmartEdge: JSON with comments and trailing commas.' },
)

const dialect = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  allowComments: true,
  allowTrailingCommas: true,
} as const

/** Of smartedge.config.json. */
export const configSchema: JsonSchema = {
  ...dialect,
  ...configFile.schema,
  // \`parse.ts\` says it in words.
  anyOf: ['pools', 'providers'].map((key) => ({ required: [key] })),
  title: 'SmartEdge configuration',
}

/** Of a members file such as backends.json. */
export const membersSchema: JsonSchema = { ...dialect, ...membersFile.schema, title: 'SmartEdge pool members' }

/** As text, for files and for `smartedge schema`. */
export const renderSchema = (schema: JsonSchema): string => `${JSON.stringify(schema, null, 2)}\n`
