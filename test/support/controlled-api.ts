/** The admin API over a controller on real files, and a way to ask it; everything is taken away behind each test. */
import { afterEach } from 'bun:test'
import type { Access } from '../../core/admin/access.ts'
import { createAdminHandler } from '../../core/admin/routes.ts'
import { fakeAdminSource } from './admin-source.ts'
import { controlled, type Controlled } from './controlled.ts'

/** What they hold at the beginning. */
export const files = {
  'edge.json': '{ "pools": { "web": { "backends": { "file": "m.json" } } } }',
  'm.json': '{ "backends": ["http://a", { "url": "unix:/run/b.sock", "zone": "eu" }] }',
}

export interface ControlledApi extends Controlled {
  /** `body`: a text as it is, anything else as JSON. */
  readonly ask: (
    method: string,
    url: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Response>
}

const running = new Set<Controlled>()
afterEach(() => {
  for (const one of running) one.end()
  running.clear()
})

export async function controlledApi(access: Access = { kind: 'open' }): Promise<ControlledApi> {
  const one = await controlled(files)
  running.add(one)
  const source = fakeAdminSource({ config: () => one.edge.config, control: one.controller })
  const handler = createAdminHandler({ access: () => access, source })
  const ask: ControlledApi['ask'] = (method, url, body, headers = {}) =>
    handler(
      new Request(`http://localhost:9900${url}`, {
        method,
        headers: { host: 'localhost:9900', 'content-type': 'application/json', ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
      '127.0.0.1',
    )
  return { ...one, ask }
}
