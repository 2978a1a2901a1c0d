/** `listeners.NAME.tls`: HTTPS, and with which certificates. */
import { findNodeAtLocation } from 'jsonc-parser'
import type { CertificateFiles, ClientsPolicy, HstsPolicy, TlsPolicy } from '../../tls/policy.ts'
import { defaults } from '../defaults.ts'
import { either, list, object } from '../read/containers.ts'
import { convert, type Field, located, orElse, required, showDefault } from '../read/field.ts'
import { choice, count, duration, flag, text } from '../read/scalars.ts'
import { acme } from './acme.ts'
import { existingFile } from './file.ts'

const certificate = convert(
  object(
    {
      cert: required(
        existingFile({
          description:
            'A file in PEM: the certificate, then those that signed it, each behind the one it signed; the root may be left out. Read anew when it changes.',
          examples: ['example.com.pem'],
        }),
      ),
      key: required(
        existingFile({
          description: 'A file in PEM: its private key, ECDSA or RSA. Read anew when it changes.',
          examples: ['example.com.key'],
        }),
      ),
      passphrase: text({
        title: 'text',
        description: 'Of an encrypted key. Take it from a variable rather than writing it here.',
        examples: ['${EXAMPLE_COM_PASSPHRASE}'],
        rule: 'must be 1 to 1024 characters',
        isSecret: true,
        parse: (value) => (value.length >= 1 && value.length <= 1024 ? { kind: 'value', value } : { kind: 'fault' }),
      }),
    },
    { description: 'A certificate and its key.', examples: [{ cert: 'example.com.pem', key: 'example.com.key' }] },
  ),
  ({ cert, key, passphrase }): CertificateFiles | undefined =>
    cert === undefined || key === undefined ? undefined : { cert, key, passphrase },
)

const hsts = convert(
  object(
    {
      maxAge: duration(defaults['listener.tls.hsts.maxAge'], { description: 'How long browsers remember it.' }),
      includeSubDomains: orElse(
        flag({ description: 'Whether all names below this one are meant as well.', examples: [true] }),
        false,
      ),
      preload: orElse(
        flag({ description: 'Whether browsers may bring it along from the start.', examples: [true] }),
        false,
      ),
    },
    {
      description:
        '`Strict-Transport-Security` in each response (RFC 6797), in place of what the backend says: browsers come by HTTPS alone from then on. Hard to take back. `{}` for the defaults.',
      examples: [{}],
    },
  ),
  ({ maxAge, includeSubDomains, preload }): HstsPolicy => ({ maxAgeMs: maxAge, includeSubDomains, preload }),
)

const files = (about: { readonly description: string; readonly examples: readonly unknown[] }) =>
  list(existingFile({ description: 'A file in PEM. Read anew when it changes.' }), about)

const clientsRule = convert(
  object(
    {
      certificate: required(
        choice(['required', 'optional'], {
          description:
            'Whether clients must show a certificate, or may; one that is shown must be good in both cases, else the connection ends.',
        }),
      ),
      ca: required(
        files({ description: 'Who vouches for clients: certificates of authorities.', examples: [['clients-ca.pem']] }),
      ),
      crl: files({
        description:
          'What these authorities have revoked. With any, each authority on the way to a client needs one, and one that is out of date keeps its clients out.',
        examples: [['clients-ca.crl.pem']],
      }),
      names: list(
        text({
          title: 'host name',
          description: 'A name, or `*.` and a name for one label.',
          rule: 'must be a host name such as "api.example.com" or "*.example.com"',
          parse: (value) =>
            /^(?:\*\.)?[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,9}$/i.test(value)
              ? { kind: 'value', value: value.toLowerCase() }
              : { kind: 'fault' },
        }),
        {
          description: 'Only for clients that ask for one of these; absent: for all that no rule before names.',
          examples: [['api.example.com']],
          ifEmpty: 'must not be empty; leave it out for all names',
        },
      ),
      tell: orElse(
        list(
          choice(['client-cert', 'client-cert-chain', 'xfcc'], {
            description: 'Client-Cert and Client-Cert-Chain as in RFC 9440; X-Forwarded-Client-Cert as Envoy has it.',
          }),
          { description: 'How backends are told of the certificate.', examples: [['client-cert']] },
        ),
        [defaults['listener.tls.clients.tell'].value],
      ),
    },
    {
      description: 'What clients have to show of themselves.',
      examples: [{ certificate: 'required', ca: ['clients-ca.pem'] }],
    },
  ),
  ({ certificate, ca, crl, names, tell }, node, reading): ClientsPolicy | undefined => {
    if (certificate === undefined || ca === undefined) return undefined
    if (ca.length === 0 && node !== undefined)
      reading.report(node, { rule: 'must name at least one authority' }, { child: 'ca' })
    return { certificate, ca, crl: crl ?? [], names, tell: tell ?? [] }
  },
)

