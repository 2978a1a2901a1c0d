/** `listeners.NAME.proxyProtocol`: who must say on whose behalf they connect. */
import type { ProxyPolicy } from '../../proxy-protocol/policy.ts'
import { defaults } from '../defaults.ts'
import { either, list, object } from '../read/containers.ts'
import { convert, type Field, orElse } from '../read/field.ts'
import { choice, duration } from '../read/scalars.ts'
import { peers } from './names.ts'

const timeoutSetting = defaults['listener.proxyProtocol.timeout']

const RULE = 'must be "required" or an object with the keys from, others, timeout'

const everybody = convert(
  choice(['required'], { description: 'Whoever connects must send one.', rule: RULE }),
  (): ProxyPolicy => ({ from: undefined, others: 'refuse', timeoutMs: timeoutSetting.value }),
)

const some = convert(
  object(
    {
      from: list(peers('A proxy, or a block of them; `unix:` for whoever connects to a Unix socket.'), {
        description: 'Who must send one, and is believed. Without it, whoever connects.',
        examples: [['10.0.0.0/8']],
        ifEmpty: 'must name somebody; without proxyProtocol nobody sends one',
      }),
      others: orElse(
        choice(['refuse', 'plain'], {
          description:
            'What becomes of everybody else: they are closed as they come, or served as clients that send none. What they send all the same is no request.',
        }),
        'refuse',
      ),
      timeout: duration(timeoutSetting, { description: 'How long a connection may take until its header is whole.' }),
    },
    { description: 'Who must send one.' },
  ),
  ({ from, others, timeout }): ProxyPolicy => ({ from, others, timeoutMs: timeout }),
)

export const proxyProtocol: Field<ProxyPolicy | undefined> = either(
  { string: everybody, object: some },
  {
    title: '"required", or object',
    description:
      'Connections begin with a PROXY header, version 1 or 2, before TLS too: it says who the client is, to access rules, limits, logs and backends.',
    examples: ['required', { from: ['10.0.0.0/8'] }],
    rule: RULE,
  },
)
