/**
 * Who may ask what of the admin API. With a token in the config: whoever knows it. Without: whoever reaches the loopback
 * address may read, and changes take the token that the process has made for itself, unless the config says `open`. No web
 * page gets in, neither by DNS rebinding (its name in Host would not be a loopback one) nor from another origin.
 */
import type { Secret } from '../secrets.ts'
import { problem } from './problem.ts'
import type { AdminRequest } from './request.ts'

/** What is asked for: what says nothing that needs guarding, what changes nothing, everything else; who the clients are is told to those alone who may change them. */
export type Need = 'public' | 'read' | 'change'

export type Access =
  /** `admin.token`: for reads, too. */
  | { readonly kind: 'guarded'; readonly token: Secret }
  /** A token of the process's own, for changes. `advice`: how to come by it, in words. */
  | { readonly kind: 'changes-guarded'; readonly token: Secret; readonly advice: string }
  /** Whoever reaches it; the permissions of a Unix socket say who that is. */
  | { readonly kind: 'open' }

/** The refusal, or undefined when the request may go on. */
export function refuseAccess(request: AdminRequest, access: Access, need: Need): Response | undefined {
  if (need === 'public') return undefined
  const host = request.field('host') ?? ''
  const page = foreignPage(request, host)
  if (page !== undefined)
    return problem(403, `Requests from ${page} are not served; a web page may not read or change this.`)
  const given = access.kind === 'open' ? 'none' : judge(request.field('authorization'), access.token)
  if (given === 'right') return undefined
  if (access.kind === 'guarded' || (access.kind === 'changes-guarded' && need === 'change'))
    return unauthorized(given, access)
  if (isLoopbackHost(host)) return undefined
  return problem(403, `The Host ${quote(host)} is not a loopback name; use localhost or 127.0.0.1, or set admin.token.`)
}

/** `host` as in a Host field, port included: `localhost`, 127.0.0.0/8 or `[::1]`. Strict: no other spelling counts. */
export const isLoopbackHost = (host: string): boolean =>
  /^(?:localhost|127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}|\[::1\])(?::\d{1,5})?$/i.test(host)

/** The page elsewhere that a browser sends this for. Links to here are followed; what they show, the page cannot read. */
function foreignPage(request: AdminRequest, host: string): string | undefined {
  const origin = request.field('origin')
  if (origin !== undefined && !isSameOrigin(origin, host)) return `the origin ${quote(origin)}`
  const site = request.field('sec-fetch-site') ?? 'none'
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  return isRead || site === 'none' || site === 'same-origin' ? undefined : 'another site'
}

const isSameOrigin = (origin: string, host: string): boolean =>
  host !== '' && (origin === `http://${host}` || origin === `https://${host}`)

function judge(header: string | undefined, token: Secret): 'none' | 'wrong' | 'right' {
  const given = /^bearer +(.*)$/i.exec(header ?? '')?.[1] ?? ''
  if (token.equals(given)) return 'right'
  return header === undefined ? 'none' : 'wrong'
}

/** RFC 6750 3.1: an error code only for who has sent something. */
function unauthorized(given: 'none' | 'wrong', access: Exclude<Access, { kind: 'open' }>): Response {
  const [asked, advice] =
    access.kind === 'guarded'
      ? ['This API wants a token', `send the header "Authorization: Bearer <token>" with the config's admin.token`]
      : ['Changes, and what is told of clients, want a token', access.advice]
  const said = given === 'none' ? asked : 'The Authorization field does not hold the right token'
  const error = given === 'none' ? '' : ', error="invalid_token"'
  const headers = { 'www-authenticate': `Bearer realm="smartedge"${error}` }
  return problem(401, `${said}: ${advice}.`, { headers })
}

/** Long or odd values come from strangers; show a recognisable piece. */
const quote = (text: string): string => JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)
