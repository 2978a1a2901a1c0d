/** `access.cors`: which other origins' scripts may read responses. */
import type { Node } from 'jsonc-parser'
import type { CorsPolicy } from '../../admission/policy.ts'
import { defaults } from '../defaults.ts'
import { canonicalHost } from '../network.ts'
import { list, object } from '../read/containers.ts'
import { convert, type Field, located, orElse, required } from '../read/field.ts'
import type { Reading } from '../read/reading.ts'
import { duration, flag, type Parsed, text } from '../read/scalars.ts'
import { fieldName, method } from './names.ts'

const origin = text({
  title: 'origin, or *',
  description:
    'Scheme, host and port as browsers send them, `https://*.example.com` for any depth below a host, `null` for pages without an origin, or `*` for every one.',
  examples: ['https://app.example.com', 'https://*.example.com', '*'],
  rule: 'must be an origin such as "https://app.example.com", "https://*.example.com", "null" or "*"',
  parse: parseOrigin,
})

/** As browsers write it: lower case, without the scheme's own port (RFC 6454 6.2). */
function parseOrigin(written: string): Parsed<string> {
  if (written === '*' || written === 'null') return { kind: 'value', value: written }
  const [, scheme = '', wild = '', host = '', port, rest = ''] =
    /^([a-z][a-z0-9+.-]*):\/\/(\*\.)?(\[[^\]]*\]|[^/:]*)(?::(\d{1,5}))?(.*)$/is.exec(written) ?? []
  const canonical = canonicalHost(host)
  if (canonical === undefined) return { kind: 'fault', hint: originHint(written) }
  const name = canonical.includes(':') ? `[${canonical}]` : canonical
  const usual = scheme.toLowerCase() === 'https' ? '443' : scheme.toLowerCase() === 'http' ? '80' : undefined
  const suffix = port === undefined || port === usual ? '' : `:${port}`
  const value = `${scheme.toLowerCase()}://${wild}${name}${suffix}`
  return rest === '' ? { kind: 'value', value } : { kind: 'fault', hint: `did you mean "${value}"?` }
}

const originHint = (written: string): string | undefined =>
  canonicalHost(written.replace(/^\*\./, '')) === undefined ? undefined : `did you mean "https://${written}"?`

const requestField = text({
  title: 'field name, or *',
  description: 'A field that requests may have; `*` for any.',
  examples: ['content-type', '*'],
  rule: 'must be a field name such as "content-type", or "*"',
  parse: (name) =>
    /^[!#$%&'*+.^_`|~\dA-Za-z-]{1,128}$/.test(name) ? { kind: 'value', value: name.toLowerCase() } : { kind: 'fault' },
})

const body = object(
  {
    origins: required(
      located(
        list(origin, {
          description: 'Whose scripts may; `*` alone for all.',
          examples: [['https://app.example.com']],
          ifEmpty: 'must not be empty; leave cors out to have the backend answer',
        }),
      ),
    ),
    methods: list(method, {
      description: 'What they may do; by default what `access.methods` allows, else GET, HEAD and POST.',
    }),
    fields: list(requestField, {
      description: 'Fields that their requests may have besides the usual ones; none by default.',
      examples: [['content-type', 'authorization']],
    }),
    expose: list(fieldName('A field of responses.', 'x-request-id'), {
      description: 'Fields of responses that they may read besides the usual ones.',
    }),
    credentials: orElse(
      located(
        flag({ description: 'Whether cookies and passwords go along. Never with an origin of `*`.', examples: [true] }),
      ),
      undefined,
      false,
    ),
    maxAge: duration(defaults['route.access.cors.maxAge'], {
      description: 'How long browsers may remember what they were told beforehand.',
    }),
  },
  {
    description:
      'Answers what browsers ask before a script may use another origin (CORS), and says in responses who may read them, instead of the backend, whose own `Access-Control-*` are dropped. Absent: that is the backend’s matter.',
    examples: [{ origins: ['https://app.example.com'], credentials: true }],
  },
)

/** All but the methods, which depend on those of the route. */
export type CorsDraft = (routeMethods: readonly string[] | undefined) => CorsPolicy

export const cors: Field<CorsDraft | undefined> = convert(
  body,
  ({ origins, methods, fields, expose, credentials, maxAge }, _node, reading): CorsDraft | undefined => {
    if (origins === undefined) return undefined
    checkOrigins(origins.value, origins.node, credentials?.value ?? false, reading)
    return (routeMethods) => ({
      origins: [...new Set(origins.value)],
      methods: methods ?? routeMethods ?? ['GET', 'HEAD', 'POST'],
      fields: fields ?? [],
      expose: expose ?? [],
      credentials: credentials?.value ?? false,
      maxAgeMs: maxAge,
    })
  },
)

function checkOrigins(origins: readonly string[], node: Node, credentials: boolean, reading: Reading): void {
  if (!origins.includes('*')) return
  if (origins.length > 1) reading.report(node, { rule: 'must be "*" alone, or without it: it stands for every origin' })
  if (credentials)
    reading.report(node, {
      rule: 'must name its origins where "credentials" is true: every site could use what a visitor may',
    })
}
