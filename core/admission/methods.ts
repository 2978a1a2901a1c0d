/** The methods that a route allows (RFC 9110 15.5.6): others are told which these are. */
import { type Admission, ADMITTED, type Verdict } from './admission.ts'

/** `methods`: at least one; case counts. */
export function allowMethods(methods: readonly string[]): Admission {
  const allowed = new Set(methods)
  const list = methods.join(', ')
  const problem = { status: 405, detail: `only ${list} may be used here`, lines: `Allow: ${list}\r\n` }
  const refused: Verdict = { kind: 'refused', problem, reason: 'method' }
  return { admit: (_asked, head) => (allowed.has(head.method) ? ADMITTED : refused) }
}
