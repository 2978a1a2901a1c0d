/** A request to the admin API without a socket, as its routes take it. */
import type { AdminRequest } from '../../core/admin/request.ts'

export interface AdminRequestOptions {
  readonly method?: string
  /** By lower-case name. */
  readonly headers?: Readonly<Record<string, string>>
  /** Announced when it is there, be it empty. */
  readonly body?: string | Uint8Array
}

/** `target`: a path, perhaps with a query. */
export function adminRequest(target: string, options: AdminRequestOptions = {}): AdminRequest {
  const { method = 'GET', headers = {}, body } = options
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : (body ?? new Uint8Array())
  return {
    method,
    path: target.replace(/\?.*$/s, ''),
    query: /\?(.*)$/s.exec(target)?.[1],
    hasBody: body !== undefined,
    field: (name) => headers[name],
    readBody: (maxBytes) => Promise.resolve(bytes.length > maxBytes ? { kind: 'too-large' } : { kind: 'bytes', bytes }),
  }
}
