/** What no socket's event brought about, done with the care that socket events have. */
import { enter, leave } from './outbox.ts'

/** Takes what should never happen: an exception in our own code. */
export type ReportFault = (error: unknown) => void

/** Does `task` (of a microtask, a timer, an answer about a name) with the outbox open, and reports what it throws. */
export function inEvent(reportFault: ReportFault, task: () => void): void {
  try {
    enter()
    try {
      task()
    } finally {
      leave()
    }
  } catch (error) {
    reportFault(error)
  }
}
