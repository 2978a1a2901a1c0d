/**
 * Frames of several balancers -> one that is their sum: a pool or a backend of the same name is one. What can be counted
 * is added; ratios are weighted by what they are ratios of; percentiles are no sum of percentiles, so whoever has the
 * counts hands them in. Of two states the worse is told. Pure.
 */
import type { BackendFrame, Frame, PoolFrame, RouteFrame } from '../../core/report/frame.ts'
import { subjectOf } from '../../core/view/history.ts'
import type { Sparse } from '../../core/view/steps.ts'

export interface Counted {
  /** Of the sum, wall ms. */
  readonly at: number
  /** Counts since the sum before, by subject as in `history.ts`. */
  readonly countsOf: (subject: string) => Sparse
  /** Percentiles of what was counted recently, likewise. */
  readonly latencyOf: (subject: string) => Latency
}

export type Latency = Frame['totals']['latency']

/** `frames`: one at least. */
export function sumFrames(frames: readonly Frame[], counted: Counted): Frame {
  const [first] = frames
  if (first === undefined) throw new RangeError('a sum of no frames')
  return {
    at: counted.at,
    uptimeMs: Math.min(...frames.map(({ uptimeMs }) => uptimeMs)),
    phase: frames.find(({ phase }) => phase !== 'serving')?.phase ?? first.phase,
    shedding: frames.some(({ shedding }) => shedding),
    intervalMs: Math.min(...frames.map(({ intervalMs }) => intervalMs)),
    process: added(
      frames.map(({ process }) => process),
      ['residentBytes', 'cpuRatio'],
    ),
    totals: sumTotals(
      frames.map(({ totals }) => totals),
      counted.latencyOf(''),
    ),
    pools: grouped(
      frames.flatMap(({ pools }) => pools),
      ({ name }) => name,
    ).map((parts) => sumPools(parts, counted)),
    routes: grouped(
      frames.flatMap(({ routes }) => routes),
      ({ match, pool }) => `${pool} ${match}`,
    ).map(sumRoutes),
    // Of these each tells its own.
    certificates: null,
    generation: null,
    reload: null,
  }
}

/** Of everything, of a pool and of a backend. */
const counts = ['requestsPerSecond', 'errorsPerSecond', 'retriesPerSecond', 'inflight'] as const

const sumTotals = (parts: readonly Frame['totals'][], latency: Latency): Frame['totals'] => ({
  ...added(parts, [
    ...counts,
    'requests',
    'refusedPerSecond',
    'shedPerSecond',
    'connections',
    'tunnels',
    'bytesFromClientsPerSecond',
    'bytesToClientsPerSecond',
  ]),
  errorRatio: mean(parts, ({ errorRatio }) => errorRatio, rateOf),
  latency,
})

/** `parts`: pools of one name. */
function sumPools(parts: Parts<PoolFrame>, counted: Counted): PoolFrame {
  const [first] = parts
  const members = parts.flatMap(({ backends, requestsPerSecond }) =>
    backends.map((backend) => ({ ...backend, poolRate: requestsPerSecond })),
  )
  const backends = grouped(members, ({ id }) => id).map((same) =>
    sumBackends(same, subjectOf(first.name, same[0].id), counted),
  )
  return {
    name: first.name,
    strategy: sumStrategies(parts),
    ...added(parts, [...counts, 'waiting', 'queuedPerSecond', 'turnedAwayPerSecond']),
    errorRatio: mean(parts, ({ errorRatio }) => errorRatio, rateOf),
    maxInflight: boundOf(parts),
    // Without as many as are out where it is worst off: not each balancer has all of them.
    usable: backends.length - Math.max(...parts.map((one) => one.backends.length - one.usable)),
    degraded: parts.find(({ degraded }) => degraded !== null)?.degraded ?? null,
    deploy: parts.find(({ deploy }) => deploy)?.deploy ?? null,
    sourceAway: parts.find(({ sourceAway }) => sourceAway)?.sourceAway ?? null,
    latency: counted.latencyOf(first.name),
    backends,
  }
}

function sumStrategies(parts: Parts<PoolFrame>): PoolFrame['strategy'] {
  const strategies = parts.map(({ strategy }) => strategy)
  const [{ strategy: first }] = parts
  const told = strategies.find(({ lastFault }) => lastFault !== null) ?? first
  const reverted = strategies.find((one) => one.reverted)
  return {
    ...first,
    use: [...new Set(strategies.map(({ use }) => use))].join(', '),
    nsPerPick: highest(strategies.map(({ nsPerPick }) => nsPerPick)),
    swappedAt: highest(strategies.map(({ swappedAt }) => swappedAt)),
    faults: sum(strategies, ({ faults }) => faults),
    lastFault: told.lastFault,
    reverted: reverted !== undefined,
    revertedBecause: reverted?.revertedBecause ?? null,
  }
}

