/**
 * Deadlines for work of this process on a machine that is busy: they count the CPU time that it has had, not the time that it
 * has waited for some. What waits for nothing at all has no CPU time either, and is given up for what the clock says.
 */
import type { Cancel, Clock } from '../../core/clock.ts'

/** How many times as long as on an idle machine. */
const patience = 5

/** `usedMs`: CPU time of the process. */
export function patientClock(clock: Pick<Clock, 'after'>, usedMs = usedByProcess): Pick<Clock, 'after'> {
  return {
    after(delayMs, task): Cancel {
      const usedBefore = usedMs()
      let times = 1
      let cancel = clock.after(delayMs, look)
      function look(): void {
        // A loop has all of one core; some of it goes to whoever else wants it.
        if (times === patience || usedMs() - usedBefore >= delayMs / 2) return task()
        times += 1
        cancel = clock.after(delayMs, look)
      }
      return () => cancel()
    },
  }
}

function usedByProcess(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
