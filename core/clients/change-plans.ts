/** What the API may do with one plan, each within a transaction, as with clients. */
import type { Doing } from './change-clients.ts'
import { isStale } from './change-clients.ts'
import type { AddedPlan, ChangedPlan, ChangeTerms, Plan, PlanDraft, PlanFields, Removed } from './contract.ts'
import { checkPlan } from './fields.ts'
import { countClientsOf, deletePlan, planNamed, putPlans } from './statements.ts'

export interface DonePlan<Result> {
  readonly result: Result
  readonly before?: Plan
  readonly after?: Plan
}

export async function addPlan(doing: Doing, draft: PlanDraft): Promise<DonePlan<AddedPlan>> {
  const problems = checkPlan(draft)
  if (problems.length > 0) return { result: { kind: 'invalid', problems } }
  const { name } = draft
  if ((await planNamed(doing.query, name)) !== undefined)
    return { result: { kind: 'duplicate', detail: `there is a plan ${JSON.stringify(name)}` } }
  const plan = { name, ...fieldsOf(draft), revision: 1, createdAt: doing.now, updatedAt: doing.now }
  await putPlans(doing.query, doing.dialect, [plan])
  return { result: { kind: 'done', plan }, after: plan }
}

export async function setPlan(
  doing: Doing,
  name: string,
  change: Partial<PlanFields>,
  { ifRevision }: ChangeTerms,
): Promise<DonePlan<ChangedPlan>> {
  const before = await planNamed(doing.query, name)
  if (before === undefined) return { result: { kind: 'unknown' } }
  if (isStale(before, ifRevision)) return { result: { kind: 'stale', revision: before.revision } }
  const fields = fieldsOf({ ...before, ...change })
  const problems = checkPlan({ name, ...fields })
  if (problems.length > 0) return { result: { kind: 'invalid', problems } }
  if (Bun.deepEquals(fields, fieldsOf(before))) return { result: { kind: 'done', plan: before } }
  const plan = { ...before, ...fields, revision: before.revision + 1, updatedAt: doing.now }
  await putPlans(doing.query, doing.dialect, [plan])
  return { result: { kind: 'done', plan }, before, after: plan }
}

export async function removePlan(doing: Doing, name: string, { ifRevision }: ChangeTerms): Promise<DonePlan<Removed>> {
  const before = await planNamed(doing.query, name)
  if (before === undefined) return { result: { kind: 'unknown' } }
  if (isStale(before, ifRevision)) return { result: { kind: 'stale', revision: before.revision } }
  const clients = await countClientsOf(doing.query, name)
  if (clients > 0)
    return {
      result: {
        kind: 'in-use',
        detail: `the plan ${JSON.stringify(name)} has ${clients} client${clients === 1 ? '' : 's'}`,
      },
    }
  await deletePlan(doing.query, name)
  return { result: { kind: 'done' }, before }
}

/** What may be changed in a plan, and nothing else that it may hold. */
export const fieldsOf = ({ rate, burst }: Partial<PlanFields>): PlanFields => ({
  rate: rate && { count: rate.count, perMs: rate.perMs },
  burst,
})
