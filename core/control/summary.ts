/** Changes -> one line: `pools.web: +c:80, weight of b:80 1 -> 2; routes: in another order`. Pure. */
import type { Change } from './contract.ts'
import { counted } from './plan.ts'

/** Of one key; more would not be read. */
const maxParts = 4
/** Backends that came, or went, by name. */
const maxNames = 3
const maxKeys = 6

/** `fallback` for no changes. */
export function summarize(changes: readonly Change[], fallback: string): string {
  const byKey = Map.groupBy(changes, (change) => change.key)
  const lines = [...byKey].map(([key, group]) => `${key}: ${shorten(partsOf(group), maxParts, ', ')}`)
  return lines.length === 0 ? fallback : shorten(lines, maxKeys, '; ')
}

function partsOf(changes: readonly Change[]): string[] {
  const count = (kind: Change['kind'], sign: string): string[] => {
    const backends = changes.flatMap((change) => (change.kind === kind && change.backend) || [])
    if (backends.length > maxNames) return [`${sign}${counted(backends.length, 'backend')}`]
    return backends.length === 0 ? [] : [backends.map((backend) => sign + backend).join(', ')]
  }
  const others = changes.filter((change) => change.kind === 'other')
  return [...count('backend-added', '+'), ...count('backend-removed', '-'), ...others.map((change) => change.text)]
}

const shorten = (parts: readonly string[], max: number, joint: string): string =>
  parts.length <= max ? parts.join(joint) : `${parts.slice(0, max).join(joint)} and ${parts.length - max} more`
