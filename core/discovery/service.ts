/** A service that is asked over HTTP for members: what is sent with each question, and whom a certificate is taken from. */
import type { ServiceTls } from '../net/service-request.ts'
import type { ServiceField, TlsFiles } from './policy.ts'

/** A text that is there; undefined: it cannot be read. */
export type ReadPem = (path: string) => string | undefined

export type Tls =
  { readonly kind: 'tls'; readonly tls: ServiceTls | undefined } | { readonly kind: 'fault'; readonly reason: string }

export function readTls(files: TlsFiles | undefined, readPem: ReadPem): Tls {
  if (files === undefined) return { kind: 'tls', tls: undefined }
  const tls: Record<string, string> = {}
  for (const [name, path] of Object.entries(files)) {
    if (path === undefined) continue
    const text = readPem(path)
    if (text === undefined) return { kind: 'fault', reason: `${path} cannot be read` }
    tls[name] = text
  }
  return { kind: 'tls', tls }
}

/** Nothing is ever compressed: to unpack it would take an unknown amount of memory. */
const ALWAYS: readonly (readonly [string, string])[] = [
  ['accept', 'application/json'],
  ['accept-encoding', 'identity'],
]

/** Fields of one question, those given by the config last. */
export const fieldsOf = (
  given: readonly ServiceField[],
  further: readonly (readonly [string, string])[] = [],
): readonly (readonly [string, string])[] => {
  const fields = new Map([...ALWAYS, ...further])
  for (const { name, value } of given) fields.set(name, value.reveal())
  return [...fields]
}
