/** What the admin API tells of pools and backends, and what it changes of them. */
import { memberId, type FileEdit } from '../config/edit/pool-edit.ts'
import { formatKey } from '../config/read/reading.ts'
import type { EditResult } from '../control/contract.ts'
import { bodySchemas } from './body-schemas.ts'
import { readBody } from './body.ts'
import { type Controlled, controlled, nothing } from './controlled.ts'
import { entityTag, matchOf } from './entity-tag.ts'
import { backendDetails, foundIn, poolDetails, poolMembers, poolSummaries } from './pool-view.ts'
import { problem, sentences } from './problem.ts'
import type { Call, Routes } from './route.ts'
import type { FoundMember } from './source.ts'
import { unknownThing } from './unknown.ts'
import { json } from './whole.ts'

export const poolRoutes: Routes = {
  'GET /api/pools': {
    summary: 'All pools: name, strategy, how many backends, how many of them take requests.',
    answer: ({ source }) => json({ pools: poolSummaries(source) }),
  },
  'GET /api/pools/:pool': {
    tag: 'told',
    summary: 'A pool with its settings and its members, and an ETag for If-Match.',
    answer: (call) => tagged(call, poolDetails(call.source, call.params['pool'] ?? '')),
  },
  'PATCH /api/pools/:pool': {
    tag: 'heeded',
    summary: 'Switches the strategy of a pool, in force and in the config file.',
    body: { description: 'What changes.', schema: bodySchemas.updatePool, isRequired: true },
    answer: controlled(async (call) => {
      const body = await readBody(call.request, 'updatePool')
      if (body.kind === 'refused') return body.response
      return await edit(call, { kind: 'strategy', strategy: body.value.strategy })
    }),
  },
  'GET /api/pools/:pool/backends': {
    tag: 'told',
    summary:
      'The members of a pool, with an ETag for If-Match and If-None-Match. It is of what is configured: health and load ' +
      'change without it.',
    answer: (call) => tagged(call, poolMembers(call.source, call.params['pool'] ?? '')),
  },
  'POST /api/pools/:pool/backends': {
    tag: 'heeded',
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
      const id = memberId(body.value) ?? ''
      const path = `/api/pools/${encodeURIComponent(call.params['pool'] ?? '')}/backends/${encodeURIComponent(id)}`
      return await edit(call, { kind: 'add', member: body.value }, { status: 201, fields: { location: path } })
    }),
  },
  'GET /api/pools/:pool/backends/:id': {
    tag: 'told',
    summary: 'One member of a pool, with the pool’s ETag.',
    answer: (call) => tagged(call, backendDetails(call.source, call.params['pool'] ?? '', call.params['id'] ?? '')),
  },
  'PATCH /api/pools/:pool/backends/:id': {
    tag: 'heeded',
    summary: 'Sets the weight of a backend or its bound of requests at once, or takes it out of service and back.',
    body: { description: 'What changes.', schema: bodySchemas.updateBackend, isRequired: true },
    answer: controlled(async (call) => {
      const body = await readBody(call.request, 'updateBackend')
      if (body.kind === 'refused') return body.response
      const { weight, maxInflight, state, drain = state === undefined ? undefined : state === 'draining' } = body.value
      if (state !== undefined && drain !== (state === 'draining'))
        return problem(422, `"state": "${state}" and "drain": ${drain} contradict each other; send one of them.`)
      return await edit(call, {
        kind: 'update',
        backend: call.params['id'] ?? '',
        ...(weight !== undefined && { weight }),
        ...(maxInflight !== undefined && { maxInflight }),
        ...(drain !== undefined && { drain }),
      })
    }),
  },
  'DELETE /api/pools/:pool/backends/:id': {
    tag: 'heeded',
    summary: 'Removes a backend. What it has begun may end within drainTimeout.',
    answer: controlled((call) => edit(call, { kind: 'remove', backend: call.params['id'] ?? '' })),
  },
  'POST /api/pools/:pool/backends/:id/check': {
    summary: 'Checks the health of a backend now; /api/status tells how it went.',
    status: 202,
    body: nothing,
    answer: controlled(async ({ control, ...call }) => {
      const { pool = '', id = '' } = call.params
      const outcome = control.recheck(pool, id)
      if (outcome === 'started') return json({ pool, backend: id, check: 'started' }, 202)
      if (outcome === 'unknown') return unknownThing(call)
      return problem(409, `The pool ${pool} has no health checks: ${formatKey(['pools', pool, 'health'])} sets them.`)
    }),
  },
}

/** `view` with the pool's tag; undefined: it is not there. */
function tagged(call: Call, view: object | undefined): Response {
  if (view === undefined) return unknownThing(call)
  const etag = call.source.control?.etag(call.params['pool'] ?? '')
  return json(view, 200, etag === undefined ? {} : { etag: entityTag(etag) })
}

interface OnDone {
  readonly status: number
  readonly fields: Readonly<Record<string, string>>
}

async function edit(
  call: Controlled,
  change: FileEdit,
  onDone: OnDone = { status: 200, fields: {} },
): Promise<Response> {
  const {
    control,
    request,
    params: { pool = '' },
    origin,
  } = call
  const ifMatch = matchOf(request.field('if-match'), control.etag(pool))
  const result = await control.edit({ ...change, pool, ...(ifMatch !== undefined && { ifMatch }) }, origin)
  if (result.kind !== 'unknown') return editAnswer(result, onDone)
  const found = foundIn(call.source, pool).find(({ member }) => member.id === call.params['id'])
  return found === undefined ? unknownThing(call) : notOurs(pool, found)
}

/** What a source says of a member stands in no file of ours. */
const notOurs = (pool: string, { member: { id }, source }: FoundMember): Response =>
  problem(
    409,
    `${id} was found by ${source}, which says what it is; added to the pool ${pool} by hand (POST /api/pools/${encodeURIComponent(pool)}/backends), with another weight or "drain": true, that counts instead.`,
  )

/** What became of an edit, as the API answers it. */
export function editAnswer(
  result: Exclude<EditResult, { kind: 'unknown' }>,
  { status, fields }: OnDone = { status: 200, fields: {} },
): Response {
  switch (result.kind) {
    case 'done': {
      const { generation, file, etag } = result
      return json({ generation, file }, status, { ...fields, etag: entityTag(etag) })
    }
    case 'duplicate':
      return problem(409, result.detail)
    case 'invalid':
      return problem(422, sentences(result.problems), {
        problems: result.problems.map(({ file, line, column, ...finding }) =>
          // A text that is nowhere on disk has no places to show; a strategy's own file has.
          file === result.file ? finding : { ...finding, file, line, column },
        ),
      })
    case 'conflict':
      return problem(409, result.detail, { problems: result.problems })
    case 'stale':
      return problem(412, 'The pool has changed since; read it again.', { headers: { etag: entityTag(result.etag) } })
    case 'fault':
      return problem(500, result.detail)
    default:
      return result satisfies never
  }
}
