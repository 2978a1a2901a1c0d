/** What the page asks for beside the stream, and when. Pure. */
import type { View } from './views.ts'

export type Resource = 'status' | 'config' | 'generations' | 'reloads' | 'explain'

export type Fetched =
  | { readonly kind: 'none' }
  | { readonly kind: 'ok'; readonly body: unknown }
  /** `status`: of the answer; undefined: there was none. */
  | { readonly kind: 'failed'; readonly reason: string; readonly status: number | undefined }

/** Below the page's address. */
export const resourcePaths: Readonly<Record<Resource, string>> = {
  status: 'api/status',
  config: 'api/config',
  generations: 'api/config/generations',
  reloads: 'api/reloads',
  explain: 'api/explain',
}

const resourcesOfViews: Readonly<Record<View, readonly Resource[]>> = {
  overview: [],
  latency: [],
  requests: ['explain'],
  history: ['reloads'],
  config: ['config', 'generations'],
  limits: ['status'],
}

/** What a screen needs when it opens, and when another generation or reload is told. */
export const resourcesOf = (view: View): readonly Resource[] => resourcesOfViews[view]

/** What changes without the stream saying so. */
const living: ReadonlySet<Resource> = new Set<Resource>(['explain', 'status'])

/** What of a screen is asked for again every few seconds. */
export const polledOf = (view: View): readonly Resource[] => resourcesOf(view).filter((one) => living.has(one))
