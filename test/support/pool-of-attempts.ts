/** A pool's attempts, by default without a bound. */
import type { AttemptObserver, PoolOfAttempts } from '../../core/balance/attempt.ts'

export const poolOfAttempts = (observers: readonly AttemptObserver[] = [], maxInflight = Infinity): PoolOfAttempts => ({
  load: { inflight: 0, maxInflight, onRoomChange: undefined },
  observers,
})
