/**
 * Which containers of a list are of which pool: found out once a list, since thousands of pools may ask of the same one, and
 * each would look through all of it.
 */
import { isUp, poolOf } from './docker-container.ts'
import { isObject } from './json.ts'

/** Of one list, each in the order of it. */
interface ByPool {
  readonly named: ReadonlyMap<string, readonly unknown[]>
  /** What is no container: each pool tells of it. */
  readonly unreadable: readonly unknown[]
}

const divided = new WeakMap<readonly unknown[], ByPool>()

/** `takesAll`: one that says of no pool that it is its own is of this one; few pools ask so. */
export function containersOf(listed: readonly unknown[], pool: string, takesAll: boolean): readonly unknown[] {
  if (takesAll) return listed.filter((one) => !isObject(one) || (isUp(one) && (poolOf(one) ?? pool) === pool))
  const { named, unreadable } = divided.get(listed) ?? divide(listed)
  return [...(named.get(pool) ?? []), ...unreadable]
}

function divide(listed: readonly unknown[]): ByPool {
  const named = new Map<string, unknown[]>()
  for (const one of listed) {
    const pool = isObject(one) && isUp(one) ? poolOf(one) : undefined
    if (pool === undefined) continue
    const known = named.get(pool)
    if (known === undefined) named.set(pool, [one])
    else known.push(one)
  }
  const byPool = { named, unreadable: listed.filter((one) => !isObject(one)) }
  divided.set(listed, byPool)
  return byPool
}
