/** The page at the bare address: the dashboard for browsers, what there is to ask for to everybody else. */
import { VERSION } from '../version.ts'
import { accepts } from './accepted.ts'
import { type PageFile, pageFiles } from './page-files.ts'
import { problem } from './problem.ts'
import type { AdminRequest } from './request.ts'
import type { Routes } from './route.ts'
import { packFile, staticAnswer, type StaticFile } from './static-answer.ts'
import { json } from './whole.ts'

/** For people who begin with the bare address. */
const links = {
  status: '/api/status',
  pools: '/api/pools',
  clients: '/api/clients',
  plans: '/api/plans',
  config: '/api/config',
  generations: '/api/config/generations',
  reloads: '/api/reloads',
  explain: '/api/explain',
  bans: '/api/bans',
  events: '/api/events',
  metrics: '/metrics',
  health: '/health',
  ready: '/ready',
  description: '/openapi.json',
  reference: '/api',
} as const

export const pageRoutes: Routes = {
  'GET /': {
    summary: 'The dashboard, for whoever accepts text/html; else what there is to ask for, as JSON.',
    need: 'public',
    contentType: 'text/html',
    tag: 'told',
    answer: ({ request, refuse }) =>
      accepts(request.field('accept'), 'text/html')
        ? fileAnswer(request, 'index.html')
        : (refuse('read') ??
          json({ name: 'SmartEdge admin API', version: VERSION, ...links }, 200, { vary: 'accept' })),
  },
  'GET /page/:file': {
    summary: 'What the dashboard is made of.',
    need: 'public',
    contentType: '*/*',
    tag: 'told',
    answer: ({ request, params: { file = '' } }) => fileAnswer(request, `page/${file}`),
  },
}

/** No text that becomes markup: https://www.w3.org/TR/trusted-types/ */
const policy = ["img-src 'self'", "require-trusted-types-for 'script'", "trusted-types 'none'"]

/** All but the page itself have names that change with what they hold. */
const howOf = ({ path, text }: PageFile) => ({
  read: () => Promise.resolve(text),
  policy,
  ...(path === 'index.html' ? { vary: 'accept' } : { cache: 'public, max-age=31536000, immutable' }),
})

/** Once somebody has asked for them. */
const packed = new Map<string, StaticFile>()

async function fileAnswer(request: AdminRequest, path: string): Promise<Response> {
  const file = (await pageFiles()).get(path)
  if (file === undefined) return problem(404, 'The page has no such file; it may be of another version: load it again.')
  const known = packed.get(path) ?? (await packFile(file.type, file.text))
  packed.set(path, known)
  return await staticAnswer(request, known, howOf(file))
}