const clients = convert(
  either<ClientsPolicy | readonly ClientsPolicy[]>(
    {
      object: clientsRule,
      array: list(clientsRule, {
        description: 'One for some names after the other.',
        ifEmpty: 'must not be empty; leave it out where clients need show nothing',
      }),
    },
    {
      title: 'object or list',
      description:
        'Certificates of clients (mTLS): asked of all, or by a list of rules for the names that clients ask for.',
      rule: 'must be an object with certificate and ca, or a list of them',
    },
  ),
  (read): readonly ClientsPolicy[] => ('certificate' in read ? [read] : read),
)

const body = object(
  {
    certificates: list(certificate, {
      description:
        'For each name that a client may ask for (SNI); names are those in the certificates, `*.example.com` for one label. Two for one name, ECDSA and RSA, serve old clients as well. The first one is shown to who asks for none.',
      examples: [[{ cert: 'example.com.pem', key: 'example.com.key' }]],
      ifEmpty: 'must name at least one certificate',
    }),
    acme,
    preset: orElse(
      choice(['intermediate', 'modern'], {
        description:
          'Which versions and ciphers, by the names of Mozilla’s guidelines: `intermediate` is TLS 1.3, and 1.2 with forward secrecy and AEAD ciphers; `modern` is TLS 1.3 alone.',
      }),
      defaults['listener.tls.preset'].value,
    ),
    minVersion: showDefault(
      located(choice(['1.2', '1.3'], { description: 'The lowest version of TLS. `1.3` with the preset `modern`.' })),
      defaults['listener.tls.minVersion'].value,
    ),
    strict: orElse(
      flag({
        description:
          'Whether clients that ask for a name that no certificate is for, or for none, are refused in the handshake; else they are shown the first certificate.',
        examples: [true],
      }),
      false,
    ),
    handshakeTimeout: duration(defaults['listener.tls.handshakeTimeout'], {
      description: 'How long a client may take until the handshake is done.',
    }),
    maxHandshakes: count(defaults['listener.tls.maxHandshakes'], {
      description: 'Handshakes under way at once; beyond it the one that has taken longest is ended.',
    }),
    clients,
    hsts,
  },
  {
    description: 'HTTPS: clients speak TLS here, with these certificates.',
    examples: [{ certificates: [{ cert: 'example.com.pem', key: 'example.com.key' }] }],
  },
)

export const tls: Field<TlsPolicy | undefined> = convert(body, (draft, node, reading) => {
  const { certificates = [], acme: ordered, preset, minVersion, strict, handshakeTimeout, maxHandshakes } = draft
  const { clients, hsts } = draft
  if (preset === 'modern' && minVersion?.value === '1.2')
    reading.report(minVersion.node, { rule: 'must not be below 1.3 with the preset "modern", which is TLS 1.3 alone' })
  if (node !== undefined && !['certificates', 'acme'].some((key) => findNodeAtLocation(node, [key])))
    reading.report(node, { rule: 'is required, or acme' }, { child: 'certificates' })
  return {
    certificates,
    ...(ordered && { acme: ordered }),
    preset,
    minVersion: minVersion?.value ?? (preset === 'modern' ? '1.3' : defaults['listener.tls.minVersion'].value),
    strict,
    handshakeTimeoutMs: handshakeTimeout,
    maxHandshakes,
    ...(clients && { clients }),
    ...(hsts && { hsts }),
  }
})
