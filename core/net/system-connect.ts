/** The best way to connect that this system has. */
import type { Connect } from './connect.ts'
import { connectByBun } from './connect-bun.ts'
import { connectByLibc } from './connect-libc.ts'
import { systemLibc } from './libc.ts'
import type { ReportFault } from './wire-handlers.ts'

export function systemConnect(reportFault: ReportFault): Connect {
  const libc = systemLibc()
  return libc === undefined ? connectByBun(reportFault) : connectByLibc(libc, reportFault)
}
