/**
 * What a rule's patterns mean, and whether its conditions beyond the host hold for a request. Pure.
 *
 * Hosts are compared in lower case and without a port. The rest is compared byte for byte; paths are never decoded nor
 * cleaned, because the target's bytes are forwarded unchanged: what a rule saw is what the backend reads. Hence
 * `/v1/../admin` does match `/v1/*`, and a backend that resolves dot segments serves `/admin`. A route is no access
 * control; matching a cleaned copy would only hide that, since backends differ in how they clean (RFC 3986 6.2).
 */
import type { RouteMatch } from './route.ts'

/**
 * What rules may ask of a request. `RouteTable.needs` says which of the four are ever read; the others may be constants.
 * Texts hold one char per byte (latin1), as they came. Host and path are read once at most, so they may be getters.
 */
export interface RouteRequest {
  /** Lower case, without a port; undefined when the request names none. */
  readonly host: string | undefined
  /** The target's path without query; `*` for `OPTIONS *`. */
  readonly path: string
  readonly method: string
  /** Whether some field line of that (lower-case) name has exactly that value. */
  hasField(name: string, value: string): boolean
}

/** A rule's conditions but the host's, ready to compare. */
export interface Conditions {
  readonly path: string | undefined
  /** Whether `path` is the beginning that a request's path must have, and not the whole. */
  readonly isPrefix: boolean
  readonly methods: readonly string[] | undefined
  readonly fields: readonly { readonly name: string; readonly value: string }[]
}

/** Of `*.example.com` the `.example.com` that a host must end in (any depth, never bare); undefined when exact. */
export function hostSuffix(pattern: string): string | undefined {
  return pattern.startsWith('*.') ? pattern.slice(1) : undefined
}

/** `/v1/*` holds for `/v1/` and `/v1/a/b`, not for `/v1`. A pattern without `*` at its end is exact. */
export function compileConditions(match: RouteMatch): Conditions {
  const isPrefix = match.path?.endsWith('*') ?? false
  return {
    path: match.path === undefined ? undefined : asBytes(isPrefix ? match.path.slice(0, -1) : match.path),
    isPrefix,
    methods: match.methods,
    fields: match.headers.map((field) => ({ name: field.name, value: asBytes(field.value.reveal()) })),
  }
}

/** Whether every one of `conditions` holds; absent ones do. `path` is the request's, read once for all rules. */
export function holds(conditions: Conditions, path: string, request: RouteRequest): boolean {
  const { path: wanted, methods, fields } = conditions
  if (wanted !== undefined && !(conditions.isPrefix ? path.startsWith(wanted) : path === wanted)) return false
  if (methods !== undefined && !methods.includes(request.method)) return false
  return fields.length === 0 || haveFields(request, fields)
}

// Apart, so that rules which ask for none make no closure.
const haveFields = (request: RouteRequest, fields: Conditions['fields']): boolean =>
  fields.every(({ name, value }) => request.hasField(name, value))

/** The config's text is UTF-8, a request's is one char per byte: `/é` in a rule must meet the bytes C3 A9. */
function asBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
