/** What Ingresses and HTTPRoutes both come to: which requests lead to which Services. Pure. */
import type { ServiceRef } from './cluster-services.ts'

export interface ClusterRule {
  /** As `match` of a route in the config; any of them. */
  readonly matches: readonly Readonly<Record<string, unknown>>[]
  /** One path and no others: of two rules it comes first. */
  readonly isExact: boolean
  readonly refs: readonly ServiceRef[]
  /** What a pool of its own is called by; empty: it has none. */
  readonly name: readonly string[]
}

export interface ClusterRules {
  readonly rules: readonly ClusterRule[]
  /** Why others are left out, in words. */
  readonly faults: readonly string[]
}

/** A prefix goes by whole segments: `/a` holds for `/a` and `/a/b`, not for `/ab`. */
export function matchesOfPath(isExact: boolean, path: string): readonly { readonly path?: string }[] {
  if (isExact) return [{ path }]
  const prefix = path.replace(/\/+$/, '')
  return prefix === '' ? [{}] : [{ path: prefix }, { path: `${prefix}/*` }]
}
