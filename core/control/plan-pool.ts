/** One pool before and after: its members one by one, everything else key by key. Pure. */
import type { PoolConfig, StrategyConfig } from '../config/config.ts'
import type { Change } from './contract.ts'
import { differences } from './differences.ts'
import type { Load } from './edge-control.ts'

type Member = PoolConfig['members'][number]

export const noLoad: Load = { connections: 0, tunnels: 0 }

export function addLoads(loads: Iterable<Load>): Load {
  let [connections, tunnels] = [0, 0]
  for (const load of loads) {
    connections += load.connections
    tunnels += load.tunnels
  }
  return { connections, tunnels }
}

/** `load` by backend id. */
export function planPool(key: string, old: PoolConfig, next: PoolConfig, load: ReadonlyMap<string, Load>): Change[] {
  const { members, membersFile, strategy, ...settings } = old
  const { members: nextMembers, membersFile: nextFile, strategy: nextStrategy, ...nextSettings } = next
  const texts = [
    ...(membersFile === nextFile ? [] : ['members file changed']),
    ...planStrategy(strategy, nextStrategy),
    ...differences('pool', settings, nextSettings).map(({ text }) => text),
  ]
  return [
    ...planMembers(members, nextMembers, load).map((change) => ({ key, ...change })),
    ...texts.map((text): Change => ({ kind: 'other', key, text, ...noLoad })),
  ]
}

/** Options are a plugin's own and may hold anything, secrets too. */
function planStrategy(old: StrategyConfig, next: StrategyConfig): string[] {
  if (old.use !== next.use) return [`strategy ${old.use} -> ${next.use}`]
  return differences('options', old.options, next.options).length === 0 ? [] : ['strategy options changed']
}

function planMembers(
  old: readonly Member[],
  next: readonly Member[],
  load: ReadonlyMap<string, Load>,
): Omit<Change, 'key'>[] {
  const before = new Map(old.map((member) => [member.id, member]))
  const after = new Set(next.map((member) => member.id))
  const removed = old.filter((member) => !after.has(member.id))
  const isMoved = removed.length === 0 && old.length === next.length && old.some(({ id }, at) => id !== next[at]?.id)
  return [
    ...next.flatMap((member): Omit<Change, 'key'>[] => {
      const known = before.get(member.id)
      if (known === undefined)
        return [{ kind: 'backend-added', text: `backend ${member.id} added`, backend: member.id, ...noLoad }]
      return planMember(known, member).map((text) => ({ kind: 'other', text, ...noLoad }))
    }),
    ...removed.map(({ id }) => {
      const { connections, tunnels } = load.get(id) ?? noLoad
      return { kind: 'backend-removed' as const, text: `backend ${id} removed`, backend: id, connections, tunnels }
    }),
    ...(isMoved ? [{ kind: 'other' as const, text: 'backends in another order', ...noLoad }] : []),
  ]
}

function planMember(old: Member, next: Member): string[] {
  const { isDraining, ...rest } = old
  const { isDraining: nextDraining, ...nextRest } = next
  const drain =
    isDraining === nextDraining ? [] : [nextDraining ? `${next.id} drains` : `${next.id} takes requests again`]
  const facts = (['weight', 'tier', 'zone', 'place'] as const).flatMap((fact) =>
    differences(fact, rest[fact], nextRest[fact]).map(({ text }) => `${fact} of ${next.id} ${text}`),
  )
  return [...facts, ...drain]
}
