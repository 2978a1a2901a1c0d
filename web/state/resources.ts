/** What the page asks for beside the stream, and when. Pure. */
import type { View } from './views.ts'

export type Resource = 'status' | 'config' | 'generations' | 'reloads' | 'explain'

export type Fetched =
  | { readonly kind: 'none' }
  | { readonly kind: 'ok'; readonly body: unknown }
  /** `status`: of the answer; undefined: there was none. */
  | { readonly kind: 'failed'; readonly reason: string; readonly status: number | undefined }

/** Which explained requests are wanted: the balancer looks through all it keeps. */
export interface ExplainChoices {
  /** `5xx`, `none`; empty: any. */
  readonly status: string
  readonly slowerMs: number
}

/** Below the page's address; begins with a slash. */
export function resourcePath(resource: Resource, choices: ExplainChoices): string {
  switch (resource) {
    case 'status':
      return '/api/status'
    case 'config':
      return '/api/config'
    case 'generations':
      return '/api/config/generations'
    case 'reloads':
      return '/api/reloads'
    case 'explain':
      return explainPath(choices)
  }
}

function explainPath({ status, slowerMs }: ExplainChoices): string {
  const query = [
    'last=50',
    ...(status === '' ? [] : [`status=${status}`]),
    ...(slowerMs > 0 ? [`slower=${slowerMs}ms`] : []),
  ]
  return `/api/explain?${query.join('&')}`
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
