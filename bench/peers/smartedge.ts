/** SmartEdge itself, started as a user starts it: one process, one listener, no admin API. */
import { join } from 'node:path'
import { ownCommand } from '../../cli/process/own-command.ts'
import type { Job, JobTls, Launch, Peer, Safeguards } from './peer.ts'

const manifest = join(import.meta.dirname, '..', '..', 'package.json')

const launch = (job: Job, strategy?: string, transport?: 'bun'): Launch => ({
  command: ownCommand('run', '-c', join(job.directory, 'smartedge.config.json')),
  files: { 'smartedge.config.json': renderSmartedge(job, strategy, transport) },
})

/** With the strategy of that name, or the plugin file at that absolute path, called `label`; undefined: the default. */
export const createSmartedge = (strategy?: string, label = strategy): Peer => ({
  name: label === undefined ? 'smartedge' : `smartedge:${label}`,
  install: 'part of SmartEdge',
  version: () => `${String(require(manifest).version)} on Bun ${Bun.version}`,
  launch: (job) => launch(job, strategy),
})

/** The same on Bun's sockets, which it falls back on where its own cannot be had. */
export const smartedgeOnBun: Peer = {
  ...createSmartedge(),
  name: 'smartedge-bun',
  launch: (job) => launch(job, undefined, 'bun'),
}

export function renderSmartedge(job: Job, strategy?: string, transport?: 'bun'): string {
  const backends = job.backendPorts.map((port, index) => ({
    url: `${job.backendTls ? 'https' : 'http'}://127.0.0.1:${port}`,
    weight: job.weights?.[index] ?? 1,
    ...(job.safeguards?.room && { maxInflight: job.safeguards.room.maxInflight }),
  }))
  const config = {
    listeners: {
      web: {
        address: `127.0.0.1:${job.port}`,
        ...(job.mode === 'tcp' && { mode: 'tcp', pool: 'web' }),
        ...(job.tls && { tls: tlsWith(job.tls) }),
        ...(job.http2 && { http2: true }),
      },
    },
    admin: false,
    ...(transport && { transport }),
    ...(job.safeguards && { routes: [routeWith(job.safeguards)] }),
    pools: {
      web: {
        backends,
        // As many as nginx is given: with the default, every other request of 1,000 clients at once opens a connection.
        maxIdleConnections: 1024,
        ...(strategy === undefined ? {} : { strategy, affinity: 'query:id' }),
        ...(job.http2 === 'both' && { protocol: 'h2c' }),
        ...(job.backendTls && { tls: { ca: job.backendTls.cert } }),
        ...(job.safeguards && poolWith(job.safeguards)),
      },
    },
  }
  return `${JSON.stringify(config, undefined, 2)}\n`
}

const tlsWith = ({ cert, key }: JobTls) => ({ certificates: [{ cert, key }] })

const routeWith = ({ tryMs, hedge }: Safeguards) => ({
  pool: 'web',
  timeouts: { request: '5s', try: `${tryMs}ms` },
  ...(hedge && { hedge: {} }),
})

/** By the defaults, but for what the safeguards say. */
const poolWith = ({ slowMs, room }: Safeguards) => ({
  retry: { attempts: 3, statuses: [502, 503, 504] },
  health: { check: 'tcp', interval: '500ms' },
  breaker: slowMs === undefined ? {} : { slowCalls: { latency: `${slowMs}ms` } },
  ejection: {},
  slowStart: {},
  ...(room && { queue: { length: room.queueLength, timeout: `${room.queueMs}ms` } }),
})
