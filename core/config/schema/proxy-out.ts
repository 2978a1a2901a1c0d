/** A pool's `proxyProtocol`: which header its backends are sent before anything else. */
import type { ProxyOutPolicy } from '../../outbound/policy.ts'
import { either, list, object } from '../read/containers.ts'
import { convert, type Field, located, orElse, required } from '../read/field.ts'
import { choice, flag } from '../read/scalars.ts'

const versions = ['v1', 'v2'] as const
const RULE = 'must be "v1", "v2" or an object with the keys version, tell, checksum'

const plain = convert(
  choice(versions, { description: 'The version alone, as text or in binary.', rule: RULE }),
  (name): ProxyOutPolicy => ({
    version: name === 'v1' ? 1 : 2,
    tells: [],
    hasChecksum: false,
  }),
)

const detailed = convert(
  object(
    {
      version: required(choice(versions, { description: 'As text, or in binary.' })),
      tell: located(
        list(
          choice(['authority', 'uniqueId', 'ssl'], {
            description:
              'The name that the client asked for in its handshake; an id of its connection, that of a header in front where one came; whether it spoke TLS.',
          }),
          { description: 'What is told besides addresses, in version 2.', examples: [['authority', 'uniqueId']] },
        ),
      ),
      checksum: located(
        orElse(flag({ description: 'Whether a CRC-32C goes with it, in version 2.', examples: [true] }), false),
      ),
    },
    { description: 'A header, and what it tells.' },
  ),
  ({ version: name, tell, checksum }, _node, reading): ProxyOutPolicy => {
    for (const one of [tell, checksum])
      if (name === 'v1' && one !== undefined && one.value !== false)
        reading.report(one.node, { rule: 'is for version v2: v1 has addresses alone' })
    return { version: name === 'v1' ? 1 : 2, tells: tell?.value ?? [], hasChecksum: checksum?.value ?? false }
  },
)

export const proxyOut: Field<ProxyOutPolicy | undefined> = either(
  { string: plain, object: detailed },
  {
    title: '"v1", "v2", or object',
    description:
      'Each connection to a backend begins with a PROXY header that says whose it is, before TLS too, and serves the requests of that client’s connection alone. Checks tell of nobody (LOCAL). Absent: there is none.',
    examples: ['v2', { version: 'v2', tell: ['authority', 'uniqueId'], checksum: true }],
    rule: RULE,
  },
)
