/**
 * Who may use the admin API. With a token: whoever knows it. Without: whoever reaches the loopback address, but no web
 * page, neither by DNS rebinding (its name in Host would not be a loopback one) nor from another origin.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Secret } from '../secrets.ts'
import { problem } from './problem.ts'

/** The refusal, or undefined when the request may go on. */
export function refuseAccess(request: Request, token: Secret | undefined): Response | undefined {
  const host = request.headers.get('host') ?? ''
  const origin = request.headers.get('origin')
  if (origin !== null && !isSameOrigin(origin, host))
    return problem(403, `Requests from the origin ${quote(origin)} are not served; a web page may not read this API.`)
  if (token !== undefined) {
    if (isBearer(request.headers.get('authorization'), token.reveal())) return undefined
    const detail = 'Send the header "Authorization: Bearer <token>" with the token of the config\'s admin.token.'
    return problem(401, detail, { headers: { 'www-authenticate': 'Bearer realm="smartedge"' } })
  }
  if (isLoopbackHost(host)) return undefined
  return problem(403, `The Host ${quote(host)} is not a loopback name; use localhost or 127.0.0.1, or set admin.token.`)
}

/** `host` as in a Host field, port included: `localhost`, 127.0.0.0/8 or `[::1]`. Strict: no other spelling counts. */
export const isLoopbackHost = (host: string): boolean =>
  /^(?:localhost|127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}|\[::1\])(?::\d{1,5})?$/i.test(host)

const isSameOrigin = (origin: string, host: string): boolean =>
  host !== '' && (origin === `http://${host}` || origin === `https://${host}`)

/** Compares digests, so that neither the length nor the first difference shows in the time it takes. */
function isBearer(header: string | null, token: string): boolean {
  const given = /^bearer +(.*)$/i.exec(header ?? '')?.[1] ?? ''
  const matches = timingSafeEqual(digest(given), digest(token))
  return matches && token !== ''
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Long or odd values come from strangers; show a recognisable piece. */
const quote = (text: string): string => JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)
