/** Traefik: one Go thread, no access log, no API, its answers to version checks and statistics switched off. */
import { firstLine, type Job, type Peer } from './peer.ts'

export const traefik: Peer = {
  name: 'traefik',
  install: 'https://github.com/traefik/traefik/releases (Debian has no package)',
  version: () => firstLine(['traefik', 'version'])?.replace(/^Version: */, ''),
  launch: (job) => ({
    command: ['traefik', '--configfile=traefik.json'],
    files: { 'traefik.json': renderTraefik(job), 'routes.json': renderRoutes(job) },
    env: { GOMAXPROCS: '1' },
  }),
}

/** The static half. JSON is YAML. */
export function renderTraefik(job: Job): string {
  return `${JSON.stringify({
    global: { checkNewVersion: false, sendAnonymousUsage: false },
    entryPoints: { web: { address: `127.0.0.1:${job.port}` } },
    providers: { file: { filename: 'routes.json' } },
    serversTransport: { maxIdleConnsPerHost: 1024 },
    log: { level: 'ERROR' },
  })}\n`
}

/** The dynamic half. */
export function renderRoutes(job: Job): string {
  const servers = job.backendPorts.map((port) => ({ url: `http://127.0.0.1:${port}` }))
  return `${JSON.stringify({
    http: {
      routers: { all: { rule: 'PathPrefix(`/`)', service: 'backends' } },
      services: { backends: { loadBalancer: { servers } } },
    },
  })}\n`
}
