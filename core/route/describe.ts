/** A rule's conditions in words, for people. Pure. */
import type { RouteMatch } from './route.ts'

/** `GET|POST api.example.com/v1/* x-canary=1`; `*` for a rule that takes everything. */
export function describeMatch({ host, path, methods, headers }: RouteMatch): string {
  const place = `${host ?? ''}${path ?? ''}`
  const fields = headers.map(({ name, value }) => `${name}=${value}`)
  return [methods?.join('|') ?? '', place, ...fields].filter((part) => part !== '').join(' ') || '*'
}
