/** `ban`: who was refused too often is kept out for a while. */
import type { BanPolicy } from '../../limits/ban.ts'
import { defaults } from '../defaults.ts'
import { object } from '../read/containers.ts'
import { convert, type Field } from '../read/field.ts'
import { count, duration } from '../read/scalars.ts'

export const ban: Field<BanPolicy | undefined> = convert(
  object(
    {
      after: count(defaults['ban.after'], { description: 'So many requests refused by a rule of their route…' }),
      within: duration(defaults['ban.within'], { description: '…within this time, counted from the first of them…' }),
      for: duration(defaults['ban.for'], {
        description:
          '…and the client is kept out for so long: its connections are closed as they come, its requests get 403.',
      }),
    },
    {
      description:
        'Clients, by address (IPv6 by /64), that are refused again and again are kept out for a while. Trusted proxies never are. Without it nobody is.',
      examples: [{}, { after: 20, within: '1m', for: '1h' }],
    },
  ),
  ({ after, within: withinMs, for: forMs }) => ({ after, withinMs, forMs }),
)
