/** `listeners.NAME.tls`: HTTPS, and with which certificates. */
import type { CertificateFiles, TlsPolicy } from '../../tls/policy.ts'
import { defaults } from '../defaults.ts'
import { list, object } from '../read/containers.ts'
import { convert, type Field, located, orElse, required, showDefault } from '../read/field.ts'
import { choice, count, duration, flag, text } from '../read/scalars.ts'
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

const body = object(
  {
    certificates: required(
      list(certificate, {
        description:
          'For each name that a client may ask for (SNI); names are those in the certificates, `*.example.com` for one label. Two for one name, ECDSA and RSA, serve old clients as well. The first one is shown to who asks for none.',
        examples: [[{ cert: 'example.com.pem', key: 'example.com.key' }]],
        ifEmpty: 'must name at least one certificate',
      }),
    ),
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
  },
  {
    description: 'HTTPS: clients speak TLS here, with these certificates.',
    examples: [{ certificates: [{ cert: 'example.com.pem', key: 'example.com.key' }] }],
  },
)

export const tls: Field<TlsPolicy | undefined> = convert(body, (draft, _node, reading) => {
  const { certificates = [], preset, minVersion, strict, handshakeTimeout, maxHandshakes } = draft
  if (preset === 'modern' && minVersion?.value === '1.2')
    reading.report(minVersion.node, { rule: 'must not be below 1.3 with the preset "modern", which is TLS 1.3 alone' })
  return {
    certificates,
    preset,
    minVersion: minVersion?.value ?? (preset === 'modern' ? '1.3' : defaults['listener.tls.minVersion'].value),
    strict,
    handshakeTimeoutMs: handshakeTimeout,
    maxHandshakes,
  }
})
