/** The shapes of request and response that are measured, as bytes. Pure. */

/** One kind of exchange. Field counts include Host, Content-Length and the like; a proxy adds its own on top. */
export interface Profile {
  readonly name: string
  /** Fields of a request, >= 2 (3 with a body). */
  readonly requestFields: number
  /** Fields of a response, >= 2. */
  readonly responseFields: number
  readonly requestBodyBytes: number
  readonly responseBodyBytes: number
}

const profile = (name: string, fields: number, requestBodyBytes: number, responseBodyBytes: number): Profile => ({
  name,
  requestFields: fields,
  responseFields: fields,
  requestBodyBytes,
  responseBodyBytes,
})

/** For a backend that answers each request by the profile that its path names. */
export const ANY_PROFILE = 'any'

/** By name. 13 fields are what a browser sends; 47 bytes are a small JSON answer. */
export const profiles: Readonly<Record<string, Profile>> = {
  'headers-2': profile('headers-2', 2, 0, 47),
  'headers-13': profile('headers-13', 13, 0, 47),
  'headers-40': profile('headers-40', 40, 0, 47),
  'body-10k': profile('body-10k', 13, 0, 10 * 1024),
  'body-1m': profile('body-1m', 13, 0, 1024 * 1024),
  'upload-1k': profile('upload-1k', 13, 1024, 47),
  'upload-10k': profile('upload-10k', 13, 10 * 1024, 47),
  'upload-1m': profile('upload-1m', 13, 1024 * 1024, 47),
}

type Field = readonly [name: string, value: string]

const requestFields: readonly Field[] = [
  ['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'],
  ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'],
  ['Accept-Language', 'en-US,en;q=0.5'],
  ['Accept-Encoding', 'gzip, deflate, br, zstd'],
  ['Referer', 'http://localhost/products/list?page=3'],
  ['Cookie', 'session=9f86d081884c7d659a2feaa0c55ad015; theme=dark'],
  ['Sec-Fetch-Dest', 'document'],
  ['Sec-Fetch-Mode', 'navigate'],
  ['Sec-Fetch-Site', 'same-origin'],
  ['Sec-Fetch-User', '?1'],
  ['Priority', 'u=0, i'],
  ['Cache-Control', 'no-cache'],
]

const responseFields: readonly Field[] = [
  ['Content-Type', 'application/json; charset=utf-8'],
  ['Date', 'Sat, 21 Nov 2026 10:00:00 GMT'],
  ['Server', 'replay'],
  ['Cache-Control', 'private, max-age=0, must-revalidate'],
  ['ETag', '"33a64df551425fcc55e4d42a148795d9f25f89d4"'],
  ['Vary', 'Accept-Encoding, Cookie'],
  ['Set-Cookie', 'session=9f86d081884c7d659a2feaa0c55ad015; Path=/; HttpOnly'],
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Frame-Options', 'SAMEORIGIN'],
  ['Referrer-Policy', 'strict-origin-when-cross-origin'],
  ['Strict-Transport-Security', 'max-age=31536000; includeSubDomains'],
  ['Content-Language', 'en'],
]

/** The first `count` of them; beyond what there is, tracing-like fields are made up. */
function takeFields(fields: readonly Field[], count: number): readonly Field[] {
  const made = Array.from({ length: Math.max(0, count - fields.length) }, (_, index): Field => [
    `X-Trace-Attribute-${index + 1}`,
    `9f86d081884c7d65${index}`,
  ])
  return [...fields, ...made].slice(0, count)
}

/** The fields of a request to `host`, in the order they are sent; a length only when there is a body. */
export function listRequestFields(profile: Profile, host: string): readonly Field[] {
  const length = ['Content-Length', String(profile.requestBodyBytes)] as const
  const framing = profile.requestBodyBytes > 0 ? [length] : []
  return [['Host', host], ...takeFields(requestFields, profile.requestFields - 1 - framing.length), ...framing]
}

export interface RequestOptions {
  /** Asks the other side to close afterwards, which takes one field more. */
  readonly close: boolean
  readonly path: string
  /** Goes into the query. */
  readonly id: number
}

/** A whole request. */
export function renderRequest(profile: Profile, host: string, options: RequestOptions): Buffer {
  const method = profile.requestBodyBytes > 0 ? 'POST' : 'GET'
  const fields = [...listRequestFields(profile, host), ...(options.close ? [['Connection', 'close'] as const] : [])]
  return renderMessage(`${method} ${options.path}?id=${options.id} HTTP/1.1`, fields, profile.requestBodyBytes)
}

/** The fields of a response, in the order they are sent. */
export const listResponseFields = (profile: Profile): readonly Field[] => [
  ...takeFields(responseFields, profile.responseFields - 1),
  ['Content-Length', String(profile.responseBodyBytes)],
]

/** A whole response; `status`: code and reason. */
export const renderResponse = (profile: Profile, status = '200 OK'): Buffer =>
  renderMessage(`HTTP/1.1 ${status}`, listResponseFields(profile), profile.responseBodyBytes)

function renderMessage(start: string, fields: readonly Field[], bodyBytes: number): Buffer {
  const head = `${[start, ...fields.map(([name, value]) => `${name}: ${value}`)].join('\r\n')}\r\n\r\n`
  return Buffer.concat([Buffer.from(head, 'latin1'), bodyOf(bodyBytes)])
}

/** So many bytes of content. */
export const bodyOf = (length: number): Buffer => Buffer.alloc(length, 'abcdefghijklmnopqrstuvwxyz0123456789-_')
