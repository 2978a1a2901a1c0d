/**
 * What clients are told of a route's rates. Most have what the limits grant everybody, and many stand alike: what they are told is
 * remembered, since to make it anew costs a request 2 us, with what that leaves to be collected.
 */
import type { Verdict } from '../admission/admission.ts'
import { wholeTokens } from './buckets.ts'
import { policyOf, rateLines, retryAfter, standingOf } from './rate-fields.ts'
import type { Allowance, RatePolicy } from './policy.ts'

/** A limit, and how the request that came last stands with it. */
export interface Standing {
  readonly limit: { readonly policy: RatePolicy; describe(allowance: Allowance): string }
  readonly allowance: Allowance
  readonly level: number
}

/** Of one limit; some 300 bytes each. */
const MAX_REMEMBERED = 4096
/** More seconds than a wait can have, a day being the longest. */
const SECONDS = 100_000

export class RateTeller {
  private readonly told: readonly Standing[]
  private readonly common: string
  /** Of each limit, by what is left and for how long. */
  private readonly remembered: ReadonlyMap<Standing, Map<number, Verdict>>

  /** `told`: those whose clients hear of them, for as long as their policies stay the same. */
  constructor(told: readonly Standing[]) {
    this.told = told
    this.common = told.map(({ limit }) => policyOf(limit.policy.name, limit.policy)).join(', ')
    this.remembered = new Map(told.map((one) => [one, new Map<number, Verdict>()]))
  }

  linesOf(one: Standing): string {
    const { limit, level, allowance } = one
    const policies = this.isCommon
      ? this.common
      : this.told.map((other) => other.limit.describe(other.allowance)).join(', ')
    return rateLines(policies, standingOf(limit.policy.name, level, allowance))
  }

  /** With what is told of all, and of how `strictest` stands. */
  admittedBy(strictest: Standing): Verdict {
    const known = this.isCommon ? this.remembered.get(strictest) : undefined
    if (known === undefined) return admitted(this.linesOf(strictest))
    const { level, allowance } = strictest
    const key = wholeTokens(level) * SECONDS + retryAfter(level, allowance)
    const found = known.get(key)
    if (found !== undefined) return found
    const verdict = admitted(this.linesOf(strictest))
    if (known.size >= MAX_REMEMBERED) known.clear()
    known.set(key, verdict)
    return verdict
  }

  private get isCommon(): boolean {
    for (const { limit, allowance } of this.told) if (allowance !== limit.policy) return false
    return true
  }
}

const admitted = (responseLines: string): Verdict => ({ kind: 'admitted', pass: { responseLines } })
