/** What is told of each route: what became of its requests, and how long they took. */
import { classIndex, type ClassCounts, methodClasses, statusClasses } from '../observe/route-traffic.ts'
import { counter, group, histogram, type MetricGroup } from './metric-group.ts'
import { formatLabels, joinLabels, type Labels } from './prometheus.ts'
import { uniqueNames } from './unique-names.ts'
import type { EdgeView, RouteView } from './view.ts'

interface Edges {
  readonly edge: EdgeView
}

const labelNames = ['route', 'pool']

/** By the names that limits of routes have, too. A rule in words leaves its secrets out, so that two may be told alike. */
function labelled({ edge }: Edges): (readonly [labels: Labels, route: RouteView])[] {
  const nameOf = uniqueNames()
  return (edge.routes ?? []).map((route) => {
    const { match, pool } = route
    return [{ route: nameOf(`${match} to ${pool}`), pool }, route]
  })
}

export const routeGroup: MetricGroup<Edges> = group<Edges, RouteView>({
  labels: labelNames,
  sources: labelled,
  metrics: [
    counter('smartedge_route_refused_total', 'Requests that a rule of the route refused.', (r) => r.refused),
    histogram(
      'smartedge_route_request_duration_seconds',
      'From the head of a request to the end of its answer, tunnels left out.',
      (r) => r.traffic?.durations,
    ),
  ],
})

/** One for each that has answered a request, which are few where most are idle. */
function* answers(view: Edges): Generator<readonly [labels: Labels, counts: ClassCounts] | undefined> {
  const pools = new Map(view.edge.pools.map(({ name, backends }) => [name, backends]))
  for (const [labels, { pool, traffic }] of labelled(view)) {
    const own = traffic?.of(undefined)
    if (own !== undefined) yield [{ ...labels, backend: '' }, own]
    for (const backend of pools.get(pool) ?? []) {
      const counts = traffic?.of(backend)
      yield counts && [{ ...labels, backend: backend.id }, counts]
    }
  }
}

/** Told once there are some; the others with the first of any of their method, so that a rate sees the first of them. */
const rare: ReadonlySet<string> = new Set<(typeof statusClasses)[number]>(['none', '1xx'])

const methods = methodClasses.map((method, row) =>
  statusClasses.map((status, column) => ({
    index: classIndex(row, column),
    own: formatLabels({ method, class: status }),
    isUsual: !rare.has(status),
  })),
)

export const answerGroup: MetricGroup<Edges> = group({
  labels: [...labelNames, 'backend'],
  sources: answers,
  metrics: [
    {
      name: 'smartedge_route_requests_total',
      type: 'counter',
      help: 'Requests by what became of them; no backend: an answer of our own; class none: the client left.',
      labels: [
        { name: 'method', values: methodClasses },
        { name: 'class', values: statusClasses },
      ],
      write(page, labels, counts) {
        for (const classes of methods) {
          if (!classes.some(({ index }) => (counts[index] ?? 0) > 0)) continue
          for (const { index, own, isUsual } of classes) {
            const count = counts[index] ?? 0
            if (isUsual || count > 0) page.sample(joinLabels(labels, own), count)
          }
        }
      },
    },
  ],
})
