/** The defaults of `discovery`. Part of `defaults.ts`'s table, under the same rules. */
import type { Setting, TextSetting } from './setting.ts'

const second = 1000
const minute = 60 * second

export const discoveryDefaults = {
  'pool.discovery.guard': {
    unit: 'ms',
    value: 30 * second,
    min: second,
    max: 60 * minute,
    reason:
      'Outlasts a registry that restarts half empty; whoever has really gone is found out by connects and checks meanwhile.',
  },
} as const satisfies Readonly<Record<string, Setting | TextSetting>>
