/**
 * Files that a browser is sent: packed once, and kept so. They say nothing that needs guarding, and a browser that is to
 * show them has no token yet; what they then fetch is guarded as ever.
 */
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { accepts } from './accepted.ts'
import { entityTag } from './entity-tag.ts'
import type { AdminRequest } from './request.ts'

export interface StaticFile {
  /** Of its content. */
  readonly tag: string
  readonly type: string
  /** By gzip. */
  readonly packed: Uint8Array<ArrayBuffer>
}

/** `content` is not kept. */
export async function packFile(type: string, content: string | Uint8Array): Promise<StaticFile> {
  const tag = createHash('sha256').update(content).digest('hex').slice(0, 16)
  return { tag, type, packed: await promisify(gzip)(content) }
}

/** Nothing from elsewhere, nothing that stands in a page itself, nobody who frames it. https://www.w3.org/TR/CSP3/ */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
]

export interface StaticHow {
  /** Its content as it is, for who does not take it packed. */
  readonly read: () => Promise<string | Uint8Array<ArrayBuffer>>
  /** Directives of its Content-Security-Policy beside those of all. */
  readonly policy: readonly string[]
  /** As Cache-Control; absent: kept, and asked about each time, so that an upgrade shows at once. */
  readonly cache?: string
  /** As Vary, beside the coding. */
  readonly vary?: string
}

/** For GET and HEAD, with an ETag. Rejects as `read` does. */
export async function staticAnswer(request: AdminRequest, file: StaticFile, how: StaticHow): Promise<Response> {
  const isPacked = accepts(request.field('accept-encoding'), 'gzip')
  const body = isPacked ? file.packed : await how.read()
  return new Response(body, {
    headers: {
      'content-type': file.type,
      'content-length': String(Buffer.byteLength(body)),
      ...(isPacked && { 'content-encoding': 'gzip' }),
      etag: entityTag(isPacked ? `${file.tag}-gzip` : file.tag),
      vary: how.vary === undefined ? 'accept-encoding' : `${how.vary}, accept-encoding`,
      'cache-control': how.cache ?? 'no-cache',
      'content-security-policy': [...policy, ...how.policy].join('; '),
      'referrer-policy': 'no-referrer',
    },
  })
}
