/** Many plans at once, as clients are imported: all of them or none. They come first, since clients name them. */
import { fieldsOf } from './change-plans.ts'
import type { Doing } from './change-clients.ts'
import type { Imported, ImportProblem, Plan, PlanDraft } from './contract.ts'
import { checkPlan, isFields } from './fields.ts'
import { allPlans, forgetOldChanges, putPlans } from './statements.ts'

const MOST = 1000

/** What is wrong with them whatever there is already. */
export function checkPlans(plans: readonly PlanDraft[]): ImportProblem[] {
  if (plans.length > MOST)
    return [{ index: MOST, field: '', message: `must be up to ${MOST} plans at a time, got ${plans.length}` }]
  const seen = new Map<string, number>()
  return plans.flatMap((plan, index) => {
    if (!isFields(plan)) return [{ index, field: '', message: 'must be an object with the fields of a plan' }]
    const problems = checkPlan(plan).map((problem) => ({ index, ...problem }))
    const first = seen.get(plan.name)
    if (problems.length > 0 || first === undefined) {
      seen.set(plan.name, index)
      return problems
    }
    return [{ index, field: 'name', message: `must be new, and the one at ${first} has it, too` }]
  })
}

/** `plans`: checked. Nothing is written where there are problems. */
export async function importPlans(
  { query, dialect, now }: Doing,
  plans: readonly PlanDraft[],
  replaces: boolean,
): Promise<Imported> {
  const present = new Map((await allPlans(query)).map((plan) => [plan.name, plan]))
  const problems = plans.flatMap(({ name }, index) =>
    replaces || !present.has(name)
      ? []
      : [{ index, field: 'name', message: `must be new, and there is a plan ${JSON.stringify(name)}` }],
  )
  if (problems.length > 0) return { kind: 'invalid', problems, omitted: 0 }
  const stored = plans.map((given) => planOf(given, present.get(given.name), now))
  await putPlans(query, dialect, stored)
  await forgetOldChanges(query)
  const replaced = plans.filter(({ name }) => present.has(name)).length
  return { kind: 'done', added: plans.length - replaced, replaced, keys: [] }
}

/** `before`: the one that it replaces. */
const planOf = (given: PlanDraft, before: Plan | undefined, now: number): Plan => ({
  name: given.name,
  ...fieldsOf(given),
  revision: (before?.revision ?? 0) + 1,
  createdAt: before?.createdAt ?? now,
  updatedAt: now,
})
