/** A pool's `tls`: how its `https://` members are spoken to. */
import type { BackendTlsPolicy } from '../../outbound/policy.ts'
import { canonicalHost } from '../network.ts'
import { either, list, object } from '../read/containers.ts'
import { convert, type Field, located, showDefault } from '../read/field.ts'
import { flag, type Parsed, text } from '../read/scalars.ts'
import { existingFile } from './file.ts'

const caFile = (description: string): Field<string | undefined> =>
  existingFile({ description, examples: ['/etc/smartedge/backends-ca.pem'] })

const ca = either<readonly string[]>(
  {
    string: convert(caFile('A file of certificates in PEM.'), (path) => [path]),
    array: list(caFile('A file of certificates in PEM.'), {
      description: 'Several such files.',
      ifEmpty: 'must name a file; leave it out to trust whom Bun trusts',
    }),
  },
  {
    title: 'path, or list of paths',
    description:
      'Who may vouch for a backend’s certificate: files in PEM, instead of the authorities that Bun knows (Mozilla’s, and those in NODE_EXTRA_CA_CERTS).',
    rule: 'must be the path of a file with certificates in PEM, or a list of such',
  },
)

const serverName = text({
  title: 'host name',
  description:
    'Asked for in the handshake (SNI), and the name that the certificate must have. Without it that is the host of each member’s URL.',
  examples: ['app.internal'],
  rule: 'must be a host name such as "app.internal"',
  parse(value): Parsed<string> {
    const host = /^[\d.]+$|[[\]:]/.test(value) ? undefined : canonicalHost(value)
    return host === undefined ? { kind: 'fault' } : { kind: 'value', value: host }
  },
})

const verify = showDefault(
  located(
    flag({
      description:
        'Whether a backend must show a certificate for its name, valid now, that somebody vouches for. `false` takes whoever answers for the backend: for labs.',
      examples: [true],
    }),
  ),
  true,
)

/** undefined when absent: `https://` members are spoken to by its defaults. */
export const backendTls: Field<BackendTlsPolicy | undefined> = convert(
  object(
    {
      ca,
      serverName,
      cert: existingFile({
        description:
          'A certificate, and those between it and its authority, that backends are shown who ask for one; PEM.',
        examples: ['/etc/smartedge/edge.pem'],
      }),
      key: existingFile({
        description: 'Its private key, without a passphrase; PEM.',
        examples: ['/etc/smartedge/edge.key'],
      }),
      verify,
    },
    {
      description:
        'TLS to `https://` members, and to all that a source finds by address alone. The files are read anew when they change.',
      examples: [{ ca: '/etc/smartedge/backends-ca.pem' }],
    },
  ),
  ({ cert, key, verify: checks, ...rest }, node, reading) => {
    const has = (name: string): boolean =>
      node?.children?.some(({ children }) => children?.[0]?.value === name) === true
    if (node !== undefined && has('cert') !== has('key'))
      return reading.report(node, { rule: 'must have cert and key both, or neither' })
    if (checks?.value === false)
      reading.warn(checks.node, {
        rule: 'is false, so that anybody on the way may read and change what goes to the backends',
        hint: 'name the authority of their certificates in ca',
      })
    const shown = cert === undefined || key === undefined ? undefined : { cert, key }
    return { ...rest, shown, verifies: checks?.value ?? true }
  },
)
