/** A running pool on a virtual clock, without listeners: its connections are real, and nobody asks unless a test does. */
import type { PoolConfig } from '../../core/config/config.ts'
import { MAX_FIELDS } from '../../core/http1/limits.ts'
import { ResponseHead } from '../../core/http1/response-head.ts'
import { createNameTable } from '../../core/names/resolver.ts'
import { createDial } from '../../core/net/dial.ts'
import { systemConnect } from '../../core/net/system-connect.ts'
import { TimerWheel } from '../../core/net/timer-wheel.ts'
import type { EdgeEvent } from '../../core/observe/events.ts'
import { seededRandom } from '../../core/random.ts'
import { RunningPool } from '../../core/runtime/running-pool.ts'
import { createPluginHost } from '../../core/strategy/host.ts'
import { testPool } from './edge.ts'
import { fail } from './fail.ts'
import { virtualClock } from './virtual-clock.ts'

const limits = { maxHeadBytes: 64 * 1024, maxTargetBytes: 16 * 1024, maxFields: 256 }

/** A pool of these ports; `change` puts another config in force, members from ports and facts as in `testPool`. */
export async function startPool(ports: readonly number[], facts: Partial<PoolConfig> = {}) {
  const clock = virtualClock()
  const events: EdgeEvent[] = []
  const settings = { limits, drainTimeoutMs: 5000 }
  const configOf = (some: readonly number[], more: Partial<PoolConfig>): PoolConfig => ({
    ...testPool(some, { strategy: { use: 'round-robin', options: undefined } }),
    ...facts,
    ...more,
  })
  const wheel = new TimerWheel(clock, fail)
  const names = createNameTable(clock, () => fail(new Error('no name is to be looked up')))
  const pool = await RunningPool.start(configOf(ports, {}), settings, {
    clock,
    random: seededRandom(1),
    emit: (event) => void events.push(event),
    wheel,
    head: new ResponseHead(MAX_FIELDS),
    window: { generation: 0 },
    dial: createDial({ connect: systemConnect(fail), names, clock, wheel, reportFault: fail }),
    plugins: createPluginHost({ clock, examine: async () => undefined }),
  })
  return {
    pool,
    clock,
    events,
    async change(some: readonly number[], more: Partial<PoolConfig> = {}): Promise<void> {
      const move = await pool.prepare(configOf(some, more), settings)
      move.commit()
    },
    [Symbol.dispose]: () => pool.stop(),
  }
}
