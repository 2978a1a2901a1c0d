/** Certificates: which there are, ordering one now, and bringing one along. */
import { bodySchemas } from './body-schemas.ts'
import { readBody } from './body.ts'
import { nothing } from './controlled.ts'
import { type Finding, problem, sentences } from './problem.ts'
import type { Routes } from './route.ts'
import { json } from './whole.ts'

export const certificateRoutes: Routes = {
  'GET /api/certificates': {
    summary: 'Certificates that listeners serve, and names that have none yet; never a key.',
    schema: 'Certificates',
    answer: ({ source }) => json({ certificates: source.certificates?.list() ?? [] }),
  },
  'POST /api/certificates': {
    summary: 'Keeps a certificate for the names in `listeners.X.tls.acme` that it is for; it serves at once.',
    status: 201,
    body: { description: 'The certificate.', schema: bodySchemas.importCertificate, isRequired: true },
    async answer({ source, request, origin }) {
      const body = await readBody(request, 'importCertificate')
      if (body.kind === 'refused') return body.response
      const imported = await source.certificates?.import(body.value, origin)
      if (imported?.kind === 'imported') return json({ names: imported.names, notAfter: imported.notAfter }, 201)
      if (imported?.kind === 'unkept') return problem(503, `It could not be kept: ${imported.reason}.`)
      const finding: Finding = imported ?? { key: 'certificate', rule: 'has no listener that could serve it' }
      return problem(422, sentences([finding]), { problems: [{ key: finding.key, rule: finding.rule }] })
    },
  },
  'POST /api/certificates/:name/renew': {
    summary: 'Orders a certificate for that name now, whatever its dates say.',
    status: 202,
    body: nothing,
    answer({ source, params, origin }) {
      const { name = '' } = params
      if (source.certificates?.renew(name.toLowerCase(), origin)) return json({ name: name.toLowerCase() }, 202)
      return problem(
        404,
        `No certificate is ordered for ${name.slice(0, 100)}; GET /api/certificates lists those that are.`,
      )
    },
  },
}
