/** Hosts that are served for a while, besides those that the configuration names. */
import { showText } from '../config/read/show.ts'
import { type AdminPreviews, MOST_PREVIEWS } from '../preview/contract.ts'
import { lifetimeRule, readLifetime } from '../preview/lifetime.ts'
import { bodySchemas } from './body-schemas.ts'
import { readBody } from './body.ts'
import { type Finding, problem, sentences } from './problem.ts'
import type { Call, Routes } from './route.ts'
import { json } from './whole.ts'

const previewing =
  (answer: (call: Call, previews: AdminPreviews) => Response | Promise<Response>) =>
  (call: Call): Response | Promise<Response> => {
    const { previews } = call.source
    if (previews !== undefined) return answer(call, previews)
    return problem(409, 'This process was started without a configuration file; there are no previews.')
  }

export const previewRoutes: Routes = {
  'GET /api/previews': {
    summary:
      'Hosts that are served for a while: by which backend, until when, and which configured route has one by now.',
    schema: 'Previews',
    answer: previewing((_, previews) => json({ previews: previews.list(), most: MOST_PREVIEWS })),
  },
  'PUT /api/previews/:host': {
    summary:
      'Serves a host by one backend for a while (201), or by another one, or for longer. A host of a configured route is refused.',
    schema: 'Preview',
    body: { description: 'By whom and for how long.', schema: bodySchemas.putPreview, isRequired: true },
    answer: previewing(async ({ request, params: { host = '' }, origin }, previews) => {
      const body = await readBody(request, 'putPreview')
      if (body.kind === 'refused') return body.response
      const { url, for: time } = body.value
      const forMs = readLifetime(time)
      if (forMs === undefined) return invalid({ key: 'for', rule: lifetimeRule, value: showText(time) })
      const put = await previews.put({ host, url, forMs }, origin)
      if (put.kind === 'refused') return problem(409, put.detail)
      if (put.kind === 'invalid')
        return invalid({
          key: put.key,
          rule: put.rule,
          value: showText(put.key === 'host' ? host : url),
          hint: put.hint,
        })
      return json(put.preview, put.kind === 'added' ? 201 : 200)
    }),
  },
  'DELETE /api/previews/:host': {
    summary: 'Ends a preview: the host is served by the configured routes again.',
    answer: previewing(async ({ params: { host = '' }, origin }, previews) =>
      (await previews.remove(host, origin))
        ? json({ host, removed: true })
        : problem(404, `There is no preview ${host.slice(0, 200)}; GET /api/previews lists them.`),
    ),
  },
}

const invalid = (finding: Finding): Response => problem(422, sentences([finding]), { problems: [finding] })
