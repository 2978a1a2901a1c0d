/** The routes of the configuration as a whole: load it again, go back, say what that would change. */
import { maxFileBytes } from '../config/read/tree.ts'
import { configSchema } from '../config/schema.ts'
import type { Problems, ReloadResult } from '../control/contract.ts'
import { readText } from './body.ts'
import { controlled, nothing } from './controlled.ts'
import { problem, sentences } from './problem.ts'
import type { Routes } from './route.ts'
import { json } from './whole.ts'

export const controlRoutes: Routes = {
  'POST /api/reload': {
    summary: 'Loads the files again. What cannot be used stays as it was, and is told.',
    need: 'read',
    body: nothing,
    answer: controlled(async ({ control, request, origin }) => {
      const body = await readText(request)
      return body.kind === 'refused' ? body.response : reloadAnswer(await control.reload(origin))
    }),
  },
  'POST /api/rollback': {
    summary: 'Back to the generation before the current one; the files stay as they are.',
    body: nothing,
    answer: controlled(async ({ control, request, origin }) => {
      const body = await readText(request)
      if (body.kind === 'refused') return body.response
      const result = await control.rollback(origin)
      return result.kind === 'nowhere' ? problem(409, result.detail) : reloadAnswer(result)
    }),
  },
  'POST /api/rollback/plan': {
    summary: 'What a rollback would change, and how many connections and tunnels that would end. Changes nothing.',
    need: 'read',
    body: nothing,
    answer: controlled(async ({ control, request }) => {
      const body = await readText(request)
      if (body.kind === 'refused') return body.response
      const plan = await control.planRollback()
      if (plan.kind === 'nowhere') return problem(409, plan.detail)
      return plan.kind === 'plan' ? json(plan) : refusal(plan)
    }),
  },
  'POST /api/config/plan': {
    summary:
      'What a reload would change, and how many connections and tunnels that would end. Changes nothing; a text of ' +
      'one’s own may name files of this machine, and is planned for whoever may make changes.',
    need: 'read',
    body: {
      description: 'Nothing, for the files as they are now; or the text of a config file, comments and all.',
      schema: configSchema,
    },
    answer: controlled(async ({ control, request, refuse }) => {
      const refused = request.hasBody ? refuse('change') : undefined
      if (refused) return refused
      const body = await readText(request, { maxBytes: maxFileBytes })
      if (body.kind === 'refused') return body.response
      const plan = await control.plan(body.value === '' ? undefined : body.value)
      return plan.kind === 'plan' ? json(plan) : refusal(plan)
    }),
  },
}

const reloadAnswer = (result: ReloadResult): Response => (result.kind === 'refused' ? refusal(result) : json(result))

const refusal = (result: Problems): Response => problem(422, sentences(result.problems), { problems: result.problems })
