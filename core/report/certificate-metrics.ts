/** What is told of the certificates that listeners have. */
import { gauge, group, type MetricGroup } from './metric-group.ts'
import { uniqueNames } from './unique-names.ts'
import type { CertificateView, EdgeView } from './view.ts'

interface Edges {
  readonly edge: EdgeView
}

export const certificateGroup: MetricGroup<Edges> = group<Edges, CertificateView>({
  labels: ['listener', 'name', 'kind'],
  *sources({ edge }) {
    for (const { name: listener, certificates = [] } of edge.listeners) {
      const nameOf = uniqueNames()
      for (const certificate of certificates) {
        const { kind, fingerprint } = certificate
        yield [{ listener, name: nameOf(certificate.names[0] ?? fingerprint, kind), kind }, certificate]
      }
    }
  },
  metrics: [
    gauge(
      'smartedge_certificate_not_after_timestamp_seconds',
      'When the certificate ends, since 1970-01-01 UTC; `name`: the first that it is for.',
      (c) => c.notAfter / 1000,
    ),
  ],
})
