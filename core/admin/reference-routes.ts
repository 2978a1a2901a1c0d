/**
 * The API's reference as a page: Swagger UI over `/openapi.json`, served from here alone. The page and its files say nothing
 * that needs guarding, and a browser that is to show them has no token yet; what they then fetch is guarded as ever.
 */
import { readFile } from 'node:fs/promises'
import { ownFile, packageFile } from '../own-place.ts'
import { problem } from './problem.ts'
import type { AdminRequest } from './request.ts'
import type { Routes } from './route.ts'
import { packFile, staticAnswer, type StaticFile } from './static-answer.ts'

const page = 'page.html'

export const referenceRoutes: Routes = {
  'GET /api': {
    summary: 'The reference of this API, as a page to read and to try it by.',
    need: 'public',
    contentType: 'text/html',
    tag: 'told',
    answer: ({ request }) => fileAnswer(request, page),
  },
  'GET /api/reference/:file': {
    summary: 'What that page is made of.',
    need: 'public',
    contentType: '*/*',
    tag: 'told',
    answer: ({ request, params: { file = '' } }) => fileAnswer(request, file),
  },
}

const own = (name: string): string => ownFile(`core/admin/reference/${name}`)

/** Looked for when it is asked for: who never reads the page can do without the package. */
const swagger = (name: string) => (): string => packageFile(`swagger-ui-dist/${name}`)

interface Asset {
  readonly type: string
  readonly path: () => string
}

const assets: ReadonlyMap<string, Asset> = new Map([
  [page, { type: 'text/html; charset=utf-8', path: () => own(page) }],
  ['page.css', { type: 'text/css; charset=utf-8', path: () => own('page.css') }],
  ['page.js', { type: 'text/javascript; charset=utf-8', path: () => own('page.js') }],
  ['swagger-ui.css', { type: 'text/css; charset=utf-8', path: swagger('swagger-ui.css') }],
  ['swagger-ui-bundle.js', { type: 'text/javascript; charset=utf-8', path: swagger('swagger-ui-bundle.js') }],
])

/** Pictures stand in the style sheet. */
const policy = ["img-src 'self' data:"]

/** Once somebody has asked for them: 0.4 MB in all, where the files have 1.6. */
const packed = new Map<string, StaticFile>()

async function fileAnswer(request: AdminRequest, name: string): Promise<Response> {
  const asset = assets.get(name)
  if (asset === undefined) return problem(404, `The page has no such file; it has ${[...assets.keys()].join(', ')}.`)
  const read = (): Promise<Uint8Array<ArrayBuffer>> => readFile(asset.path())
  try {
    const file = packed.get(name) ?? (await packFile(asset.type, await read()))
    packed.set(name, file)
    return await staticAnswer(request, file, { read, policy })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return problem(500, `The page’s ${name} cannot be read (${reason}); /openapi.json says the same to programs.`)
  }
}
