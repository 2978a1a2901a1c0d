/** Which versions of HTTP are spoken: `listeners.*.http2` to clients, `pools.*.protocol` to backends. */
import type { Member } from '../../backend/member.ts'
import type { BackendProtocol } from '../../outbound/policy.ts'
import type { Http2Choice } from '../config.ts'
import { either } from '../read/containers.ts'
import type { Field } from '../read/field.ts'
import { choice, flag, text } from '../read/scalars.ts'
import type { MemberList } from './member.ts'

const description =
  'Whether clients may speak HTTP/2 beside HTTP/1.1: over TLS by ALPN (on unless it says `false`), without TLS by prior knowledge (h2c; off unless it says `true`). `"only"`: nothing else is spoken.'

const only = text<'only'>({
  title: '"only"',
  description: 'HTTP/2 alone.',
  examples: ['only'],
  rule: 'must be true, false or "only"',
  pattern: '^only$',
  parse(value) {
    const isQuoted = value === 'true' || value === 'false'
    if (value === 'only') return { kind: 'value', value }
    return { kind: 'fault', hint: isQuoted ? `did you mean ${value}, without quotes?` : undefined }
  },
})

export const http2: Field<Http2Choice | undefined> = either<Http2Choice>(
  {
    boolean: flag({ description: 'HTTP/2 beside HTTP/1.1, or not.', examples: [true] }),
    string: only,
  },
  {
    title: 'true, false or "only"',
    description,
    examples: [true, 'only'],
    rule: 'must be true, false or "only"',
  },
)

/** Whether backends that are to be spoken to so may be spoken to in HTTP/2. */
export const maySpeakHttp2 = (protocol: BackendProtocol | undefined): boolean =>
  protocol !== undefined && protocol !== 'http/1.1'

/** `pools.*.protocol`. */
export const protocol: Field<BackendProtocol | undefined> = choice(['http/1.1', 'h2', 'h2c', 'auto'], {
  description:
    'What is spoken to the backends: `http/1.1`; HTTP/2 over TLS (`h2`, agreed on in the handshake) or without it (`h2c`, by prior knowledge), with many requests at once over one connection, as gRPC wants it; or, over TLS, what each backend picks (`auto`). Health checks speak the same.',
})

/** Reports the first of a pool's members that may not be spoken to in that, where it is written, and how many more there are. */
export function checkPlaces(protocol: 'h2' | 'h2c', { places, reading }: MemberList): void {
  const [first, ...more] = places.filter(({ value }) => (value.scheme === 'https') !== (protocol === 'h2'))
  if (first === undefined) return
  const place = protocol === 'h2' ? 'https://' : 'http:// or unix:'
  const others = more.length === 0 ? '' : `, and so must ${more.length} more`
  const rule = `must be at ${place}, since the protocol of its pool is "${protocol}"${others}`
  reading.report(first.node, { rule, hint: wayOut(protocol, first.value.address.kind) })
}

function wayOut(protocol: 'h2' | 'h2c', kind: Member['address']['kind']): string {
  if (protocol === 'h2c') return 'write http://, or "protocol": "h2" for HTTP/2 over TLS'
  const without = '"protocol": "h2c" for HTTP/2 without TLS'
  return kind === 'unix' ? `write ${without}` : `write https://, or ${without}`
}
