/** The keys of a listener that say what the system does with its sockets: queue, probes, buffers. */
import type { KeepAlive, ListenOptions } from '../../net/listen-options.ts'
import { defaults } from '../defaults.ts'
import { object } from '../read/containers.ts'
import { convert, type Field, type Located, located } from '../read/field.ts'
import type { Reading } from '../read/reading.ts'
import { count, duration, size } from '../read/scalars.ts'

const keepAlive: Field<KeepAlive | undefined> = convert(
  object(
    {
      idle: duration(defaults['listener.keepAlive.idle'], {
        description:
          'How long a connection may be silent before its client is asked whether it lives; whole seconds, rounded up.',
      }),
      interval: duration(defaults['listener.keepAlive.interval'], {
        description: 'From one probe that is not answered to the next; whole seconds, rounded up.',
      }),
      count: count(defaults['listener.keepAlive.count'], {
        description: 'Probes without an answer after which the connection is reset.',
      }),
    },
    {
      description:
        'Keep-alive probes of TCP, by which the system finds clients that have vanished without a word. Without it there are none. Not for `unix:` addresses.',
      examples: [{ idle: '1m', interval: '10s', count: 6 }],
    },
  ),
  ({ idle, interval, count: probes }) => ({ idleMs: idle, intervalMs: interval, count: probes }),
)

export const socketFields = {
  backlog: located(
    count(defaults['listener.backlog'], {
      description:
        'Clients that the system lets in before they are accepted; it cuts this down to its `net.core.somaxconn`. By default 4096.',
      examples: [16_384],
    }),
  ),
  keepAlive: located(keepAlive),
  userTimeout: located(
    duration(defaults['listener.userTimeout'], {
      description:
        'How long what was sent to a client may remain unacknowledged before the system resets the connection (TCP_USER_TIMEOUT). By default as the system has it, some 15 minutes. Not for `unix:` addresses.',
      examples: ['30s'],
    }),
  ),
  sendBuffer: located(
    size(defaults['listener.sendBuffer'], {
      description:
        'How much of a connection the system keeps for a client that does not take it yet (SO_SNDBUF), cut down to its `net.core.wmem_max`. By default it grows as needed, which is better for most.',
      examples: ['256KiB'],
    }),
  ),
} as const

type Values = { readonly [Key in keyof typeof socketFields]: ReturnType<(typeof socketFields)[Key]['read']> }

/** undefined: as the system has them. `isUnix`: no address is of TCP. */
export function socketOptions(
  { backlog, keepAlive: probes, userTimeout, sendBuffer }: Values,
  isUnix: boolean,
  reading: Reading,
): ListenOptions | undefined {
  for (const one of [probes, userTimeout] as readonly (Located<unknown> | undefined)[])
    if (isUnix && one !== undefined) reading.report(one.node, { rule: 'is not for a unix: address' })
  const options: ListenOptions = {
    ...(backlog && { backlog: backlog.value }),
    ...(probes && { keepAlive: probes.value }),
    ...(userTimeout && { userTimeoutMs: userTimeout.value }),
    ...(sendBuffer && { sendBufferBytes: sendBuffer.value }),
  }
  return Object.keys(options).length === 0 ? undefined : options
}
