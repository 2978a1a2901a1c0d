/**
 * Lets in whom an auth service lets in: it is asked about each request by a subrequest, and what it says is the answer, as
 * with nginx's auth_request, Traefik's ForwardAuth and Caddy's forward_auth. What it said may be remembered for a while, by
 * what shows who asks; only that somebody may go on, never what sends people to sign in.
 */
import { createHmac, randomBytes } from 'node:crypto'
import type { Cancel } from '../clock.ts'
import { findCookie } from '../http1/pairs.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { Ask, Question } from '../net/ask.ts'
import type { Admission, Asked, Subject, Verdict } from './admission.ts'
import { type Judged, judge } from './auth-answer.ts'
import type { AuthCachePolicy, ForwardAuthPolicy, Sign } from './auth-policy.ts'
import { dropsOf } from './pass.ts'
import type { Reach } from '../reach.ts'
import { Remembered } from './remembered.ts'
import { aboutRequest, subrequestFields } from './subrequest.ts'

/** Longer pages of a refusal are not passed on. */
const MAX_BODY_BYTES = 64 * 1024
/** Questions at once: whoever answers none in time must not hold ever more requests. */
const MAX_UNDER_WAY = 1000
/** Answers remembered: a few MB. */
const MAX_REMEMBERED = 10_000

const tooMany = `${MAX_UNDER_WAY} questions are under way`
const TOO_MANY_FIELDS: Verdict = {
  kind: 'refused',
  problem: { status: 431, detail: 'the auth service cannot be told of that many fields' },
  reason: 'forward-auth',
}
/** What distinguishes requests of the same sender: where they come from and, for a service that looks at it, what they are for. */
const OF_ROUTE = ['x-forwarded-for']
const OF_TARGET = [...OF_ROUTE, 'x-forwarded-method', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-uri']

/** What the service has said, and of whom. */
interface Known {
  readonly verdict: Verdict
  readonly subject: Subject | undefined
}

export interface ForwardAuthOptions {
  readonly policy: ForwardAuthPolicy
  readonly ask: Ask
  readonly reach: Reach
}

export class ForwardAuth implements Admission {
  private readonly policy: ForwardAuthPolicy
  private readonly ask: Ask
  private readonly reach: Reach
  private readonly remembered = new Remembered<string, Known>(MAX_REMEMBERED)
  /** Of this table alone: who reads the memory of the process finds no cookie in it, and nobody can aim at an entry. */
  private readonly secret = randomBytes(32)
  /** Questions asked and not answered yet. */
  private underWay = 0

  constructor({ policy, ask, reach }: ForwardAuthOptions) {
    this.policy = policy
    this.ask = ask
    this.reach = reach
  }

  admit(asked: Asked, head: RequestHead, now: number): Verdict {
    const { cache } = this.policy
    const key = cache && this.keyOf(asked, head, cache)
    const known = key === undefined ? undefined : this.remembered.get(key, now)
    if (known !== undefined) {
      asked.subject ??= known.subject
      return known.verdict
    }
    if (this.underWay >= MAX_UNDER_WAY) return this.undecided(tooMany)
    const fields = subrequestFields(head, asked.identity, this.policy)
    if (fields === undefined) return TOO_MANY_FIELDS
    const decided = (judged: Judged): Verdict => this.settle(judged, key, asked)
    return { kind: 'later', wait: (decide) => this.begin(fields, (judged) => decide(decided(judged))) }
  }

  private begin(fields: Question['fields'], heard: (judged: Judged) => void): Cancel {
    const { url, timeoutMs, responseFields } = this.policy
    this.underWay += 1
    let isUnderWay = true
    const end = (): void => {
      if (isUnderWay) this.underWay -= 1
      isUnderWay = false
    }
    const cancel = this.ask({ url, fields, timeoutMs, maxBodyBytes: MAX_BODY_BYTES }, (answer) => {
      end()
      heard(judge(answer, responseFields))
    })
    return () => {
      end()
      cancel()
    }
  }

  /** `key`: what it is remembered by; undefined: it is not. */
  private settle(judged: Judged, key: string | undefined, asked: Asked): Verdict {
    if (judged.kind === 'undecided') return this.undecided(judged.detail)
    this.reach.answered()
    const { cache } = this.policy
    const { verdict, user } = judged
    const subject = user === undefined ? undefined : { key: `auth ${user}` }
    if (cache !== undefined && key !== undefined && mayBeRemembered(verdict))
      this.remembered.set(key, { verdict, subject }, asked.now() + cache.forMs)
    // A rule before this one may have shown it already: a client of the database keeps what is his.
    asked.subject ??= subject
    return verdict
  }

  private undecided(detail: string): Verdict {
    const { whenAway, responseFields } = this.policy
    this.reach.failed(detail)
    if (whenAway === 'admit') return { kind: 'admitted', pass: { requestDrops: dropsOf(responseFields) } }
    const problem = { status: 503, detail: 'the auth service cannot be asked', retryAfterSeconds: 1 }
    return { kind: 'refused', problem, reason: 'forward-auth' }
  }

  /** undefined: it shows nobody. */
  private keyOf({ identity }: Asked, head: RequestHead, { by, per }: AuthCachePolicy): string | undefined {
    const signs = by.map((sign) => valuesOf(sign, head))
    if (signs.every((values) => values.length === 0)) return undefined
    const names = per === 'route' ? OF_ROUTE : OF_TARGET
    const about = aboutRequest(head, identity).filter(([name]) => names.includes(name))
    return createHmac('sha256', this.secret)
      .update(JSON.stringify([signs, about]))
      .digest('latin1')
  }
}

/** A new cookie is one client's; who is sent to sign in is to be looked at anew once that is done. */
const mayBeRemembered = (verdict: Verdict): boolean =>
  verdict.kind === 'admitted' && verdict.pass?.responseLines === undefined

/** All values of that name, the first eight of a cookie: which of them a service goes by is not ours to know. */
function valuesOf({ kind, name }: Sign, { fields }: RequestHead): readonly string[] {
  if (kind === 'header') return fields.valuesNamed(name)
  const values: string[] = []
  findCookie(fields, name, (bytes, from, to) => {
    values.push(bytes.toString('latin1', from, to))
    return undefined
  })
  return values
}
