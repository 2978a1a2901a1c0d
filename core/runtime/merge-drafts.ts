/** What several drafts of one provider come to: where two say otherwise of one thing, the first counts and the other is left out. Pure. */
import type { SkippedEntry } from '../discovery/listing.ts'
import type { Draft } from '../discovery/provider.ts'
import { describeMatch } from '../route/describe.ts'
import { fingerprint } from '../secrets.ts'
import type { PoolConfig, RouteConfig } from '../config/config.ts'
import { matchKey, type Provided } from '../config/provided.ts'
import type { readDraft } from '../config/read-draft.ts'

export interface DraftRead {
  readonly draft: Draft
  readonly read: ReturnType<typeof readDraft>
}

export interface Merged {
  readonly provided: Provided
  /** By what a route matches, the name of the draft that makes it. */
  readonly makers: ReadonlyMap<string, string>
  readonly skipped: readonly SkippedEntry[]
}

interface Known<T> {
  readonly by: string
  readonly value: T
  /** What it says; undefined: whatever others say. */
  readonly says: string | undefined
}

export function mergeDrafts(drafts: readonly DraftRead[]): Merged {
  const pools = new Map<string, Known<PoolConfig>>()
  const routes = new Map<string, Known<RouteConfig>>()
  const skipped: SkippedEntry[] = []
  for (const { draft, read } of drafts) {
    const entry = draft.name
    if (read.kind === 'fault') {
      skipped.push({ entry, reason: read.reason })
      continue
    }
    const saysOf = new Map(draft.pools.map(({ name, settings }) => [name, saidBy(settings)]))
    const quarrel = quarrelOverPools(saysOf, pools) ?? quarrelOverRoutes(draft, read.routes, routes)
    if (quarrel !== undefined) {
      skipped.push({ entry, reason: quarrel })
      continue
    }
    for (const value of read.pools) {
      const says = saysOf.get(value.name)
      if (pools.get(value.name)?.says === undefined) pools.set(value.name, { by: entry, value, says })
    }
    for (const value of read.routes) {
      const key = matchKey(value)
      if (!routes.has(key)) routes.set(key, { by: entry, value, says: value.pool })
    }
  }
  const values = <T>(known: ReadonlyMap<string, Known<T>>): T[] => [...known.values()].map(({ value }) => value)
  const makers = new Map([...routes].map(([key, { by }]) => [key, by]))
  return { provided: { pools: values(pools), routes: values(routes) }, makers, skipped }
}

const saidBy = (settings: Readonly<Record<string, unknown>>): string | undefined =>
  Object.keys(settings).length === 0 ? undefined : fingerprint(settings)

function quarrelOverPools(
  saysOf: ReadonlyMap<string, string | undefined>,
  pools: ReadonlyMap<string, Known<PoolConfig>>,
): string | undefined {
  for (const [name, says] of saysOf) {
    const known = pools.get(name)
    if (says !== undefined && known?.says !== undefined && known.says !== says)
      return `says of the pool ${name} what ${known.by} does not`
  }
  return undefined
}

function quarrelOverRoutes(
  { yields }: Draft,
  wanted: readonly RouteConfig[],
  routes: ReadonlyMap<string, Known<RouteConfig>>,
): string | undefined {
  const quarrels = wanted.flatMap((route) => {
    const known = routes.get(matchKey(route))
    if (known === undefined || known.says === route.pool) return []
    return [`leads ${describeMatch(route.match)} to ${route.pool}, and ${known.by} to ${known.says}`]
  })
  return yields === true && quarrels.length < wanted.length ? undefined : quarrels[0]
}
