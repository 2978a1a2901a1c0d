/** When something was, as people say it: the time, and the day unless it is today. Pure. */
import { clockTime } from '../../core/view/format.ts'

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/** `14:03:59`, `21 Nov 14:03:59`; in the viewer's zone, wall ms both. */
export function whenText(at: number, now: number): string {
  const [then, today] = [new Date(at), new Date(now)]
  if (Number.isNaN(at) || then.toDateString() === today.toDateString()) return clockTime(at)
  return `${then.getDate()} ${months[then.getMonth()] ?? ''} ${clockTime(at)}`
}
