/** Whom a client command asks and as whom: its options, then the environment, then the configuration it stands beside. */
import { networkInterfaces } from 'node:os'
import { type Home, homeOf } from '../../core/own-files.ts'
import { formatAddress, type SocketAddress } from '../../core/address.ts'
import type { AdminConfig } from '../../core/config/config.ts'
import { type AdminPlace, findAdminPlace } from '../../core/config/admin-place.ts'
import { isLoopback } from '../../core/config/network.ts'
import { formatProblem } from '../../core/config/problems.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { reachable, urlOf } from '../text/reachable.ts'
import { printable } from '../text/text.ts'

export interface TargetOptions {
  /** `http://…`, `https://…`, `host:port` or `unix:/path`. */
  readonly url?: string
  readonly token?: string
  /** The configuration that the asked edge runs. */
  readonly config?: string
}

/** Of a command that may speak to several. */
export interface TargetsOptions extends Omit<TargetOptions, 'url'> {
  readonly url?: string | readonly string[]
}

export interface AdminTarget {
  /** `http://…`, `https://…` or `unix:/path`. */
  readonly url: string
  /** As it was given; undefined: one that the balancer has kept for our user is looked for, each time anew. */
  readonly token: string | undefined
  /** Where to look; absent: nowhere. */
  readonly home?: Home
  /** Who named the token, for messages: an option, a variable, a file. */
  readonly tokenFrom?: string | undefined
  /** The token is the configuration's, which may not be in force, as after a rollback: one that is kept for our user is tried after it. */
  readonly mayBeAnother?: boolean | undefined
  /** Who asks, where it is not a command: the events of the balancer tell it. */
  readonly client?: 'top'
  /** The configuration that names this address, as people would write it; undefined: it does not come from one. */
  readonly config?: string | undefined
}

/** It cannot be said whom to ask. The message is for people, whole lines without the program's name where a file is at fault. */
export class TargetError extends Error {
  override readonly name = 'TargetError'
  readonly code: number

  constructor(message: string, code: number) {
    super(message)
    this.code = code
  }
}

export const defaultAdminUrl = 'http://127.0.0.1:9900'

/**
 * Address: `--url`, the configuration of `--config`, SMARTEDGE_ADMIN_URL, the configuration in the usual places, the default.
 * Token: `--token`, SMARTEDGE_ADMIN_TOKEN, the configuration's, if that names this address or was named itself: a token
 * goes to nobody else. Throws a `TargetError`.
 */
export function adminTarget(options: TargetOptions, { env, cwd }: Pick<Io, 'env' | 'cwd'>): AdminTarget {
  const named = options.url ?? (options.config === undefined ? env['SMARTEDGE_ADMIN_URL'] || undefined : undefined)
  const url =
    named === undefined ? undefined : readUrl(named, options.url === undefined ? 'SMARTEDGE_ADMIN_URL' : '--url')
  const place = findAdminPlace({ path: options.config, cwd, env })
  // Whoever names an address needs no configuration; what is wrong with one that he names is his to know.
  if (place.kind === 'fault' && (url === undefined || options.config !== undefined))
    throw new TargetError(formatProblem(place.problem), exitCode.badConfig)
  const configured = place.kind === 'place' ? place : undefined
  const target =
    url ?? (configured === undefined ? defaultAdminUrl : configuredUrl(configured, options.config !== undefined))
  const isConfigured = configured?.admin !== undefined && urlsFor(configured.admin.address).includes(target)
  const config = isConfigured ? configured?.file : undefined
  const mayUseToken = isConfigured || options.config !== undefined
  return { url: target, config, home: homeOf(env), ...tokenOf(options, env, mayUseToken ? configured : undefined) }
}

type Configured = AdminPlace & { readonly kind: 'place' }
type Token = Pick<AdminTarget, 'token' | 'tokenFrom' | 'mayBeAnother'>

function tokenOf(options: TargetOptions, env: Io['env'], place: Configured | undefined): Token {
  const sources: readonly Token[] = [
    { token: options.token, tokenFrom: '--token' },
    { token: env['SMARTEDGE_ADMIN_TOKEN'] || undefined, tokenFrom: 'SMARTEDGE_ADMIN_TOKEN' },
    { token: place?.admin?.token?.reveal(), tokenFrom: place?.file, mayBeAnother: true },
  ]
  return sources.find(({ token }) => token !== undefined) ?? { token: undefined }
}

function configuredUrl({ file, admin }: Configured, isNamed: boolean): string {
  const fail = (why: string) => new TargetError(`${file} ${why}`, exitCode.usage)
  if (admin === undefined) throw fail('has no admin API ("admin": false): name one with --url')
  const [url] = urlsFor(admin.address)
  if (url === undefined) throw fail('lets the system choose the port of its admin API: name the address with --url')
  // A file that happens to lie here must not have variables and tokens sent to others.
  if (!isNamed && !isOfThisMachine(admin.address))
    throw fail(
      `has its admin API on ${formatAddress(admin.address)}, no address of this machine: name it with --url or -c`,
    )
  return url
}

function isOfThisMachine(address: SocketAddress): boolean {
  const local = reachable(address)
  if (local.kind === 'unix' || isLoopback(local)) return true
  return Object.values(networkInterfaces()).some((one) => one?.some(({ address }) => address === local.host))
}

/** The ways to write an address that is listened on; none when nobody knows its port yet. */
function urlsFor(address: AdminConfig['address']): string[] {
  if (address.kind === 'unix') return [urlOf(address)]
  if (address.port === 0) return []
  const local = reachable(address)
  const isLocal = local.kind === 'tcp' && ['127.0.0.1', '::1'].includes(local.host)
  return [urlOf(address), ...(isLocal ? [urlOf({ ...address, host: 'localhost' })] : [])]
}

/** Throws unless it is an address; without a scheme it is HTTP, a path is a Unix socket. `key`: where it was written. */
function readUrl(text: string, key: string): string {
  const url = /^(?:\[[\da-f:.]+\]|[\w.-]+):\d{1,5}\/?$/i.test(text)
    ? `http://${text}`
    : text.replace(/^\/(?=.)/, 'unix:/')
  if (/^unix:\/./.test(url)) return url
  if (/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return url.replace(/\/$/, '')
  throw new TargetError(
    `${key} must be host:port, http://host:port, https://host:port or unix:/path, got '${printable(text)}'`,
    exitCode.usage,
  )
}
