/** How many requests each of those who send them may send in a time: so many get through, the others are told when to come again. */
import { type Admission, ADMITTED, type Asked, type Subject, type Verdict } from '../admission/admission.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { type LimitCounters, limitLedger } from '../observe/counters.ts'
import { defaultBurst, formatRate, type Rate } from '../rate.ts'
import { Buckets, hasToken, wholeTokens } from './buckets.ts'
import type { KeyReader } from './key.ts'
import type { Key } from './key-table.ts'
import type { Allowance, RatePolicy } from './policy.ts'
import { policyOf, rateLines, retryAfter, standingOf } from './rate-fields.ts'

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
  private readonly buckets: Buckets

  constructor(policy: RatePolicy, now: number) {
    this.policy = policy
    this.text = policyOf(policy.name, policy)
    this.buckets = new Buckets(policy, now)
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

  /** Tokens that the key has now. */
  look(key: Key, now: number, allowance: Allowance): number {
    return this.buckets.look(key, now, allowance)
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
    const { limit, reader, own } = this
    reader.read(asked, head)
    this.allowance = allowanceOf(own && asked.subject && own(asked.subject), limit.policy)
    this.level = limit.look(reader, now, this.allowance)
  }

  /** Whole seconds until there is a token more than now. */
  get waitSeconds(): number {
    return retryAfter(this.level, this.allowance)
  }

  /** One token, for the request that was looked at, where there is one. */
  take(): void {
    if (!hasToken(this.level)) return
    this.limit.take()
    this.level -= 1
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
  const linesOf = tellerOf(told)

  /** Whom it has to wait for longest, of those that have no token for it. */
  function look(asked: Asked, head: RequestHead, now: number): RateRule | undefined {
    let refusing: RateRule | undefined
    for (const rule of rules) {
      rule.look(asked, head, now)
      if (hasToken(rule.level)) continue
      const { policy, counters } = rule.limit
      if (policy.report) counters.reported += 1
      else if (refusing === undefined || rule.waitSeconds > refusing.waitSeconds) refusing = rule
    }
    return refusing
  }

  function refusalBy(rule: RateRule): Verdict {
    const { limit, allowance, waitSeconds } = rule
    limit.counters.refused += 1
    const detail = `too many requests: the limit "${limit.policy.name}" is ${formatRate(allowance.rate)}`
    const lines = linesOf(rule)
    return { kind: 'refused', problem: { status: 429, detail, retryAfterSeconds: waitSeconds, lines }, reason: 'rate' }
  }

  return {
    admit(asked, head, now) {
      const refusing = look(asked, head, now)
      if (refusing !== undefined) return refusalBy(refusing)
      for (const rule of rules) rule.take()
      const strictest = strictestOf(told)
      if (strictest === undefined) return ADMITTED
      return { kind: 'admitted', pass: { responseLines: linesOf(strictest) } }
    },
  }
}

/** The one that lets least through from now on; undefined: there is none. */
function strictestOf(told: readonly RateRule[]): RateRule | undefined {
  let strictest: RateRule | undefined
  for (const rule of told)
    if (strictest === undefined || wholeTokens(rule.level) < wholeTokens(strictest.level)) strictest = rule
  return strictest
}

/** What a client is told of `told`, and of how one of them stands. Most have what the limits grant everybody: made once. */
function tellerOf(told: readonly RateRule[]): (rule: RateRule) => string {
  const policies = (): string => told.map(({ limit, allowance }) => limit.describe(allowance)).join(', ')
  const common = policies()
  return (rule) => {
    const isCommon = told.every(({ limit, allowance }) => allowance === limit.policy)
    const { limit, level, allowance } = rule
    return rateLines(isCommon ? common : policies(), standingOf(limit.policy.name, level, allowance))
  }
}
