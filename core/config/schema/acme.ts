/** `listeners.NAME.tls.acme`: certificates that SmartEdge orders and renews by itself. */
import type { Node } from 'jsonc-parser'
import { type AcmePolicy, challengeKinds, type DirectoryPolicy } from '../../acme/policy.ts'
import { isCertificateName, isWildcard, provable } from '../../acme/names.ts'
import { defaults } from '../defaults.ts'
import { list, object } from '../read/containers.ts'
import { convert, type Field, located, orElse, required, showDefault } from '../read/field.ts'
import type { Reading } from '../read/reading.ts'
import { choice, duration, text } from '../read/scalars.ts'
import { serviceUrl } from './auth-fields.ts'
import { acmeStorage } from './acme-storage.ts'
import { existingFile, laterFile } from './file.ts'

const directory = convert(
  serviceUrl({
    description: 'The URL of the CA’s directory. To use it is to agree to its terms of service.',
    examples: ['https://acme-v02.api.letsencrypt.org/directory'],
  }),
  (url, node, reading) => {
    if (node === undefined || /^(?:https:|http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])[:/])/.test(url)) return url
    return reading.report(node, { rule: 'must be of https: whoever is on the way could order certificates' })
  },
)

const ca = laterFile({
  description: 'Who signs the CA’s own certificate, in place of those that the system trusts; PEM.',
  examples: ['/etc/smartedge/pebble.pem'],
})

const eab = convert(
  object(
    {
      keyId: required(
        text({
          title: 'text',
          description: 'As the CA has given it.',
          examples: ['kid-1'],
          rule: 'must be 1 to 1024 printable ASCII characters',
          parse: (written) => (/^[ -~]{1,1024}$/.test(written) ? { kind: 'value', value: written } : { kind: 'fault' }),
        }),
      ),
      hmacKey: required(
        text({
          title: 'text',
          description: 'In base64url, as the CA has given it. Take it from a variable rather than writing it here.',
          examples: ['${EAB_HMAC_KEY}'],
          rule: 'must be a key in base64url, as the CA has given it',
          isSecret: true,
          parse: (written) =>
            /^[A-Za-z0-9_-]{16,1024}={0,2}$/.test(written) ? { kind: 'value', value: written } : { kind: 'fault' },
        }),
      ),
    },
    {
      description:
        'Binds the account to one that the CA knows otherwise (external account binding), where it wants that.',
      examples: [{ keyId: 'kid-1', hmacKey: '${EAB_HMAC_KEY}' }],
    },
  ),
  ({ keyId, hmacKey }) => (keyId === undefined || hmacKey === undefined ? undefined : { keyId, hmacKey }),
)

const fallback = convert(
  object(
    { directory: required(directory), ca, eab },
    {
      description: 'Another CA, which is asked as soon as the first one has failed.',
      examples: [
        { directory: 'https://acme.zerossl.com/v2/DV90', eab: { keyId: 'kid-1', hmacKey: '${EAB_HMAC_KEY}' } },
      ],
    },
  ),
  (one): DirectoryPolicy | undefined =>
    one.directory === undefined ? undefined : { url: one.directory, ca: one.ca, binding: one.eab },
)

const name = text({
  title: 'host name',
  description: 'One of them, a certificate each; `*.example.org` by `dns-01` alone.',
  examples: ['example.org'],
  rule: 'must be a host name such as "example.org" or "*.example.org", in ASCII',
  parse(written) {
    const lower = written.toLowerCase()
    return isCertificateName(lower) ? { kind: 'value', value: lower } : { kind: 'fault' }
  },
})

const dns = object(
  {
    hook: required(
      existingFile({
        description:
          'The program, called as `HOOK present|remove RECORD VALUE` for a TXT record; it ends with 0 when that is done. A TypeScript or JavaScript file is run by SmartEdge’s own Bun.',
        examples: ['./dns-hook.ts'],
      }),
    ),
    wait: duration(defaults['listener.tls.acme.dns.wait'], {
      description: 'How long it takes until the record can be seen everywhere.',
    }),
  },
  { description: 'How records of `dns-01` are made.', examples: [{ hook: './dns-hook.ts' }] },
)

