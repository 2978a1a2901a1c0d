/** What is told of a configuration that comes from a source: whether it can be had, and what of it is in force here. */
import type { FleetStatus } from './fleet-status.ts'
import { gauge, group, type MetricGroup } from './metric-group.ts'
import type { EdgeView } from './view.ts'

export const fleetGroup: MetricGroup<{ readonly edge: EdgeView }> = group<{ readonly edge: EdgeView }, FleetStatus>({
  labels: [],
  sources: ({ edge }) => (edge.fleet === undefined ? [] : [[{}, edge.fleet]]),
  metrics: [
    gauge('smartedge_config_source_up', '0 while the source of the configuration cannot be had.', (f) =>
      Number(f.presence !== 'away'),
    ),
    gauge('smartedge_config_refused', '1 while what the source holds is refused here.', (f) =>
      Number(f.state === 'refused'),
    ),
    gauge(
      'smartedge_config_source_generation',
      'Number of the generation of the source that is in force here.',
      (f) => f.generation ?? undefined,
    ),
  ],
})
