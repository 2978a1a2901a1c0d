/** The defaults of `access` and `ban`: who may come. Part of `defaults.ts`'s table, under the same rules. */
import type { Setting, TextSetting } from './setting.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const gibibyte = 1024 ** 3

export const accessDefaults = {
  'route.access.maxBody': {
    unit: 'bytes',
    value: undefined,
    min: 0,
    max: 1024 * gibibyte,
    reason: 'Bodies pass through, and cost no memory: only who runs the backend knows what is too long.',
  },
  'route.access.basic.realm': {
    value: 'restricted',
    reason: 'Browsers show it; it says nothing about what is behind.',
  },
  'route.access.cors.maxAge': {
    unit: 'ms',
    value: 10 * minute,
    min: 0,
    max: 24 * hour,
    reason: 'Browsers cap it at two hours (Chromium) to a day (Firefox); a change is live within this time.',
  },
  'ban.after': {
    unit: 'count',
    value: 100,
    min: 1,
    max: 1_000_000,
    reason: 'Nobody types so many wrong passwords in a minute; a script does within a second.',
  },
  'ban.within': { unit: 'ms', value: minute, min: second, max: 24 * hour, reason: 'Long enough for a slow guesser.' },
  'ban.for': {
    unit: 'ms',
    value: 10 * minute,
    min: second,
    max: 30 * 24 * hour,
    reason: 'Makes guessing a thousand times slower, and is over soon for a neighbour behind the same address.',
  },
} as const satisfies Readonly<Record<string, Setting | TextSetting>>
