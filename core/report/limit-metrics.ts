/** What is told of each limit of a route or pool. */
import { limitLedger } from '../observe/counters.ts'
import { counter, gauge, group, ledgerMetrics, type MetricGroup } from './metric-group.ts'
import type { Labels } from './prometheus.ts'
import { uniqueNames } from './unique-names.ts'
import type { EdgeView, LimitView } from './view.ts'

interface Edges {
  readonly edge: EdgeView
}

export const limitGroup: MetricGroup<Edges> = group<Edges, LimitView>({
  // One of the first two.
  labels: ['route', 'pool', 'limit'],
  *sources({ edge: { limits = [] } }) {
    const nameOf = uniqueNames()
    for (const limit of limits) {
      const { kind, name } = limit.owner
      const labels: Labels = { [kind]: nameOf(name, `${limit.name} ${kind}`), limit: limit.name }
      yield [labels, limit]
    }
  },
  metrics: [
    gauge(
      'smartedge_limit_keys',
      'Addresses, clients or whatever the limit counts by, that something is held of.',
      (l) => l.keys,
    ),
    counter(
      'smartedge_limit_evictions_total',
      'Those forgotten for want of room that had used something up.',
      (l) => l.evicted,
    ),
    ...ledgerMetrics(limitLedger, (l: LimitView) => l.counters),
  ],
})
