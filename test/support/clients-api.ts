/** The admin API over a client store in a file of its own, and a way to ask it. */
import { join } from 'node:path'
import type { Access } from '../../core/admin/access.ts'
import { createAdminHandler } from '../../core/admin/routes.ts'
import { systemClock } from '../../core/clock.ts'
import type { ClientStore } from '../../core/clients/contract.ts'
import { sqliteDatabase } from '../../core/clients/store-sqlite.ts'
import { adminRequest } from './admin-request.ts'
import { fakeAdminSource } from './admin-source.ts'
import { type Node, startNode } from './client-node.ts'
import { temporaryFolder } from './temporary-folder.ts'

type Fields = Readonly<Record<string, string>>

export interface ClientsApi extends Node {
  /** `body`: text and bytes as they are, anything else as JSON. */
  readonly ask: (method: string, url: string, body?: unknown, fields?: Fields) => Promise<Response>
}

export interface ClientsApiOptions {
  /** Absent: one of its own. */
  readonly file?: string
  readonly access?: Access
  /** What the API is to see in place of the store. */
  readonly over?: (store: ClientStore) => ClientStore
}

/** Another node of those that share the file, where one is named. It ends behind the test. */
export const nodeOn = (file = join(temporaryFolder(), 'clients.sqlite')): Promise<Node> =>
  startNode(sqliteDatabase(file, systemClock))

export async function clientsApi(options: ClientsApiOptions = {}): Promise<ClientsApi> {
  const { access = { kind: 'open' }, over = (store: ClientStore) => store } = options
  const node = await nodeOn(options.file)
  const handler = createAdminHandler({
    access: () => access,
    source: fakeAdminSource({ clients: over(node.store) }),
  })
  const ask: ClientsApi['ask'] = (method, url, body, fields = {}) =>
    handler(
      adminRequest(url, {
        method,
        headers: { host: 'localhost:9900', 'content-type': 'application/json', ...fields },
        ...(body !== undefined && { body: isWritten(body) ? body : JSON.stringify(body) }),
      }),
      '127.0.0.1',
    )
  return { ...node, ask }
}

const isWritten = (body: unknown): body is string | Uint8Array => typeof body === 'string' || body instanceof Uint8Array
