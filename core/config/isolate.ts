/** What is sound of a config + the last good version of the pools that are not -> a config that may run. Pure. */
import type { Config } from './config.ts'
import type { Rest } from './parse.ts'

/**
 * undefined when a faulty pool has no last good version. The whole is refused then, rather than run without that pool:
 * a route to it may be taking requests that are answered today.
 */
export function isolate({ config, faultyPools }: Rest, lastGood: Config): Config | undefined {
  const faulty = new Set(faultyPools)
  const good = new Map(lastGood.pools.map((pool) => [pool.name, pool]))
  const read = new Map(config.pools.map((pool) => [pool.name, pool]))
  // A pool that is no object at all was not read, and comes last.
  const names = [...new Set([...read.keys(), ...faulty])]
  const pools = names.flatMap((name) => (faulty.has(name) ? good : read).get(name) ?? [])
  return pools.length === names.length ? { ...config, pools } : undefined
}

/** The pools that keys of the config such as `pools.web.strategy` lie in; undefined when one lies in none. */
export function poolsOfKeys(keys: readonly string[], config: Config): string[] | undefined {
  const names = keys.map(poolFinder(config))
  return names.every((name) => name !== undefined) ? [...new Set(names)] : undefined
}

/** What keys of the config lie in, each once: a pool by its name, anything else by its key. */
export function namesOfKeys(keys: readonly string[], config: Config): string[] {
  const poolOf = poolFinder(config)
  return [...new Set(keys.map((key) => poolOf(key) ?? key))]
}

/** Tells the pool that a key lies in. Names may hold dots: the longest that fits counts. */
function poolFinder({ pools }: Config): (key: string) => string | undefined {
  const byPrefix = new Map(
    pools.flatMap(({ name }) => [`pools.${name}`, `pools[${JSON.stringify(name)}]`].map((prefix) => [prefix, name])),
  )
  return (key) => {
    const ends = [...key.matchAll(/(?=[.[])|$/g)].map(({ index }) => index)
    return ends.map((end) => byPrefix.get(key.slice(0, end))).findLast((name) => name !== undefined)
  }
}
