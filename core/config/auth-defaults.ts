/** The defaults of `forwardAuth` and `jwt`. Part of `defaults.ts`'s table, under the same rules. */
import type { Setting, TextSetting } from './setting.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute

export const authDefaults = {
  'route.access.forwardAuth.timeout': {
    unit: 'ms',
    value: 5 * second,
    min: 10,
    max: 5 * minute,
    reason: 'Outlasts a restart of its session store; whoever waits longer has left.',
  },
  'route.access.forwardAuth.cacheFor': {
    unit: 'ms',
    value: undefined,
    min: 100,
    max: hour,
    reason: 'Whoever is signed out stays in for so long; only who runs the service knows whether that may be.',
  },
  'route.access.forwardAuth.cachePer': {
    value: 'target',
    reason: 'Most services decide by host and path, too: an answer for one page says nothing of another.',
  },
  'route.access.forwardAuth.whenAway': {
    value: 'refuse',
    reason: 'Who may not be let in unasked is the reason to ask.',
  },
  'route.access.jwt.refresh': {
    unit: 'ms',
    value: 5 * minute,
    min: 30 * second,
    max: 24 * hour,
    reason: 'A key that was taken back is believed for no longer; a new one is looked for when it is first used.',
  },
  'route.access.jwt.clockTolerance': {
    unit: 'ms',
    value: 30 * second,
    min: 0,
    max: 10 * minute,
    reason: 'More than clocks of machines that keep time differ by.',
  },
} as const satisfies Readonly<Record<string, Setting | TextSetting>>
