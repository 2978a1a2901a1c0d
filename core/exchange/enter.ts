/** The way in: what the listener says of a request, then its route. */
import type { Asked, Verdict } from '../admission/admission.ts'
import { carrying } from '../admission/in-order.ts'
import type { Door } from '../forward/door.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { Problem } from '../stream/client-stream.ts'
import type { Route } from './world.ts'

/** `head` holds the request's now; `now`: monotonic ms. */
export function enter(door: Door, asked: Asked & { readonly route: Route }, head: RequestHead, now: number): Verdict {
  if (door.redirect !== undefined) return { kind: 'refused', problem: redirection(head, door.redirect.port) }
  if (door.isMisdirected?.(head.host ?? '') === true) return { kind: 'refused', problem: MISDIRECTED }
  const { strangerDrops } = door
  const isStranger = strangerDrops !== undefined && !asked.identity.isTrusted
  const pass = isStranger ? { ...door, requestDrops: strangerDrops } : door
  return carrying(pass, asked.route.admission.admit(asked, head, now))
}

/** RFC 9110 15.5.20. */
const MISDIRECTED: Problem = {
  status: 421,
  detail: 'this name is to be asked for in a connection of its own',
  closes: true,
}

/** 308 keeps method and body (RFC 9110 15.4.9). */
function redirection(head: RequestHead, port: number): Problem {
  const { host } = head
  if (host === undefined)
    return { status: 400, detail: 'the request names no host, and this port only leads to https://' }
  // `*` asks for no place at all.
  const path = head.path.startsWith('/') ? head.path : '/'
  const query = head.query === undefined ? '' : `?${head.query}`
  const place = `https://${host}${port === 443 ? '' : `:${port}`}${path}${query}`
  return {
    status: 308,
    detail: 'it is to be had by https:// alone',
    lines: `Location: ${place}\r\n`,
    content: { type: 'text/plain; charset=utf-8', text: `308 Permanent Redirect: ${place}\n` },
  }
}
