/** Where the API server of a cluster is asked, and as whom: as the config says, or as Kubernetes tells those that run in it. */
import type { KubernetesPolicy, TlsFiles } from './policy.ts'
import type { ReadPem } from './service.ts'

/** What the config says of it. */
export type ApiServer = Pick<KubernetesPolicy, 'address' | 'namespace' | 'bearerFile' | 'tls'>

export interface Cluster {
  readonly url: string
  readonly namespace: string
  /** As it is now: Kubernetes writes another into its file every hour. */
  readonly token: string | undefined
  readonly tls: TlsFiles | undefined
}

/** Where each pod finds its account. */
const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

export function findCluster(
  { address, namespace, bearerFile, tls }: ApiServer,
  { clusterUrl, readPem }: { readonly clusterUrl: string | undefined; readonly readPem: ReadPem },
): { readonly kind: 'cluster'; readonly cluster: Cluster } | { readonly kind: 'fault'; readonly reason: string } {
  const url = address ?? clusterUrl
  if (url === undefined) return { kind: 'fault', reason: 'is not where SmartEdge runs: address has to say where it is' }
  const isOwn = address === undefined
  const file = bearerFile ?? (isOwn ? `${ACCOUNT}/token` : undefined)
  const token = file === undefined ? undefined : readPem(file)?.trim()
  if (file !== undefined && (token === undefined || !/^[!-~]+$/.test(token)))
    return { kind: 'fault', reason: `${file} holds no token` }
  return {
    kind: 'cluster',
    cluster: {
      url,
      token,
      namespace: namespace ?? (isOwn ? readPem(`${ACCOUNT}/namespace`)?.trim() : undefined) ?? 'default',
      tls: tls ?? (isOwn ? { ca: `${ACCOUNT}/ca.crt`, cert: undefined, key: undefined } : undefined),
    },
  }
}

/** Kubernetes tells each pod where the API server is. */
export function clusterUrlOf(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = env
  if (host === '') return undefined
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`
}
