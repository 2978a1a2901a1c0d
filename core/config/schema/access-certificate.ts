/** `access.certificate`: clients by the certificates that they show in the handshake. */
import type { CertificatePolicy } from '../../admission/policy.ts'
import { either, list, object } from '../read/containers.ts'
import { convert, type Field } from '../read/field.ts'
import { choice, matching, text } from '../read/scalars.ts'

const ifEmpty = 'must not be empty; leave it out where it does not matter'

const subject = text({
  title: 'subject',
  description: 'A whole subject, the most specific part first, or one part of it.',
  rule: 'must be a subject such as "CN=alice,O=Example", or one part of it',
  parse: matching(/^[A-Za-z0-9.]+=[^\n\r]{1,512}$/),
})

const name = text({
  title: 'name',
  description: 'One of the other names of its subject; `*` at the end stands for whatever follows.',
  rule: 'must be a name with its kind, such as "URI:spiffe://example.org/*", "DNS:a.example" or "email:a@example.org"',
  parse: matching(/^(?:URI|DNS|email|IP Address):[^\n\r]{1,512}$/),
})

const fingerprint = text({
  title: 'SHA-256 in hex',
  description: 'Of the certificate, with or without colons.',
  rule: 'must be a SHA-256 fingerprint of 64 hexadecimal digits, such as "AB:01:…"',
  parse(written) {
    const digits = written.replaceAll(':', '').toUpperCase()
    if (!/^[0-9A-F]{64}$/.test(digits)) return { kind: 'fault' }
    return { kind: 'value', value: (digits.match(/../g) ?? []).join(':') }
  },
})

const body = convert(
  object(
    {
      subjects: list(subject, { description: 'Of these subjects.', examples: [['CN=alice']], ifEmpty }),
      names: list(name, {
        description: 'With one of these names.',
        examples: [['URI:spiffe://example.org/*']],
        ifEmpty,
      }),
      fingerprints: list(fingerprint, { description: 'These certificates.', examples: [['AB:01:…']], ifEmpty }),
    },
    { description: 'Those in any of the lists; `{}`: all that were verified.' },
  ),
  ({ subjects, names, fingerprints }): CertificatePolicy => ({
    ...(subjects && { subjects }),
    ...(names && { names }),
    ...(fingerprints && { fingerprints }),
  }),
)

const RULE = 'must be "required", or an object with subjects, names or fingerprints'

export const certificate: Field<CertificatePolicy | undefined> = either<CertificatePolicy>(
  {
    string: convert(
      choice(['required'], { description: 'All that were verified.', rule: RULE }),
      (): CertificatePolicy => ({}),
    ),
    object: body,
  },
  {
    title: '"required" or object',
    description:
      'Lets in only clients that have shown a certificate for which an authority of the listener’s `tls.clients` vouches; others get 403.',
    rule: RULE,
  },
)
