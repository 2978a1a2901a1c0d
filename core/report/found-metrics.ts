/** Metrics of what is found outside: members by their sources, routes by who adds them. */
import { sourceLedger } from '../observe/counters.ts'
import { gauge, group, ledgerMetrics, type MetricGroup } from './metric-group.ts'
import { uniqueNames } from './unique-names.ts'
import type { EdgeView, ProviderView, SourceView } from './view.ts'

interface Edges {
  readonly edge: EdgeView
}

/** Of sources of members. */
export const sourceGroup: MetricGroup<Edges> = group<Edges, SourceView>({
  labels: ['pool', 'source'],
  *sources({ edge }) {
    for (const { name: pool, sources = [] } of edge.pools) {
      const nameOf = uniqueNames()
      for (const source of sources) yield [{ pool, source: nameOf(source.name) }, source]
    }
  },
  metrics: [
    gauge('smartedge_discovery_members', 'Members that the source has found.', (s) => s.members),
    gauge('smartedge_discovery_away', '1 while the source cannot be had, or lists nobody.', (s) =>
      Number(s.presence.kind === 'away'),
    ),
    gauge(
      'smartedge_discovery_age_seconds',
      'How long ago its members were last known to be what it lists, while it is away; else 0.',
      (s) => s.ageMs / 1000,
    ),
    gauge('smartedge_discovery_skipped', 'Entries of its newest list that are left out.', (s) => s.skipped.count),
    gauge('smartedge_discovery_held', '1 while a list that has lost more than half is held back.', (s) =>
      Number(s.heldBack !== undefined),
    ),
    ...ledgerMetrics(sourceLedger, (s: SourceView) => s.counters),
  ],
})

/** Of whoever adds routes and pools. */
export const providerGroup: MetricGroup<Edges> = group<Edges, ProviderView>({
  labels: ['provider'],
  *sources({ edge: { providers = [] } }) {
    const nameOf = uniqueNames()
    for (const provider of providers) yield [{ provider: nameOf(provider.name) }, provider]
  },
  metrics: [
    gauge('smartedge_provider_routes', 'Routes that it adds to those of the configuration.', (p) => p.routes),
    gauge('smartedge_provider_away', '1 while it cannot be had, and its routes stay as they were.', (p) =>
      Number(p.presence.kind === 'away'),
    ),
    gauge('smartedge_provider_skipped', 'Entries of its newest list that are left out.', (p) => p.skipped.length),
  ],
})
