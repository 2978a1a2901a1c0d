/** A pool's attempts that nobody bounds. */
import type { AttemptObserver, PoolOfAttempts } from '../../core/balance/attempt.ts'

export const poolOfAttempts = (observers: readonly AttemptObserver[] = []): PoolOfAttempts => ({
  load: { inflight: 0, maxInflight: Infinity, onRoomChange: undefined },
  observers,
})
