/** Whose request it is: the peer itself or, behind trusted proxies, the one that they tell of. */
import * as kind from '../http1/field-names.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { ClientIdentity } from './identify.ts'

/**
 * The right-most address of X-Forwarded-For that is no trusted proxy: what stands left of it, anybody may have made up.
 * An entry that is no address ends the search at the last one that was believed.
 */
export function clientAddress(identity: ClientIdentity, head: RequestHead): string {
  if (!identity.isTrusted || !head.fields.has(kind.FORWARDED_FOR)) return identity.address
  const entries = head.fields
    .valuesNamed('x-forwarded-for')
    .join(',')
    .split(',')
    .map((entry) => entry.trim())
  let believed = identity.address
  for (const entry of entries.toReversed()) {
    if (!/^[0-9a-fA-F.:]{2,45}$/.test(entry)) return believed
    believed = entry
    if (!identity.isTrustedProxy(entry)) return believed
  }
  return believed
}
