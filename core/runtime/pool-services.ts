/** What pools at work stand on, and what of the whole config each needs beside its own part. */
import type { Clock } from '../clock.ts'
import type { HttpLimits } from '../http1/limits.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { Turns } from '../inbound/turns.ts'
import type { NameTable } from '../names/resolver.ts'
import type { DescriptorBudget } from '../net/budget.ts'
import type { Dial } from '../net/dial.ts'
import type { Pipes } from '../net/pipes.ts'
import type { TimerWheel } from '../net/timer-wheel.ts'
import type { Emit } from '../observe/events.ts'
import type { LatencyWindow } from '../observe/histogram.ts'
import type { Random } from '../random.ts'
import type { Secret } from '../secrets.ts'
import type { PluginHost } from '../strategy/host.ts'

export interface PoolServices {
  readonly clock: Clock
  readonly random: Random
  readonly emit: Emit
  readonly wheel: TimerWheel
  readonly turns: Turns
  readonly head: ResponseHead
  readonly window: LatencyWindow
  readonly dial: Dial
  readonly names: NameTable
  readonly budget: DescriptorBudget
  readonly pipes?: Pipes
  readonly plugins: PluginHost
  /** What a sticky cookie is made with when the config names no key. */
  readonly stickyKey: () => Secret
}

/** What of the whole config a pool needs beside its own part. */
export interface PoolSettings {
  readonly limits: HttpLimits
  /** How long a removed backend may finish what it has begun. */
  readonly drainTimeoutMs: number
}
