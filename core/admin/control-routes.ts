/**
 * What the admin API changes: reload, roll back, plan, and edits of pools. What a body looks like is its schema's to say,
 * what is right the controller's.
 */
import type { FileEdit } from '../config/edit/pool-edit.ts'
import { configSchema } from '../config/schema.ts'
import type { Controller, EditResult, Problems, ReloadResult } from '../control/contract.ts'
import { bodySchemas } from './body-schemas.ts'
import { readBody, readText } from './body.ts'
import { poolView } from './pool-view.ts'
import { problem, sentences } from './problem.ts'
import type { Call, Routes } from './route.ts'
import { json } from './whole.ts'

type Controlled = Call & { readonly control: Controller }

/** Nothing can be changed without a controller. */
const controlled =
  (answer: (call: Controlled) => Promise<Response>) =>
  (call: Call): Response | Promise<Response> => {
    const { control } = call.source
    if (control !== undefined) return answer({ ...call, control })
    return problem(409, 'This process was started without a configuration file; there is nothing to change.')
  }

const nothing = { description: 'Nothing.' } as const

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
      const body = await readText(request)
      if (body.kind === 'refused') return body.response
      const plan = await control.plan(body.value === '' ? undefined : body.value)
      return plan.kind === 'plan' ? json(plan) : refusal(plan)
    }),
  },
  'GET /api/pools/:pool/backends': {
    summary: 'The members of a pool, with an ETag for If-Match.',
    answer: ({ source, params: { pool = '' } }) => {
      const view = poolView(source, pool)
      if (view === undefined) return problem(404, `There is no pool ${pool}.`)
      const etag = source.control?.etag(pool)
      return json(view, 200, etag === undefined ? {} : { etag: quote(etag) })
    },
  },
  'POST /api/pools/:pool/backends': {
    summary: 'Adds a backend, in force and in the file that holds the pool’s members.',
    status: 201,
    body: {
      description: 'The backend, as it would stand in the file.',
      schema: bodySchemas.addBackend,
      isRequired: true,
    },
    answer: controlled(async (call) => {
      const body = await readBody(call.request, 'addBackend')
      if (body.kind === 'refused') return body.response
      return await edit(call, { kind: 'add', member: body.value }, 201)
    }),
  },
  'PATCH /api/pools/:pool/backends/:id': {
    summary: 'Sets the weight of a backend, or takes it out of service and back.',
    body: { description: 'What changes.', schema: bodySchemas.updateBackend, isRequired: true },
    answer: controlled(async (call) => {
      const body = await readBody(call.request, 'updateBackend')
      if (body.kind === 'refused') return body.response
      const { weight, state } = body.value
      return await edit(call, {
        kind: 'update',
        backend: call.params['id'] ?? '',
        ...(weight !== undefined && { weight }),
        ...(state !== undefined && { drain: state === 'draining' }),
      })
    }),
  },
  'DELETE /api/pools/:pool/backends/:id': {
    summary: 'Removes a backend. What it has begun may end within drainTimeout.',
    answer: controlled((call) => edit(call, { kind: 'remove', backend: call.params['id'] ?? '' })),
  },
  'POST /api/pools/:pool/backends/:id/check': {
    summary: 'Checks the health of a backend now; /api/status tells how it went.',
    status: 202,
    body: nothing,
    answer: controlled(async ({ control, request, params: { pool = '', id = '' } }) => {
      const body = await readText(request)
      if (body.kind === 'refused') return body.response
      const outcome = control.recheck(pool, id)
      if (outcome === 'started') return json({ pool, backend: id, check: 'started' }, 202)
      if (outcome === 'no-checks') return problem(409, `The pool ${pool} has no health checks.`)
      return problem(404, `There is no backend ${id} in a pool ${pool}.`)
    }),
  },
  'PATCH /api/pools/:pool': {
    summary: 'Switches the strategy of a pool, in force and in the config file.',
    body: { description: 'What changes.', schema: bodySchemas.updatePool, isRequired: true },
    answer: controlled(async (call) => {
      const body = await readBody(call.request, 'updatePool')
      if (body.kind === 'refused') return body.response
      return await edit(call, { kind: 'strategy', strategy: body.value.strategy })
    }),
  },
}

async function edit(call: Controlled, change: FileEdit, status = 200): Promise<Response> {
  const {
    control,
    request,
    params: { pool = '' },
    origin,
  } = call
  const ifMatch = matchOf(request.field('if-match'), control.etag(pool))
  const result = await control.edit({ ...change, pool, ...(ifMatch !== undefined && { ifMatch }) }, origin)
  return editAnswer(result, status)
}

/** undefined: any will do. Of several the current one counts, when it is among them (RFC 9110 13.1.1). */
function matchOf(header: string | undefined, current: string | undefined): string | undefined {
  if (header === undefined || header.trim() === '*') return undefined
  const tags = header.split(',').map((tag) => tag.trim())
  const strong = tags.map((tag) => /^"(.*)"$/.exec(tag)?.[1] ?? '')
  return current !== undefined && strong.includes(current) ? current : (strong[0] ?? '')
}

const quote = (etag: string): string => `"${etag}"`

function editAnswer(result: EditResult, status: number): Response {
  switch (result.kind) {
    case 'done': {
      const { generation, file, etag } = result
      return json({ generation, file }, status, { etag: quote(etag) })
    }
    case 'unknown':
      return problem(404, result.detail)
    case 'invalid':
      return problem(422, sentences(result.problems), {
        problems: result.problems.map(({ key, rule, value, hint }) => ({ key, rule, value, hint })),
      })
    case 'conflict':
      return problem(409, result.detail, { problems: result.problems })
    case 'stale':
      return problem(412, 'The pool has changed since; read it again.', { headers: { etag: quote(result.etag) } })
    case 'fault':
      return problem(500, result.detail)
    default:
      return result satisfies never
  }
}

const reloadAnswer = (result: ReloadResult): Response => (result.kind === 'refused' ? refusal(result) : json(result))

const refusal = (result: Problems): Response => problem(422, sentences(result.problems), { problems: result.problems })
