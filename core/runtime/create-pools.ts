/** Pools, the strategies that choose in them, and how their backends are connected. */
import { freeDescriptors } from '../descriptors.ts'
import { MAX_FIELDS } from '../http1/limits.ts'
import { ResponseHead } from '../http1/response-head.ts'
import { trialsApart } from '../lab/examine-apart.ts'
import { createDial, type DialServices } from '../net/dial.ts'
import { createSecure } from '../net/secure.ts'
import { createPluginHost, type PluginHost } from '../strategy/host.ts'
import type { Ground } from './ground.ts'
import { Pools } from './pools.ts'

export function createPlugins({ clock, guard, reportFault }: Ground): PluginHost {
  return createPluginHost({ clock, examine: trialsApart(clock), reportFault, freeDescriptors, guard })
}

export function createPools(ground: Ground, plugins: PluginHost, onUnreachable: DialServices['onUnreachable']): Pools {
  const { transport, connect, budget, reportFault } = ground
  return new Pools({
    ...ground,
    head: new ResponseHead(MAX_FIELDS),
    dial: createDial({
      ...ground,
      connect: connect ?? transport.connects(reportFault),
      secure: createSecure(ground),
      relieve: () => budget.relieve(),
      onUnreachable,
    }),
    plugins,
  })
}
