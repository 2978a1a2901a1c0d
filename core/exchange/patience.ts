/** How long a request's client waits for an answer, as far as it says so. */
import type { RequestHead } from '../http1/request-head.ts'

/** The preference `wait`, in whole seconds (RFC 7240 4.3), among others of a Prefer field. */
const WAIT = /(?:^|[,;])[ \t]*wait[ \t]*=[ \t]*"?(\d{1,6})"?[ \t]*(?:[,;]|$)/i

/** ms; undefined: it does not say. The first one counts (RFC 7240 2). */
export function patienceMs({ fields }: RequestHead): number | undefined {
  for (const value of fields.valuesNamed('prefer')) {
    const seconds = WAIT.exec(value)?.[1]
    if (seconds !== undefined) return Number(seconds) * 1000
  }
  return undefined
}
