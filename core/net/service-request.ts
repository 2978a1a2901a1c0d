/**
 * One request to a service that is no backend, by Bun's fetch, which speaks TLS and keeps connections; it refuses heads that
 * are no HTTP, swallows 1xx and asks once more where a kept connection had died. Redirects are not followed, nothing is
 * decompressed.
 */

/** Bun's fetch leaves further ones out, and says nothing: 250 or so, with those that it adds itself. */
const MAX_FIELDS = 200

export interface ServiceRequest {
  /** Absolute, http or https. */
  readonly url: string
  /** Each name once; values one character a byte. At most `MAX_FIELDS`. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** Sent in UTF-8, its type being for `fields` to say; absent: it is a GET. */
  readonly body?: string
  /** Of what has a body; absent: POST. */
  readonly method?: 'POST' | 'PUT'
  /** A Unix socket to connect to, in place of the URL's host and port. */
  readonly socketPath?: string | undefined
  /** For https; absent: whom the system trusts, and no certificate of our own. */
  readonly tls?: ServiceTls | undefined
}

/** Texts in PEM. */
export interface ServiceTls {
  /** Trusted in place of the system's. */
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/** Resolves with the head; rejects with whatever Bun says, or once `signal` says so. Knows no timeout of its own. */
export function request(
  { url, fields, body, method = 'POST', socketPath, tls }: ServiceRequest,
  signal: AbortSignal,
): Promise<Response> {
  if (fields.length > MAX_FIELDS) throw new Error(`a request may have at most ${MAX_FIELDS} fields`)
  const headers = fields.map(([name, value]): [string, string] => [name, value])
  const post = body === undefined ? {} : { method, body }
  const unix = socketPath === undefined ? {} : { unix: socketPath }
  const trust = tls === undefined ? {} : { tls: present(tls) }
  const ours = { headers, signal, redirect: 'manual', decompress: false, timeout: false } as const
  return fetch(url, { ...post, ...unix, ...trust, ...ours })
}

/** Bun takes a key without a value for one that makes no sense. */
const present = (tls: ServiceTls): BunFetchRequestInitTLS =>
  Object.fromEntries(Object.entries(tls).filter(([, text]) => text !== undefined))

/** undefined: it is longer, and read no further. */
export async function bodyOf({ body }: Response, maxBytes: number): Promise<Buffer | undefined> {
  if (body === null) return Buffer.alloc(0)
  const reader = body.getReader()
  const pieces: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return Buffer.concat(pieces)
    length += value.length
    if (length > maxBytes) {
      await reader.cancel()
      return undefined
    }
    pieces.push(value)
  }
}

/** Bun's own words tell the URL, which may hold what is not for a log. */
export function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return error instanceof Error ? error.name : String(error)
}
