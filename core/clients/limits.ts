/** What holds for a client, of its own limits and those of its plan. Pure. */
import type { PlanFields } from './contract.ts'

/** Each of them the client's own, where it has one. `common`: its plan; undefined: it has none. */
export const limitsOf = (own: PlanFields, common: PlanFields | undefined): PlanFields => ({
  rate: own.rate ?? common?.rate,
  burst: own.burst ?? common?.burst,
})
