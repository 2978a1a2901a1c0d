/**
 * Metrics in groups: those of a group are all told of the same things, of the process, of each pool, of each backend. A
 * group knows its metrics beforehand, so that the documentation can list them, and writes them a step at a time.
 */
import type { BucketCounts } from '../observe/buckets.ts'
import type { CounterSpecs, CountersOf, Family, Ledger } from '../observe/ledger.ts'
import {
  formatLabels,
  joinLabels,
  type Labels,
  type MetricHead,
  type MetricPage,
  type MetricType,
} from './prometheus.ts'

export interface MetricLabel {
  readonly name: string
  /** All there may be; absent: what the configuration has. */
  readonly values?: readonly string[]
}

/** A metric as the documentation lists it. */
export interface DescribedMetric extends MetricHead {
  /** That its samples have. */
  readonly labels: readonly MetricLabel[]
}

/** One metric of something; `labels`: those that its samples have beside their group's. */
export interface Metric<Source> extends DescribedMetric {
  /** The samples of one source, if there are any. */
  write(page: MetricPage, labels: string, source: Source): void
}

export interface MetricGroup<View> {
  /** What it may tell, with all labels. */
  readonly metrics: readonly DescribedMetric[]
  /** Yields after each bit of work, whether it came to a sample or not. */
  write(page: MetricPage, view: View): Generator<void, void>
}

export interface GroupSpec<View, Source> {
  /** By which the things are told apart; none: there is one of it. */
  readonly labels: readonly string[]
  /** In the order in which they are told, each with its labels; undefined: nothing here, but time passes. */
  readonly sources: (view: View) => Iterable<readonly [labels: Labels, source: Source] | undefined>
  readonly metrics: readonly Metric<Source>[]
}

export function group<View, Source>({ labels, sources, metrics }: GroupSpec<View, Source>): MetricGroup<View> {
  return {
    metrics: metrics.map(({ name, type, help, labels: own }) => ({
      name,
      type,
      help,
      labels: [...labels.map((label) => ({ name: label })), ...own],
    })),
    *write(page, view) {
      const labelled: { readonly labels: string; readonly source: Source }[] = []
      for (const found of sources(view)) {
        if (found !== undefined) labelled.push({ labels: formatLabels(found[0]), source: found[1] })
        yield
      }
      for (const metric of metrics) {
        page.metric(metric)
        for (const one of labelled) {
          metric.write(page, one.labels, one.source)
          yield
        }
      }
    },
  }
}

/** One sample of each source; `read` may leave one out. */
const single =
  (type: MetricType) =>
  <Source>(name: string, help: string, read: (source: Source) => number | undefined): Metric<Source> => ({
    name,
    type,
    help,
    labels: [],
    write(page, labels, source) {
      const value = read(source)
      if (value !== undefined) page.sample(labels, value)
    },
  })

export const gauge = single('gauge')
export const counter = single('counter')

/** 1 at each value of the label that holds, 0 at the others. `isTold`: false leaves the source out. */
export function flags<Source, Value extends string>(
  head: { readonly name: string; readonly help: string; readonly label: string; readonly values: readonly Value[] },
  holds: (source: Source, value: Value) => boolean,
  isTold: (source: Source) => boolean = () => true,
): Metric<Source> {
  const { name, help, label, values } = head
  const texts = values.map((value) => ({ value, own: formatLabels({ [label]: value }) }))
  return {
    name,
    type: 'gauge',
    help,
    labels: [{ name: label, values }],
    write(page, labels, source) {
      if (!isTold(source)) return
      for (const { value, own } of texts) page.sample(joinLabels(labels, own), Number(holds(source, value)))
    },
  }
}

/** Of times; a source that has none yet is left out: ten thousand idle ones would cost 190,000 lines of zeros. */
export const histogram = <Source>(
  name: string,
  help: string,
  read: (source: Source) => BucketCounts | undefined,
): Metric<Source> => ({
  name,
  type: 'histogram',
  help,
  labels: [],
  write(page, labels, source) {
    const counts = read(source)
    if (counts !== undefined) page.histogram(labels, counts)
  },
})

/** All metrics of a ledger. */
export function ledgerMetrics<Specs extends CounterSpecs, Source>(
  { families }: Ledger<Specs>,
  read: (source: Source) => Readonly<CountersOf<Specs>>,
): readonly Metric<Source>[] {
  return families.map(({ name, type, help, samples }) => {
    const texts = samples.map(({ key, label }) => ({ key, own: label ? formatLabels({ [label[0]]: label[1] }) : '' }))
    return {
      name: `smartedge_${name}`,
      type,
      help,
      labels: labelsOf(samples),
      write(page, of, source) {
        const counters = read(source)
        for (const { key, own } of texts) page.sample(joinLabels(of, own), counters[key])
      },
    }
  })
}

/** The counters of a family have one label at most. */
function labelsOf(samples: Family<string>['samples']): readonly MetricLabel[] {
  const labels = samples.flatMap(({ label }) => (label ? [label] : []))
  const [name] = labels[0] ?? []
  return name === undefined ? [] : [{ name, values: labels.map(([, value]) => value) }]
}
