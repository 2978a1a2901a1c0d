/**
 * Caddy: one Go thread, no log, no admin API. It writes Via and X-Forwarded-* of its own accord. Against its defaults it
 * tries another backend when one cannot be reached, and leaves that one alone for ten seconds, as nginx does.
 */
import { firstLine, type Job, type Peer } from './peer.ts'

export const caddy: Peer = {
  name: 'caddy',
  install: 'apt-get install caddy',
  version: () => firstLine(['caddy', 'version'])?.split(' ')[0],
  launch: (job) => ({
    command: ['caddy', 'run', '--config', 'Caddyfile', '--adapter', 'caddyfile'],
    files: { Caddyfile: renderCaddyfile(job) },
    env: { GOMAXPROCS: '1', XDG_DATA_HOME: job.directory, XDG_CONFIG_HOME: job.directory },
  }),
}

export function renderCaddyfile(job: Job): string {
  const policy = job.weights === undefined ? 'round_robin' : `weighted_round_robin ${job.weights.join(' ')}`
  return `{
  admin off
  auto_https off
  log {
    level ERROR
  }
}
http://127.0.0.1:${job.port}, http://localhost:${job.port} {
  bind 127.0.0.1
  reverse_proxy ${job.backendPorts.map((port) => `127.0.0.1:${port}`).join(' ')} {
    lb_policy ${policy}
    lb_retries 1
    fail_duration 10s
    transport http {
      keepalive_idle_conns_per_host 1024
    }
    header_up X-Request-Id {http.request.uuid}
  }
}
`
}
