/** Changes -> one line: `pools.web: +1 backend, weight of b:80 1 -> 2; routes: in another order`. Pure. */
import type { Change } from './contract.ts'
import { counted } from './plan.ts'

/** Of one key; more would not be read. */
const maxParts = 4
const maxKeys = 6

/** `fallback` for no changes. */
export function summarize(changes: readonly Change[], fallback: string): string {
  const byKey = Map.groupBy(changes, (change) => change.key)
  const lines = [...byKey].map(([key, group]) => `${key}: ${shorten(partsOf(group), maxParts, ', ')}`)
  return lines.length === 0 ? fallback : shorten(lines, maxKeys, '; ')
}

function partsOf(changes: readonly Change[]): string[] {
  const count = (kind: Change['kind'], sign: string): string[] => {
    const { length } = changes.filter((change) => change.kind === kind)
    return length === 0 ? [] : [`${sign}${counted(length, 'backend')}`]
  }
  const others = changes.filter((change) => change.kind === 'other')
  return [...count('backend-added', '+'), ...count('backend-removed', '-'), ...others.map((change) => change.text)]
}

const shorten = (parts: readonly string[], max: number, joint: string): string =>
  parts.length <= max ? parts.join(joint) : `${parts.slice(0, max).join(joint)} and ${parts.length - max} more`
