/** A listener's config -> what it does with all requests that come in by it. */
import type { ListenerConfig } from '../config/config.ts'
import type { Door } from '../forward/door.ts'
import type { HstsPolicy } from '../tls/policy.ts'

/** undefined: nothing. */
export function doorOf({ redirect, tls }: ListenerConfig): Door | undefined {
  if (redirect !== undefined) return { redirect }
  if (tls?.hsts === undefined) return undefined
  return { responseDrops: ['strict-transport-security'], responseLines: lineOf(tls.hsts) }
}

function lineOf({ maxAgeMs, includeSubDomains, preload }: HstsPolicy): string {
  const more = `${includeSubDomains ? '; includeSubDomains' : ''}${preload ? '; preload' : ''}`
  return `Strict-Transport-Security: max-age=${Math.floor(maxAgeMs / 1000)}${more}\r\n`
}
