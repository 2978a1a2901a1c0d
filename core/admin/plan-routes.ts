/** What the admin API tells of plans, which clients may have in common, and what it changes of them. */
import type { AddedPlan, Plan } from '../clients/contract.ts'
import { bodySchemas } from './body-schemas.ts'
import { readBody } from './body.ts'
import { planFields } from './client-input.ts'
import { planView, storeView } from './client-view.ts'
import { entityTag } from './entity-tag.ts'
import type { Routes } from './route.ts'
import { conflict, known, requiredTerms, stored, unchanged } from './stored.ts'
import { json } from './whole.ts'

const list = '/api/plans'

export const planRoutes: Routes = {
  'GET /api/plans': {
    summary: 'All plans, in the order of their names.',
    need: 'change',
    schema: 'PlanList',
    answer: known(({ store, freshness }) => json({ plans: store.plans().map(planView), store: storeView(freshness) })),
  },
  'GET /api/plans/:name': {
    summary: 'One plan, with an ETag for If-Match and If-None-Match.',
    need: 'change',
    tag: 'told',
    schema: 'Plan',
    answer: known(({ store, freshness, params: { name = '' } }) => {
      const plan = store.plan(name)
      if (plan === undefined) return unchanged({ kind: 'unknown' }, what(name), list)
      return json({ ...planView(plan), store: storeView(freshness) }, 200, tagOf(plan))
    }),
  },
  'PUT /api/plans/:name': {
    summary: 'Adds a plan (201), or replaces the limits of one that there is, which wants If-Match.',
    tag: 'heeded',
    schema: 'Plan',
    body: { description: 'Its limits.', schema: bodySchemas.putPlan, isRequired: true },
    answer: stored(async (call) => {
      const { store, request, origin, params } = call
      const { name = '' } = params
      const body = await readBody(request, 'putPlan')
      if (body.kind === 'refused') return body.response
      const current = store.plan(name)?.revision
      const seen = requiredTerms(call, current)
      if (seen.kind === 'refused') return seen.response
      if (current === undefined && request.field('if-match') === undefined)
        return addAnswer(await store.addPlan({ name, ...planFields(body.value) }, { origin }), name)
      const result = await store.setPlan(name, planFields(body.value), seen.terms)
      return result.kind === 'done'
        ? json(planView(result.plan), 200, tagOf(result.plan))
        : unchanged(result, what(name), list)
    }),
  },
  'DELETE /api/plans/:name': {
    summary: 'Removes a plan that no client has.',
    tag: 'required',
    answer: stored(async (call) => {
      const { store, params } = call
      const { name = '' } = params
      const seen = requiredTerms(call, store.plan(name)?.revision)
      if (seen.kind === 'refused') return seen.response
      const result = await store.removePlan(name, seen.terms)
      if (result.kind === 'done') return json({ name, removed: true })
      return result.kind === 'in-use' ? conflict(result.detail) : unchanged(result, what(name), list)
    }),
  },
}

function addAnswer(result: AddedPlan, name: string): Response {
  if (result.kind === 'duplicate') return conflict(result.detail)
  if (result.kind === 'invalid') return unchanged(result, what(name), list)
  const { plan } = result
  return json(planView(plan), 201, { ...tagOf(plan), location: `${list}/${encodeURIComponent(plan.name)}` })
}

const tagOf = ({ revision }: Plan) => ({ etag: entityTag(String(revision)) })

const what = (name: string): string => `plan ${name.length > 100 ? `${name.slice(0, 100)}…` : name}`
