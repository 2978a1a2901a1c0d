/**
 * Sessions by a cookie of ours. Its value is a keyed hash of pool and backend (HMAC, RFC 2104), made once for each backend:
 * whoever lacks the key can neither make one nor tell which backend it stands for, and to check one is to look it up. What
 * is forged, cut, made for another pool or with another key is not found, and so as if it were not there. Nothing is
 * remembered of any client: with the same key, another process and the next start read it alike.
 */
import { createHmac } from 'node:crypto'
import type { Backend } from '../backend/backend.ts'
import { findCookie } from '../http1/pairs.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { StickyCounters } from '../observe/counters.ts'
import type { Secret } from '../secrets.ts'
import type { CookiePolicy } from './policy.ts'
import type { Session, Sticky } from './sticky.ts'

/** 128 bits: more than anybody can guess. In base64url, as a cookie takes it. */
const tokenBytes = 16
const tokenLength = 22

export interface CookieStickyOptions {
  /** A cookie of one pool is none of another's. */
  readonly pool: string
  readonly policy: CookiePolicy
  readonly key: Secret
  readonly counters: StickyCounters
}

export class CookieSticky implements Sticky {
  readonly hiddenCookie: string | undefined
  readonly policy: CookiePolicy
  private readonly pool: string
  private readonly key: Secret
  private readonly counters: StickyCounters
  private backends: ReadonlyMap<string, Backend> = new Map()
  private lines: ReadonlyMap<Backend, string> = new Map()
  private readonly found: (bytes: Buffer, from: number, to: number) => Backend | undefined

  /** Without backends: `update` brings them. */
  constructor({ pool, policy, key, counters }: CookieStickyOptions) {
    this.pool = pool
    this.policy = policy
    this.key = key
    this.counters = counters
    this.hiddenCookie = policy.forward ? undefined : policy.name
    this.found = (bytes, from, to) =>
      to - from === tokenLength ? this.backends.get(bytes.toString('latin1', from, to)) : undefined
  }

  /** The pool's backends now: what names another is as if it were not there. */
  update(backends: readonly Backend[]): void {
    const { key, policy, pool } = this
    const tokens = new Map([...this.backends].map(([token, backend]) => [backend, token]))
    this.backends = new Map(backends.map((backend) => [tokens.get(backend) ?? tokenOf(key, pool, backend.id), backend]))
    this.lines = new Map(
      [...this.backends].map(([token, backend]) => [backend, this.lines.get(backend) ?? lineOf(policy, token)]),
    )
  }

  sessionOf(head: RequestHead): Session {
    return new CookieSession(this, findCookie(head.fields, this.policy.name, this.found))
  }

  /** A session that was with `before` is answered by `backend`. */
  settle(before: Backend | undefined, backend: Backend, head: ResponseHead): void {
    const { counters } = this
    if (before === backend) {
      counters.hits += 1
      return
    }
    if (before === undefined) counters.misses += 1
    else counters.moved += 1
    head.added = this.lines.get(backend) ?? head.added
  }
}

class CookieSession implements Session {
  readonly backend: Backend | undefined
  private readonly sticky: CookieSticky

  constructor(sticky: CookieSticky, backend: Backend | undefined) {
    this.sticky = sticky
    this.backend = backend
  }

  settle(backend: Backend, head: ResponseHead): void {
    this.sticky.settle(this.backend, backend, head)
  }
}

/** The purpose stands in front, so that a key that is used for something else as well gives nothing away. */
const tokenOf = (key: Secret, pool: string, backend: string): string =>
  createHmac('sha256', key.reveal())
    .update(`smartedge sticky cookie\0${pool}\0${backend}`)
    .digest()
    .toString('base64url', 0, tokenBytes)

const sameSites = { lax: 'Lax', strict: 'Strict', none: 'None' } as const

/** RFC 6265 4.1.1, and SameSite of its successor. */
function lineOf(policy: CookiePolicy, token: string): string {
  const { name, path, domain, maxAgeMs, sameSite, secure, httpOnly } = policy
  const attributes = [
    `${name}=${token}`,
    `Path=${path}`,
    ...(domain === undefined ? [] : [`Domain=${domain}`]),
    ...(maxAgeMs === undefined ? [] : [`Max-Age=${Math.floor(maxAgeMs / 1000)}`]),
    ...(secure ? ['Secure'] : []),
    ...(httpOnly ? ['HttpOnly'] : []),
    `SameSite=${sameSites[sameSite]}`,
  ]
  return `Set-Cookie: ${attributes.join('; ')}\r\n`
}
