/** `http` of a pool's `discovery`: a URL whose answer is a list of members. */
import type { HttpPolicy } from '../../discovery/policy.ts'
import { defaults } from '../defaults.ts'
import { object } from '../read/containers.ts'
import { convert, required } from '../read/field.ts'
import { duration } from '../read/scalars.ts'
import { serviceUrl } from './auth-fields.ts'
import { tlsFiles } from './discovery-service.ts'
import { secretFields } from './secret-fields.ts'

const body = object(
  {
    url: required(
      serviceUrl({
        description:
          'What is asked, by GET with the ETag of the last answer. It answers with `{ "backends": [ … ] }`, or the list alone, with members as in `backends`.',
        examples: ['https://registry.internal/pools/web'],
      }),
    ),
    interval: duration(defaults['pool.discovery.http.interval'], {
      description: 'From one question to the next.',
      examples: ['5s'],
    }),
    hold: duration(defaults['pool.discovery.http.hold'], {
      description:
        'How long the server may hold its answer back while nothing changes (a long poll): asked of it as `Prefer: wait=…` (RFC 7240). Without it each question is answered at once.',
      examples: ['55s'],
    }),
    headers: secretFields({
      description: 'Fields that the server is sent, such as a key.',
      examples: [{ authorization: 'Bearer ${REGISTRY_TOKEN}' }],
    }),
    tls: tlsFiles,
  },
  {
    description: 'A URL whose answer is a list of members in JSON, asked for again and again.',
    examples: [{ url: 'https://registry.internal/pools/web' }],
  },
)

export const http = convert(body, ({ url, interval, hold, headers, tls }): HttpPolicy | undefined =>
  url === undefined ? undefined : { kind: 'http', url, intervalMs: interval, holdMs: hold, fields: headers ?? [], tls },
)
