/** An admin source that serves fixed answers, each of them overridable. */
import type { AdminSource } from '../../core/admin/source.ts'
import type { StatusSnapshot } from '../../core/report/snapshot.ts'
import type { Config } from '../../core/config/config.ts'
import { Secret } from '../../core/secrets.ts'
import { buildSnapshot } from '../../core/report/snapshot.ts'
import { fakeBackend, fakeEdge, fakeProcess } from './edge-view.ts'
import { virtualClock } from './virtual-clock.ts'

const config = { admin: { token: new Secret('hunter2') }, shutdownTimeoutMs: 30_000, pools: [] } as unknown as Config

export const fakeAdminSource = (overrides: Partial<AdminSource> = {}): AdminSource => ({
  status: () => buildSnapshot(fakeEdge([fakeBackend()]), fakeProcess, virtualClock()),
  backends: (pool) => (pool === 'web' ? [fakeBackend()] : []),
  metrics: async () => ['metric 1\n', '', 'metric 2\n'].values(),
  ready: () => ({ kind: 'ready' }),
  config: () => config,
  routes: () => [{ match: 'a.example/*', whole: 'a.example/* to web' }],
  events: () => new Response('event: hello\ndata: {}\n\n', { headers: { 'content-type': 'text/event-stream' } }),
  ...overrides,
})

/** Any text as an answer whose length is known beforehand. */
export const asStatus = (text: string): StatusSnapshot => text as unknown as StatusSnapshot
