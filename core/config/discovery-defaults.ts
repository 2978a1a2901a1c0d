/** The defaults of `discovery`. Part of `defaults.ts`'s table, under the same rules. */
import type { Setting, TextSetting } from './setting.ts'

const second = 1000
const minute = 60 * second

export const discoveryDefaults = {
  'pool.discovery.guard': {
    unit: 'ms',
    value: 30 * second,
    min: second,
    max: 60 * minute,
    reason:
      'Outlasts a registry that restarts half empty; whoever has really gone is found out by connects and checks meanwhile.',
  },
  'pool.discovery.consul.address': {
    value: 'http://127.0.0.1:8500',
    reason: 'Where the agent of the same machine listens.',
  },
  'pool.discovery.consul.read': {
    value: 'default',
    reason: 'Consul’s own: from the leader, without a question to the others.',
  },
  'pool.discovery.dns.records': {
    value: 'addresses',
    reason: 'What most names have: containers, services and machines are found by their addresses.',
  },
  'pool.discovery.dns.port': {
    unit: 'count',
    value: 80,
    min: 1,
    max: 65_535,
    reason: 'That of HTTP, as for a backend’s URL without one.',
  },
  'pool.discovery.dns.family': {
    value: 'auto',
    reason: 'Two addresses of one host would give it twice its share.',
  },
  'pool.discovery.docker.host': {
    value: 'unix:///var/run/docker.sock',
    reason: 'Where Docker listens on every machine; Podman does at `unix:///run/podman/podman.sock`.',
  },
  'providers.keep': {
    unit: 'ms',
    value: 30 * second,
    min: second,
    max: 60 * minute,
    reason: 'Outlasts a container that is replaced by a newer one; meanwhile its requests get 502 or 503, not 404.',
  },
  'providers.kubernetes.ingressClass': {
    value: 'smartedge',
    reason: 'What an IngressClass for SmartEdge would be called.',
  },
  'pool.discovery.http.interval': {
    unit: 'ms',
    value: 500,
    min: 100,
    max: 60 * minute,
    reason: 'Who is new takes traffic within a second; answered by 304 a question costs next to nothing.',
  },
  'pool.discovery.http.hold': {
    unit: 'ms',
    value: undefined,
    min: second,
    max: 10 * minute,
    reason: 'Few servers hold answers back, and one that does not is asked as often all the same.',
  },
} as const satisfies Readonly<Record<string, Setting | TextSetting>>
