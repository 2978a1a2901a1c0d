/** From samples of single rounds to one row for each contestant: medians, spreads, ratios to the yardstick. Pure. */
import { isTotal, type MetricName, metrics } from './metric.ts'
import type { CurvePoint, Sample } from './scenario.ts'
import { type Interval, median, medianInterval, ratio, type Summary, summarize } from './stats.ts'

export interface Row {
  readonly scenario: string
  readonly variant: string
  readonly contestant: string
  readonly values: Partial<Readonly<Record<MetricName, Summary>>>
  /**
   * Over the yardstick's, in the same scenario and variant; for metrics that compare. With enough rounds the median of
   * the ratios round by round, else the ratio of the medians.
   */
  readonly ratios: Partial<Readonly<Record<MetricName, number>>>
  /** Of the ratios round by round, where there are enough rounds. */
  readonly intervals: Partial<Readonly<Record<MetricName, Interval>>>
  /** Why none of its rounds is to be trusted; empty when at least one is. */
  readonly flaws: readonly string[]
  /** Why other rounds were left out of it; a machine is rarely quiet all the time. */
  readonly leftOut: readonly string[]
  readonly curve: readonly CurvePoint[]
}

/** Whom everybody is compared with. */
const yardstick = 'nginx'

const names = Object.keys(metrics) as MetricName[]

/** Rows in the order in which their first samples came. */
export function summarizeSamples(samples: readonly Sample[]): readonly Row[] {
  const groups = Object.values(Object.groupBy(samples, groupKey)).filter((group) => group !== undefined)
  const rows = groups.map(summarizeGroup)
  return rows.map((row, index) => {
    const reference = findYardstick(rows, row)
    const pairs = reference && row.contestant !== yardstick && pairUp(groups[index], groups[rows.indexOf(reference)])
    const paired = pairs ? pairedRatios(pairs) : { ratios: {}, intervals: {} }
    return { ...row, intervals: paired.intervals, ratios: { ...ratiosTo(reference, row), ...paired.ratios } }
  })
}

type Pair = readonly [own: Sample, reference: Sample]

/** Round by round; samples come in the order of their rounds. */
const pairUp = (own: readonly Sample[] = [], reference: readonly Sample[] = []): readonly Pair[] =>
  own.flatMap((sample, round): Pair[] => {
    const other = reference[round]
    return other === undefined ? [] : [[sample, other]]
  })

/** A machine that drifts drifts for both of a pair, so that their ratio holds where neither figure does. */
function pairedRatios(pairs: readonly Pair[]): Pick<Row, 'ratios' | 'intervals'> {
  const ratios: Partial<Record<MetricName, number>> = {}
  const intervals: Partial<Record<MetricName, Interval>> = {}
  for (const name of names) {
    if (!metrics[name].compares) continue
    const sound = pairs.filter((pair) => name === 'cpuUs' || pair.every(({ flaws }) => flaws.length === 0))
    const values = sound.flatMap(([own, reference]) => ratio(own.values[name], reference.values[name]) ?? [])
    const interval = medianInterval(values)
    if (interval === undefined) continue
    ratios[name] = median(values)
    intervals[name] = interval
  }
  return { ratios, intervals }
}

const groupKey = ({ scenario, variant, contestant }: Sample): string => JSON.stringify([scenario, variant, contestant])

function summarizeGroup(group: readonly Sample[]): Row {
  const [first] = group
  const clean = group.filter((sample) => sample.flaws.length === 0)
  const trusted = clean.length > 0 ? clean : group
  const values = names.flatMap((name) => {
    // A failure is a failure, in whatever round.
    const summary = summarizeMetric(name, isTotal(name) ? group : trusted)
    return summary === undefined ? [] : [[name, summary] as const]
  })
  return {
    scenario: first?.scenario ?? '',
    variant: first?.variant ?? '',
    contestant: first?.contestant ?? '',
    values: Object.fromEntries(values),
    ratios: {},
    intervals: {},
    flaws: clean.length > 0 ? [] : countFlaws(group),
    leftOut: clean.length > 0 ? countFlaws(group) : [],
    curve: medianCurve(trusted.map((sample) => sample.curve).filter((curve) => curve.length > 0)),
  }
}

function summarizeMetric(name: MetricName, group: readonly Sample[]): Summary | undefined {
  const values = group.flatMap((sample) => sample.values[name] ?? [])
  const summary = summarize(values)
  return summary !== undefined && isTotal(name)
    ? { ...summary, median: values.reduce((sum, each) => sum + each, 0) }
    : summary
}

/** Each flaw once, without its figures, and in how many rounds it was seen. */
function countFlaws(group: readonly Sample[]): readonly string[] {
  const seen = Object.groupBy(
    group.flatMap((sample) => sample.flaws),
    (flaw) => flaw.replaceAll(/[\d.]+/g, '#'),
  )
  return Object.values(seen).flatMap((flaws) =>
    flaws === undefined ? [] : [`${flaws[0]} (${flaws.length} of ${group.length} rounds)`],
  )
}

/** Point by point, over the percentiles that every round has. */
function medianCurve(curves: readonly (readonly CurvePoint[])[]): readonly CurvePoint[] {
  const [first = []] = curves
  return first.flatMap(({ percent }) => {
    const values = curves.flatMap((curve) => curve.find((point) => point.percent === percent)?.us ?? [])
    return values.length === curves.length ? [{ percent, us: median(values) }] : []
  })
}

function findYardstick(rows: readonly Row[], { scenario, variant }: Row): Row | undefined {
  return rows.find((row) => row.scenario === scenario && row.variant === variant && row.contestant === yardstick)
}

/** Speeds and latencies of a disturbed row compare with nothing; CPU time is booked by process, and suffers little. */
function ratiosTo(reference: Row | undefined, row: Row): Row['ratios'] {
  const isTrusted = row.flaws.length === 0 && reference?.flaws.length === 0
  const known = names.flatMap((name) => {
    const value =
      metrics[name].compares && (isTrusted || name === 'cpuUs')
        ? ratio(row.values[name]?.median, reference?.values[name]?.median)
        : undefined
    return value === undefined ? [] : [[name, value] as const]
  })
  return Object.fromEntries(known)
}
