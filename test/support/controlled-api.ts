/** The admin API over a controller on real files, and a way to ask it. */
import type { Access } from '../../core/admin/access.ts'
import { createAdminHandler } from '../../core/admin/routes.ts'
import { adminRequest } from './admin-request.ts'
import { fakeAdminSource } from './admin-source.ts'
import { controlled, type Controlled } from './controlled.ts'

/** What they hold at the beginning. */
export const files = {
  'edge.json': '{ "pools": { "web": { "backends": { "file": "m.json" } } } }',
  'm.json': '{ "backends": ["http://a", { "url": "unix:/run/b.sock", "zone": "eu" }] }',
}

export interface ControlledApi extends Controlled {
  /** `body`: a text as it is, anything else as JSON. */
  readonly ask: (method: string, url: string, body?: unknown, headers?: Headers) => Promise<Response>
  /** With these headers alone, besides the Host. */
  readonly askAs: (headers: Headers, method: string, url: string, body?: unknown) => Promise<Response>
}

type Headers = Readonly<Record<string, string>>

export async function controlledApi(access: Access = { kind: 'open' }): Promise<ControlledApi> {
  const one = await controlled(files)
  const source = fakeAdminSource({ config: () => one.edge.config, control: one.controller })
  const handler = createAdminHandler({ access: () => access, source })
  const askAs: ControlledApi['askAs'] = (headers, method, url, body) =>
    handler(
      adminRequest(url, {
        method,
        headers: { host: 'localhost:9900', ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
      '127.0.0.1',
    )
  const ask: ControlledApi['ask'] = (method, url, body, headers) =>
    askAs({ 'content-type': 'application/json', ...headers }, method, url, body)
  return { ...one, ask, askAs }
}
