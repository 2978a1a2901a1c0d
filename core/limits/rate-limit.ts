/** How many requests each of those who send them may send in a time: so many get through, the others are told when to come again. */
import { type Admission, ADMITTED, type Asked, type Subject, type Verdict } from '../admission/admission.ts'
import type { Cancel } from '../clock.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { type LimitCounters, limitLedger } from '../observe/counters.ts'
import { defaultBurst, formatRate, type Rate } from '../rate.ts'
import { Buckets, hasToken, wholeTokens } from './buckets.ts'
import type { KeyReader } from './key.ts'
import type { Key } from './key-table.ts'
import type { Allowance, RatePolicy } from './policy.ts'
import { policyOf, retryAfter } from './rate-fields.ts'
import { RateTeller } from './rate-teller.ts'
import { type SharedTokens, type TokenSource, UNKNOWN } from './token-source.ts'

/** What somebody has instead of what a limit grants everybody; of what is undefined, the limit's. */
export interface OwnLimit {
  readonly rate: Rate | undefined
  readonly burst: number | undefined
}

/** undefined: nothing. */
export type OwnLimitOf = (subject: Subject) => OwnLimit | undefined

/** One limit for as long as it is configured. Several routes may share it. */
export class RateLimit {
  policy: RatePolicy
  private text: string
  readonly counters: LimitCounters = limitLedger.create()
  /** undefined: nobody else has its buckets. */
  readonly shared: SharedTokens | undefined
  private readonly buckets: TokenSource

  constructor(policy: RatePolicy, now: number, shared?: SharedTokens) {
    this.policy = policy
    this.text = policyOf(policy.name, policy)
    this.shared = shared
    this.buckets = shared ?? new Buckets(policy, now)
  }

  /** Every bucket keeps its level. */
  update(policy: RatePolicy, now: number): void {
    this.policy = policy
    this.text = policyOf(policy.name, policy)
    this.buckets.update(policy, now)
  }

  get keys(): number {
    return this.buckets.size
  }

  get evicted(): number {
    return this.buckets.evicted
  }

  /** Tokens that the key has now; of shared ones maybe UNKNOWN. */
  look(key: Key, now: number, allowance: Allowance): number {
    return this.buckets.look(key, now, allowance)
  }

  /** As far as is known here. */
  lookHere(key: Key, now: number, allowance: Allowance): number {
    const { shared, buckets } = this
    return shared === undefined ? buckets.look(key, now, allowance) : shared.lookHere(key, now, allowance)
  }

  /** One of those that were looked at last. */
  take(): void {
    this.buckets.take()
  }

  /** As RateLimit-Policy has it. */
  describe(allowance: Allowance): string {
    return allowance === this.policy ? this.text : policyOf(this.policy.name, allowance)
  }
}

/** A limit as one route has it, and how the request that came last stands with it. */
export class RateRule {
  readonly limit: RateLimit
  allowance: Allowance
  level = 0
  private readonly reader: KeyReader
  private readonly own: OwnLimitOf | undefined

  /** `own`: for limits by client; undefined: everybody is granted the same. */
  constructor(limit: RateLimit, reader: KeyReader, own: OwnLimitOf | undefined) {
    this.limit = limit
    this.allowance = limit.policy
    this.reader = reader
    this.own = own
  }

  look(asked: Asked, head: RequestHead, now: number): void {
    this.read(asked, head)
    this.level = this.limit.look(this.reader, now, this.allowance)
  }

  /** By what is known here: to be decided at once. */
  lookHere(asked: Asked, head: RequestHead, now: number): void {
    this.read(asked, head)
    this.level = this.limit.lookHere(this.reader, now, this.allowance)
  }

  /** For the request that was looked at: calls what it is given once the level is known here, unless that is cancelled. */
  waiting(): (then: () => void) => Cancel {
    const { limit, allowance, reader } = this
    const key = { high: reader.high, low: reader.low }
    return (then) => limit.shared?.wait(key, allowance, then) ?? (() => undefined)
  }

  /** For the request that was looked at, whom nobody refuses: takes its token, or counts that there was none, once it is known. */
  reportLater(now: () => number): void {
    const { limit, allowance, reader } = this
    const key = { high: reader.high, low: reader.low }
    limit.shared?.wait(key, allowance, () => {
      if (hasToken(limit.lookHere(key, now(), allowance))) limit.take()
      else limit.counters.reported += 1
    })
  }

  /** Whole seconds until there is a token more than now. */
  get waitSeconds(): number {
    return retryAfter(this.level, this.allowance)
  }

