/**
 * Where a fleet's config is: `etcd://host:port/key`, `consul://host:port/key` or `https://…`, and as whom it is asked for.
 * Pure. Whoever is asked as whom is never shown: `name` has none of it, and faults quote nothing in front of an `@`.
 */
import { createHash } from 'node:crypto'
import { isLoopback, parseBackendUrl } from '../config/network.ts'
import { quote } from '../config/read/show.ts'
import type { TlsFiles } from '../discovery/policy.ts'
import { Secret } from '../secrets.ts'

export interface SourceAddress {
  readonly kind: 'etcd' | 'consul' | 'http'
  /** For people: without credentials, and without the query of a URL. */
  readonly name: string
  /** The same for the same place, whoever asks: 16 hex digits. */
  readonly id: string
  /** One of them is asked, and the next when it fails. At least one; of `http` the URL itself, without credentials. */
  readonly endpoints: readonly string[]
  /** Not empty; empty for `http`. */
  readonly key: string
  readonly user: { readonly name: string; readonly password: Secret } | undefined
  readonly token: Secret | undefined
  readonly tls: TlsFiles | undefined
}

export type ReadAddress =
  | { readonly kind: 'source'; readonly source: SourceAddress }
  /** In words, behind `--config`. */
  | { readonly kind: 'fault'; readonly rule: string }

type Env = Readonly<Record<string, string | undefined>>

interface Scheme {
  readonly kind: SourceAddress['kind']
  readonly protocol: 'http' | 'https'
  readonly port: number
}

const schemes: Readonly<Record<string, Scheme>> = {
  etcd: { kind: 'etcd', protocol: 'http', port: 2379 },
  etcds: { kind: 'etcd', protocol: 'https', port: 2379 },
  consul: { kind: 'consul', protocol: 'http', port: 8500 },
  consuls: { kind: 'consul', protocol: 'https', port: 8501 },
  http: { kind: 'http', protocol: 'http', port: 80 },
  https: { kind: 'http', protocol: 'https', port: 443 },
}

/** Whether it is no file: it begins with a scheme. */
export const isSource = (text: string): boolean => /^[a-z][a-z\d+.-]*:\/\//i.test(text)

/** What `--config` says, else SMARTEDGE_CONFIG, where that is a source; undefined: a file, or nothing. */
export function sourceOf(config: string | undefined, env: Env): string | undefined {
  const named = config ?? env['SMARTEDGE_CONFIG'] ?? ''
  return isSource(named) ? named : undefined
}

/** `text`: what `isSource` says yes to. Never throws. */
export function readAddress(text: string, env: Env): ReadAddress {
  const [, name = '', authority = '', rest = ''] = /^([^:]*):\/\/([^/?#]*)(.*)$/s.exec(text) ?? []
  const scheme = Object.hasOwn(schemes, name.toLowerCase()) ? schemes[name.toLowerCase()] : undefined
  if (scheme === undefined)
    return { kind: 'fault', rule: 'must be a file, or begin with etcd://, etcds://, consul://, consuls:// or https://' }
  const at = authority.lastIndexOf('@')
  const hosts = readHosts(authority.slice(at + 1), scheme)
  if (hosts.kind === 'fault') return hosts
  const credentials = readCredentials(authority.slice(0, Math.max(0, at)), scheme.kind, env)
  if (credentials.kind === 'fault') return credentials
  const tls = scheme.protocol === 'https' ? tlsOf(env) : undefined
  const place = scheme.kind === 'http' ? readUrl(hosts.endpoints, rest) : readKey(hosts.endpoints, rest)
  if (place.kind === 'fault') return place
  const { endpoints, key, path } = place
  const id = createHash('sha256')
    .update([scheme.kind, ...endpoints, key].join('\n'))
    .digest('hex')
    .slice(0, 16)
  const { user, token } = credentials
  const shown = `${name.toLowerCase()}://${hosts.shown}${path}`
  return { kind: 'source', source: { kind: scheme.kind, name: shown, id, endpoints, key, user, token, tls } }
}

type Fault = ReadAddress & { kind: 'fault' }
const fault = (rule: string): Fault => ({ kind: 'fault', rule })

/** `one:2379,two`: a port that is left out is the usual one. */
function readHosts(text: string, { kind, protocol, port }: Scheme) {
  const parts = text.split(',')
  if (kind === 'http' && parts.length > 1) return fault('must name one host')
  const endpoints: string[] = []
  for (const part of parts) {
    const whole = /:\d+$/.test(part) ? part : `${part}:${port}`
    const parsed = parseBackendUrl(`http://${whole}`)
    if (parsed.kind === 'fault') return fault(`must have host:port behind its scheme, got ${quote(part)}`)
    // To whoever is asked in the open, the config and all its secrets go in the open, too.
    if (kind === 'http' && protocol === 'http' && !isLoopback(parsed.value.address))
      return fault('must begin with https://, since http:// is for this machine alone')
    endpoints.push(`${protocol}://${kind === 'http' && whole === `${part}:${port}` ? part : whole}`)
  }
  return { kind: 'hosts', endpoints, shown: text } as const
}

/** A key of etcd or Consul: what stands behind the slash, which is no part of it. */
function readKey(endpoints: readonly string[], rest: string) {
  if (/[?#]/.test(rest)) return fault('must end behind its key: certificates are named by SMARTEDGE_CONFIG_CA and such')
  const key = decoded(rest.slice(1))
  if (key === undefined || key === '' || key.endsWith('/') || /\p{Cc}/u.test(key) || key.length > 500)
    return fault('must name a key behind the host, such as etcd://127.0.0.1:2379/smartedge')
  return { kind: 'place', endpoints, key, path: rest } as const
}

function readUrl([endpoint = '']: readonly string[], rest: string) {
  const url = URL.parse(`${endpoint}${rest}`)
  if (url === null) return fault('must be a URL')
  url.hash = ''
  return { kind: 'place', endpoints: [url.href], key: '', path: url.pathname } as const
}

/** Of the URL, else of the environment. */
function readCredentials(userinfo: string, kind: SourceAddress['kind'], env: Env) {
  const [, first = '', , second = ''] = /^([^:]*)(:(.*))?$/s.exec(userinfo) ?? []
  const [name, password] = [decoded(first), decoded(second)]
  if (name === undefined || password === undefined)
    return fault('must have its user and password percent-encoded, where they stand in it')
  const userName = name || env['SMARTEDGE_CONFIG_USER'] || ''
  const secret = password || env['SMARTEDGE_CONFIG_PASSWORD'] || ''
  // Consul knows no users: a token may stand in either place.
  const written = kind === 'consul' ? password || name : ''
  const token = written || env['SMARTEDGE_CONFIG_TOKEN'] || ''
  const user = kind === 'consul' || userName === '' ? undefined : { name: userName, password: new Secret(secret) }
  if (!isFieldText(token)) return fault('must have a token of plain characters')
  return { kind: 'credentials', user, token: token === '' ? undefined : new Secret(token) } as const
}

/** What may stand in a header field. */
const isFieldText = (text: string): boolean => /^[ -~]*$/.test(text)

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function tlsOf(env: Env): TlsFiles | undefined {
  const [ca, cert, key] = ['CA', 'CERT', 'KEY'].map((name) => env[`SMARTEDGE_CONFIG_${name}`] || undefined)
  return ca === undefined && cert === undefined && key === undefined ? undefined : { ca, cert, key }
}