const email = text({
  title: 'address',
  description: 'Where the CA writes to when something is wrong with a certificate.',
  examples: ['admin@example.org'],
  rule: 'must be an address such as "admin@example.org"',
  parse: (written) =>
    /^[!-~]{1,64}@[!-~]{1,255}$/.test(written) ? { kind: 'value', value: written } : { kind: 'fault' },
})

const onDemand = object(
  {
    ask: required(
      serviceUrl({
        description:
          'Asked with `?domain=NAME` before one is ordered, and again before it is renewed: 2xx agrees, anything else does not.',
        examples: ['http://127.0.0.1:8090/may-have'],
      }),
    ),
  },
  {
    description:
      'Certificates for names that nobody configured, as handshakes ask for them: only for those that this URL agrees to. The handshakes fail until the certificate is there.',
    examples: [{ ask: 'http://127.0.0.1:8090/may-have' }],
  },
)

const body = object(
  {
    email,
    directory: showDefault(directory, defaults['listener.tls.acme.directory'].value),
    ca,
    eab,
    fallback,
    names: located(
      list(name, {
        description: 'What there is to be a certificate for; by default the hosts that routes name.',
        examples: [['example.org', 'www.example.org']],
        ifEmpty: 'must name at least one host',
      }),
    ),
    challenge: orElse(
      choice(challengeKinds, {
        description:
          'How a name is shown to be ours: by a handshake on this listener, which the CA reaches on port 443; by an answer on any listener without TLS, reached on port 80; or by a DNS record, for which `dns` has a program.',
      }),
      defaults['listener.tls.acme.challenge'].value,
    ),
    dns: located(dns),
    onDemand,
    storage: acmeStorage,
  },
  {
    description: 'Certificates by themselves: ordered, renewed and kept, from a CA that speaks ACME (RFC 8555).',
    examples: [{ email: 'admin@example.org' }],
  },
)

export const acme: Field<AcmePolicy | undefined> = convert(body, (draft, node, reading): AcmePolicy => {
  const { names, challenge, fallback: second } = draft
  if (node !== undefined && challenge === 'dns-01' && draft.dns === undefined)
    reading.report(node, { rule: 'is required by the challenge "dns-01"' }, { child: 'dns' })
  if (challenge !== 'dns-01' && draft.dns !== undefined)
    reading.report(draft.dns.node, { rule: 'is for the challenge "dns-01" alone' })
  if (names !== undefined && challenge !== 'dns-01') reportWildcards(names.node, names.value, reading)
  const url = draft.directory ?? defaults['listener.tls.acme.directory'].value
  const first = { url, ca: draft.ca, binding: draft.eab }
  const { hook, wait } = draft.dns?.value ?? {}
  return {
    email: draft.email,
    directories: second === undefined ? [first] : [first, second],
    names: names?.value,
    challenge,
    dns: hook === undefined || wait === undefined ? undefined : { hook, settleMs: wait },
    onDemand: draft.onDemand?.ask,
    storage: draft.storage ?? { kind: 'folder', folder: undefined },
  }
})

function reportWildcards(list: Node, names: readonly string[], reading: Reading): void {
  const item = list.children?.[names.findIndex(isWildcard)]
  if (item) reading.report(item, { rule: 'must be proved by the challenge "dns-01": CAs take no other for a wildcard' })
}

/** One that leaves its names to routes needs a route that names a host which its challenge can prove. */
export function checkNames(
  policies: readonly { readonly policy: AcmePolicy; readonly node: Node }[],
  hosts: readonly string[],
  reading: Reading,
): void {
  for (const { policy, node } of policies)
    if (policy.names === undefined && policy.onDemand === undefined && provable(hosts, policy.challenge).length === 0)
      reading.report(
        node,
        { rule: 'is required where no route names a host such as "example.org"' },
        { child: 'names' },
      )
}
