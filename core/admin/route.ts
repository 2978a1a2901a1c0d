/** What a route of the admin API is, and which one a request asks for. */
import type { Need } from './access.ts'
import { needOf, type Operation } from './openapi.ts'
import type { AdminRequest } from './request.ts'
import type { AdminSource } from './source.ts'

export interface Route extends Operation {
  answer(call: Call): Response | Promise<Response>
}

export interface Call {
  readonly source: AdminSource
  readonly request: AdminRequest
  /** What stands for `:pool` and the like, decoded. */
  readonly params: Readonly<Record<string, string>>
  /** Who asks, for logs: `cli from 127.0.0.1`. */
  readonly origin: string
  /** Resolves in a turn of the event loop of its own: whoever works on many things lets traffic in between. */
  readonly turn: () => Promise<void>
  /** The refusal, where what this request asks for needs more than its route does. */
  readonly refuse: (need: Need) => Response | undefined
}

/** By `METHOD /path/:param`. GET also answers HEAD. */
export type Routes = Readonly<Record<string, Route>>

export type Found =
  | {
      readonly kind: 'route'
      readonly route: Route
      readonly need: Need
      readonly params: Readonly<Record<string, string>>
    }
  /** The path is there; `allow` lists its methods. */
  | { readonly kind: 'wrong-method'; readonly allow: string }
  | { readonly kind: 'none' }

/** `path` as sent, without a query; a parameter that is no valid percent-encoding matches nothing. */
export function findRoute(routes: Routes, method: string, path: string): Found {
  const asked = method === 'HEAD' ? 'GET' : method
  const methods: string[] = []
  for (const [key, route] of Object.entries(routes)) {
    const [name = '', template = ''] = key.split(' ')
    const params = matchPath(template, path)
    if (params === undefined) continue
    if (name === asked) return { kind: 'route', route, need: needOf(key, route), params }
    methods.push(...(name === 'GET' ? ['GET', 'HEAD'] : [name]))
  }
  return methods.length === 0 ? { kind: 'none' } : { kind: 'wrong-method', allow: methods.join(', ') }
}

function matchPath(template: string, path: string): Readonly<Record<string, string>> | undefined {
  if (!template.includes(':')) return template === path ? {} : undefined
  const [expected, given] = [template.split('/'), path.split('/')]
  if (expected.length !== given.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, step] of expected.entries()) {
    const value = given[index] ?? ''
    if (!step.startsWith(':')) {
      if (step !== value) return undefined
      continue
    }
    const decoded = decode(value)
    if (decoded === undefined || decoded === '') return undefined
    params[step.slice(1)] = decoded
  }
  return params
}

function decode(step: string): string | undefined {
  try {
    return decodeURIComponent(step)
  } catch {
    return undefined
  }
}