  /** Whether it has none for the request that was looked at, and refuses it. */
  get isRefusing(): boolean {
    return this.level !== UNKNOWN && !hasToken(this.level) && !this.limit.policy.report
  }

  /** One token, for the request that was looked at, where there is one. */
  take(): void {
    if (!hasToken(this.level)) return
    this.limit.take()
    this.level -= 1
  }

  private read(asked: Asked, head: RequestHead): void {
    const { limit, reader, own } = this
    reader.read(asked, head)
    this.allowance = allowanceOf(own && asked.subject && own(asked.subject), limit.policy)
  }
}

function allowanceOf(own: OwnLimit | undefined, policy: RatePolicy): Allowance {
  if (own === undefined || (own.rate === undefined && own.burst === undefined)) return policy
  const burst = own.burst ?? (own.rate === undefined ? policy.burst : defaultBurst(own.rate))
  return { rate: own.rate ?? policy.rate, burst }
}

/** A request takes a token of each limit or, where one of them has none for it, of no limit at all. */
export function rateLimits(rules: readonly RateRule[]): Admission {
  const told = rules.filter(({ limit }) => !limit.policy.report)
  const hasShared = rules.some(({ limit }) => limit.shared !== undefined)
  const teller = new RateTeller(told)

  /** Whom it has to wait for longest, of those that have no token for it. */
  function findRefusing(): RateRule | undefined {
    let refusing: RateRule | undefined
    for (const rule of rules) {
      if (rule.level === UNKNOWN || hasToken(rule.level)) continue
      const { policy, counters } = rule.limit
      if (policy.report) counters.reported += 1
      else if (refusing === undefined || rule.waitSeconds > refusing.waitSeconds) refusing = rule
    }
    return refusing
  }

  function refusalBy(rule: RateRule): Verdict {
    const { limit, allowance, waitSeconds } = rule
    limit.counters.refused += 1
    const detail = `the limit "${limit.policy.name}" is ${formatRate(allowance.rate)}`
    const lines = teller.linesOf(rule)
    return { kind: 'refused', problem: { status: 429, detail, retryAfterSeconds: waitSeconds, lines }, reason: 'rate' }
  }

  /** By the levels that the rules have found. */
  function decide(): Verdict {
    const refusing = findRefusing()
    if (refusing !== undefined) return refusalBy(refusing)
    for (const rule of rules) rule.take()
    const strictest = strictestOf(told)
    if (strictest === undefined) return ADMITTED
    return teller.admittedBy(strictest)
  }

  return {
    admit(asked, head, now) {
      for (const rule of rules) rule.look(asked, head, now)
      return (hasShared ? waitFor(rules, asked, decide) : undefined) ?? decide()
    },
  }
}

/** undefined: there is nothing to wait for, since all is known that a verdict needs. `decide`: once it is. */
function waitFor(rules: readonly RateRule[], asked: Asked, decide: () => Verdict): Verdict | undefined {
  if (!rules.some(({ level }) => level === UNKNOWN) || rules.some((rule) => rule.isRefusing)) return undefined
  const unknown = rules.filter(({ level }) => level === UNKNOWN)
  // Who only counts has nobody wait for it.
  const counting = unknown.filter(({ limit }) => limit.policy.report)
  for (const rule of counting) rule.reportLater(() => asked.now())
  const waits = unknown.filter((rule) => !counting.includes(rule)).map((rule) => rule.waiting())
  if (waits.length === 0) return undefined
  return {
    kind: 'later',
    wait: (tell) =>
      whenAll(waits, () => {
        const head = asked.client.readHead()
        for (const rule of rules) rule.lookHere(asked, head, asked.now())
        for (const rule of counting) rule.level = UNKNOWN
        tell(decide())
      }),
  }
}

/** Calls `then` once all of `waits` have called what they were given. */
function whenAll(waits: readonly ((then: () => void) => Cancel)[], then: () => void): Cancel {
  let open = waits.length
  const cancels = waits.map((wait) =>
    wait(() => {
      open -= 1
      if (open === 0) then()
    }),
  )
  return () => {
    for (const cancel of cancels) cancel()
  }
}

/** The one that lets least through from now on; undefined: there is none. */
function strictestOf(told: readonly RateRule[]): RateRule | undefined {
  let strictest: RateRule | undefined
  for (const rule of told)
    if (strictest === undefined || wholeTokens(rule.level) < wholeTokens(strictest.level)) strictest = rule
  return strictest
}
