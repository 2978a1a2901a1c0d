/** How many requests of each of those who send them may be under way at once. */
import type { Admission, Asked, Verdict } from '../admission/admission.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { type LimitCounters, limitLedger } from '../observe/counters.ts'
import { InFlight } from './in-flight.ts'
import type { KeyReader } from './key.ts'
import type { InFlightPolicy } from './policy.ts'
import { policyAtOnce, rateLines } from './rate-fields.ts'

/** One limit for as long as it is configured. Several routes may share it. */
export class ConcurrencyLimit {
  /** Another may take its place: what is under way still is. */
  policy: InFlightPolicy
  readonly counters: LimitCounters = limitLedger.create()
  readonly underWay = new InFlight()

  constructor(policy: InFlightPolicy) {
    this.policy = policy
  }

  get keys(): number {
    return this.underWay.keys
  }

  /** None: what is under way is never forgotten. */
  get evicted(): number {
    return 0
  }
}

/** A limit as one route has it, and the place that the request that came last would have. */
export class ConcurrencyRule {
  readonly limit: ConcurrencyLimit
  /** Requests more that there is room for. */
  left = 0
  private readonly reader: KeyReader

  constructor(limit: ConcurrencyLimit, reader: KeyReader) {
    this.limit = limit
    this.reader = reader
  }

  look(asked: Asked, head: RequestHead): void {
    const { limit, reader } = this
    reader.read(asked, head)
    this.left = Math.max(0, limit.policy.most - limit.underWay.count(reader))
  }

  /** A place for the request that was looked at; to be called once, at its end. */
  take(): () => void {
    const { underWay } = this.limit
    const { high, low } = this.reader
    underWay.begin({ high, low })
    this.left = Math.max(0, this.left - 1)
    return () => underWay.end({ high, low })
  }
}

/** A request takes a place of each limit or, where one of them has none for it, of no limit at all. */
export function concurrencyLimits(rules: readonly ConcurrencyRule[]): Admission {
  const told = rules.filter(({ limit }) => !limit.policy.report)
  return {
    admit(asked, head) {
      let refusing: ConcurrencyRule | undefined
      for (const rule of rules) {
        rule.look(asked, head)
        if (rule.left > 0) continue
        if (rule.limit.policy.report) rule.limit.counters.reported += 1
        else refusing ??= rule
      }
      if (refusing !== undefined) return refusalBy(refusing, told)
      const places = rules.map((rule) => rule.take())
      const release = (): void => {
        for (const giveBack of places) giveBack()
      }
      const [first] = told
      if (first === undefined) return { kind: 'admitted', pass: { release } }
      const strictest = told.reduce((least, rule) => (rule.left < least.left ? rule : least), first)
      return { kind: 'admitted', pass: { release, responseLines: linesOf(told, strictest) } }
    },
  }
}

function refusalBy(rule: ConcurrencyRule, told: readonly ConcurrencyRule[]): Verdict {
  const { counters, policy } = rule.limit
  counters.refused += 1
  const detail = `the limit "${policy.name}" is ${policy.most} at once`
  const problem = { status: 429, detail, retryAfterSeconds: 1, lines: linesOf(told, rule) }
  return { kind: 'refused', problem, reason: 'concurrency' }
}

const linesOf = (told: readonly ConcurrencyRule[], { left, limit }: ConcurrencyRule): string =>
  rateLines(
    told.map((rule) => policyAtOnce(rule.limit.policy.name, rule.limit.policy.most)).join(', '),
    `"${limit.policy.name}";r=${left}`,
  )