interface Member extends BackendFrame {
  /** Requests a second of its pool there. */
  readonly poolRate: number
}

/** `parts`: one backend, as each balancer sees it. */
function sumBackends(parts: Parts<Member>, subject: string, counted: Counted): BackendFrame {
  const { poolRate: _, ...worst } = parts.toSorted((one, other) => badness(other) - badness(one))[0] ?? parts[0]
  return {
    // State, since when, why and by whom: as where it is worst off.
    ...worst,
    ...added(parts, [...counts, 'errors']),
    weight: tidy(mean(parts, ({ weight }) => weight, once)),
    effectiveWeight: tidy(mean(parts, ({ effectiveWeight }) => effectiveWeight, once)),
    share: mean(parts, ({ share }) => share, poolRateOf),
    expectedShare: mean(parts, ({ expectedShare }) => expectedShare, poolRateOf),
    maxInflight: boundOf(parts),
    errorRatio: mean(parts, ({ errorRatio }) => errorRatio, endedAt),
    worstError: parts.toSorted((one, other) => other.errors - one.errors)[0]?.worstError ?? null,
    ewmaMs: ewmaOf(parts),
    latency: counted.latencyOf(subject),
    check: parts.map(({ check }) => check).toSorted((one, other) => (other?.at ?? 0) - (one?.at ?? 0))[0] ?? null,
    histogram: counted.countsOf(subject),
  }
}

/** Attempts that ended recently; where none failed, those that were answered are as many. */
const endedAt = ({ errors, errorRatio, latency }: BackendFrame): number =>
  errorRatio > 0 ? errors / errorRatio : (latency?.count ?? 0)

function ewmaOf(parts: Parts<Member>): number | null {
  const known = parts.filter(({ ewmaMs }) => ewmaMs !== null)
  return known.length === 0 ? null : mean(known, ({ ewmaMs }) => ewmaMs ?? 0, endedAt)
}

const sumRoutes = (parts: Parts<RouteFrame>): RouteFrame => ({
  ...parts[0],
  ...added(parts, ['requestsPerSecond', 'refusalsPerSecond']),
})

/** What is told of a backend that is in several states at once. */
const badness = ({ state, use }: BackendFrame): number =>
  ['healthy', 'unchecked', 'draining', 'unhealthy'].indexOf(state) * 2 + (use === 'used' ? 0 : 1)

/** Bounds add up where all have one. */
function boundOf(parts: readonly { readonly maxInflight: number | null }[]): number | null {
  const bounds = parts.flatMap(({ maxInflight }) => (typeof maxInflight === 'number' ? [maxInflight] : []))
  return bounds.length === parts.length ? sum(bounds, (one) => one) : null
}

type Parts<Part> = readonly [Part, ...Part[]]

/** In the order in which they first come. */
function grouped<Part>(parts: readonly Part[], nameOf: (part: Part) => string): readonly Parts<Part>[] {
  const groups = new Map<string, [Part, ...Part[]]>()
  for (const part of parts) {
    const group = groups.get(nameOf(part))
    if (group === undefined) groups.set(nameOf(part), [part])
    else group.push(part)
  }
  return [...groups.values()]
}

/** Older balancers leave some numbers out. */
const sum = <Part>(parts: readonly Part[], read: (part: Part) => number | undefined): number =>
  parts.reduce((total, part) => total + (read(part) ?? 0), 0)

/** What parts have under each of these keys, added up. */
const added = <Key extends string>(parts: readonly Readonly<Record<Key, number>>[], keys: readonly Key[]) =>
  Object.fromEntries(keys.map((key) => [key, sum(parts, (part) => part[key])])) as Record<Key, number>

/** Weighted; where nothing weighs anything, the plain mean. */
function mean<Part>(parts: readonly Part[], read: (part: Part) => number, weight: (part: Part) => number): number {
  const whole = sum(parts, weight)
  return whole > 0
    ? sum(parts, (part) => read(part) * weight(part)) / whole
    : sum(parts, read) / Math.max(1, parts.length)
}

const once = (): number => 1
const rateOf = ({ requestsPerSecond }: { readonly requestsPerSecond: number }): number => requestsPerSecond
const poolRateOf = ({ poolRate }: Member): number => poolRate

const tidy = (value: number): number => Number(value.toPrecision(6))

function highest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : Math.max(...known)
}
