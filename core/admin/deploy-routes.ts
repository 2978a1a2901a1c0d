/** New members in place of old ones, tried out first: the deploys of a pool. */
import { showText } from '../config/read/show.ts'
import type { AdminDeploys, Begun, DeployOrder } from '../deploy/contract.ts'
import { type CriteriaRead, readCriteria } from '../deploy/criteria.ts'
import { readSpan, spanRule } from '../deploy/span.ts'
import { bodySchemas } from './body-schemas.ts'
import { readBody } from './body.ts'
import type { BeginDeployBody } from './deploy-schemas.ts'
import { editAnswer } from './pool-routes.ts'
import { type Finding, problem, sentences } from './problem.ts'
import type { Call, Routes } from './route.ts'
import { unknownThing } from './unknown.ts'
import { json } from './whole.ts'

type Deploying = Call & { readonly deploys: AdminDeploys; readonly pool: string }

/** Where there is somebody who can, and the pool. */
const deploying =
  (answer: (call: Deploying) => Response | Promise<Response>) =>
  (call: Call): Response | Promise<Response> => {
    const { deploys } = call.source
    const { pool = '' } = call.params
    if (deploys === undefined)
      return problem(409, 'This process was started without a configuration file; there is nothing to deploy to.')
    const isThere = call.source.config().pools.some(({ name }) => name === pool)
    return isThere ? answer({ ...call, deploys, pool }) : unknownThing({ ...call, params: { pool } })
  }

export const deployRoutes: Routes = {
  'GET /api/pools/:pool/deploys': {
    summary: 'The deploy of a pool that is under way, and the newest 10 before it; what a rollback would bring back.',
    schema: 'Deploys',
    answer: deploying(({ deploys, pool }) =>
      json({ pool, deploys: deploys.list(pool), replaced: deploys.replaced(pool) ?? null }),
    ),
  },
  'POST /api/pools/:pool/deploys': {
    summary:
      'Begins to replace members of a pool: the new ones join, are waited for until they are healthy, tried out where that ' +
      'is asked for, and take the place of the old ones, in force and in the file. Whatever goes wrong before leaves the pool as it was.',
    status: 202,
    schema: 'Deploy',
    body: { description: 'Who is to serve, and how to get there.', schema: bodySchemas.beginDeploy, isRequired: true },
    answer: deploying(async ({ deploys, pool, request, origin }) => {
      const body = await readBody(request, 'beginDeploy')
      if (body.kind === 'refused') return body.response
      const order = readOrder(body.value)
      if (order.kind === 'problems')
        return problem(422, sentences(order.problems, 'The body'), { problems: order.problems })
      return begunAnswer(await deploys.begin(pool, order.order, origin))
    }),
  },
  'DELETE /api/pools/:pool/deploys': {
    summary:
      'Aborts the deploy of a pool that is under way: the old members serve as before. Once it has switched, it is too late.',
    schema: 'Deploy',
    answer: deploying(({ deploys, pool, origin }) => {
      const aborted = deploys.abort(pool, origin)
      return aborted.kind === 'aborted' ? json(aborted.deploy) : problem(409, aborted.detail)
    }),
  },
}

function begunAnswer(begun: Begun): Response {
  if (begun.kind === 'begun') return json(begun.deploy, 202)
  if (begun.kind === 'refused') return problem(409, begun.detail)
  return begun.kind === 'unknown' ? problem(404, begun.detail) : editAnswer(begun)
}

type Order =
  | { readonly kind: 'order'; readonly order: DeployOrder }
  | { readonly kind: 'problems'; readonly problems: readonly Finding[] }

const defaultCriteria = 'errors<1%,p99<1.2x'

function readOrder({ members, rollback, timeout = '1m', canary }: BeginDeployBody): Order {
  const { for: time = '1s', promoteIf = defaultCriteria, minRequests = 100 } = canary ?? {}
  const [timeoutMs, forMs] = [readSpan(timeout), readSpan(time)]
  const criteria = readCriteria(promoteIf)
  const problems = [
    ...((members === undefined) === (rollback === undefined)
      ? [{ key: 'members', rule: 'must be there, or rollback in its place' }]
      : []),
    ...(timeoutMs === undefined ? [{ key: 'timeout', rule: spanRule, value: showText(timeout) }] : []),
    ...(forMs === undefined ? [{ key: 'canary.for', rule: spanRule, value: showText(time) }] : []),
    ...criteriaProblems(criteria, promoteIf),
  ]
  if (problems.length > 0 || timeoutMs === undefined || forMs === undefined || criteria.kind === 'fault')
    return { kind: 'problems', problems }
  const plan = canary && { share: canary.share, forMs, criteria: criteria.criteria, minRequests }
  return { kind: 'order', order: { members: members ?? 'replaced', timeoutMs, canary: plan } }
}

const criteriaProblems = (read: CriteriaRead, value: string): readonly Finding[] =>
  read.kind === 'fault' ? [{ key: 'canary.promoteIf', rule: read.rule, value: showText(value) }] : []
