/** What sources that ask a service over HTTP have in common. */
import type { TlsFiles } from '../../discovery/policy.ts'
import { object } from '../read/containers.ts'
import { convert, type Field } from '../read/field.ts'
import { laterFile } from './file.ts'

const files = object(
  {
    ca: laterFile({
      description: 'Certificates of who signs the service’s, in place of those that the system trusts; PEM.',
      examples: ['/etc/smartedge/ca.pem'],
    }),
    cert: laterFile({ description: 'A certificate to show the service; PEM.', examples: ['/etc/smartedge/cert.pem'] }),
    key: laterFile({ description: 'Its private key; PEM.', examples: ['/etc/smartedge/key.pem'] }),
  },
  {
    description: 'TLS for https. The files are read anew with each question, so that renewed ones count at once.',
    examples: [{ ca: '/etc/smartedge/ca.pem' }],
  },
)

export const tlsFiles: Field<TlsFiles | undefined> = convert(files, (value, node, reading) => {
  const { cert, key } = value
  if (node !== undefined && (cert === undefined) !== (key === undefined))
    return reading.report(node, { rule: 'must have cert and key both, or neither' })
  return value
})
