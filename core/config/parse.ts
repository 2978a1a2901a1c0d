/** Text -> Config, or everything that is wrong with it. Pure: what other files hold is handed in. */
import { findNodeAtLocation, type Node } from 'jsonc-parser'
import type { ListenAddress } from '../address.ts'
import type { Config, ListenerConfig, RouteConfig, TcpRouteConfig } from './config.ts'
import { defaults } from './defaults.ts'
import { createProblemList, type Problem } from './problems.ts'
import type { Env } from './read/expand.ts'
import type { Value } from './read/field.ts'
import { type Attachment, createReading, formatKey, type MayRead, type Need, type Reading } from './read/reading.ts'
import { readTree } from './read/tree.ts'
import { configFile } from './schema.ts'
import { checkNames } from './schema/acme.ts'
import { checkClaims, type Claim, type Written } from './schema/addresses.ts'
import { defaultListenerAddress, type ListenerDraft } from './schema/listener.ts'
import { warnOfIdleGeo, warnOfIdlePools, warnOfIdleRouteKeys } from './schema/idle-keys.ts'
import { tcpRoutesOf } from './schema/listener-tcp.ts'
import { checkRoutes, reportGrpcWeb, reportKeys, reportTracing, warnOfCertificates } from './schema/route.ts'
import { stickyIn } from './schema/sticky.ts'

export interface ParseOptions {
  /** Absolute path of the file that holds the text; relative paths in it start at its folder. */
  readonly file: string
  /** What problems call it; absent: by its path. */
  readonly name?: string | undefined
  /** Absolute; problems name files relative to it. */
  readonly cwd: string
  readonly env: Env
  /** Absent: every text may read every variable. */
  readonly mayRead?: MayRead | undefined
  /** What became of the files it names, by absolute path. */
  readonly attachments: ReadonlyMap<string, Attachment>
}

export type Parsed =
  | {
      readonly kind: 'config'
      readonly config: Config
      /** Of what may be run, and is hardly meant. */
      readonly warnings: readonly Problem[]
    }
  /** Call again with these attached. */
  | { readonly kind: 'needs'; readonly needs: readonly Need[] }
  /** `omitted`: how many more there are than those listed. */
  | {
      readonly kind: 'problems'
      readonly problems: readonly Problem[]
      readonly omitted: number
      /** undefined: a problem concerns more than pools. */
      readonly rest: Rest | undefined
    }

/** A config whose problems all lie inside pools. */
export interface Rest {
  /** To be trusted in everything but the faulty pools. */
  readonly config: Config
  readonly faultyPools: readonly string[]
}

/** Never throws, whatever the text. */
export function parseConfig(text: string, { file, name, attachments, ...surroundings }: ParseOptions): Parsed {
  const source = text.replace(/^\uFEFF/, '')
  const problems = createProblemList()
  const warnings = createProblemList()
  const needs = new Map<string, Need>()
  const names = new Map(name === undefined ? [] : [[file, name]])
  const reading = createReading(file, source, { ...surroundings, names, problems, warnings, attachments, needs })
  const tree = readTree(source)
  reading.reportTree(tree)
  const { root } = tree
  const raw = root && configFile.read(root, reading)
  const config = root && raw && assemble(raw, root, reading)
  const pending = [...needs.values()].filter((need) => !attachments.has(need.path))
  if (pending.length > 0) return { kind: 'needs', needs: pending }
  const found = problems.sorted()
  if (config !== undefined && found.length === 0) return { kind: 'config', config, warnings: warnings.sorted() }
  const faultyPools = problems.pools()
  const rest = config && faultyPools && { config, faultyPools }
  return { kind: 'problems', problems: found, omitted: problems.omitted(), rest }
}

type Raw = NonNullable<Value<typeof configFile>>

/** Brings the parts together and checks what concerns several of them. */
function assemble(raw: Raw, root: Node, reading: Reading): Config | undefined {
  const pools = raw.pools ?? []
  if (['pools', 'providers'].every((key) => findNodeAtLocation(root, [key]) === undefined))
    reading.report(root, { rule: 'is required' }, { child: 'pools' })
  checkClaims(claimsOf(raw), reading)
  const tcpRoutes = tcpRoutesOf(raw.listeners ?? [], pools, raw.timeouts.tunnel, reading)
  const routes = resolveRoutes(raw, { root, tcpRoutes }, reading)
  const hosts = routes.flatMap(({ match }) => match.host ?? [])
  // Providers may name hosts later.
  if (raw.providers === undefined) checkNames(orderingIn(raw, root), hosts, reading)
  warnOfIdleGeo(root, pools, reading)
  if (raw.limits === undefined) return undefined
  return {
    listeners: listenersOf(raw),
    admin: raw.admin?.config,
    trustedProxies: raw.trustedProxies ?? [],
    limits: raw.limits,
    timeouts: {
      headMs: raw.timeouts.head,
      bodyMs: raw.timeouts.body,
      keepAliveMs: raw.timeouts.keepAlive,
      tunnelMs: raw.timeouts.tunnel,
    },
    halfClose: raw.halfClose,
    transport: raw.transport,
    shutdownDelayMs: raw.shutdownDelay,
    shutdownTimeoutMs: raw.shutdownTimeout,
    drainTimeoutMs: raw.drainTimeout,
    geo: raw.geo,
    clients: raw.clients?.store && { store: raw.clients.store },
    ...(raw.clients?.redis && { redis: raw.clients.redis }),
    overload: raw.overload,
    accessLog: raw.log?.access,
    ...(raw.tracing && { tracing: raw.tracing }),
    explain: raw.explain,
    ban: raw.ban,
    ...(raw.providers && { providers: raw.providers }),
    routes,
    tcpRoutes,
    pools: pools.map(({ name, value }) => ({ name, ...value, sticky: stickyIn(name, value.sticky) })),
  }
}

function listenersOf({ listeners }: Raw): ListenerConfig[] {
  const configured = listeners ?? [{ name: 'default', value: undefined }]
  const securePort = securePortOf(configured)
  return configured.flatMap(({ name, value }) => {
    const addresses = value?.addresses?.map((written) => written.value ?? defaultListenerAddress)
    return (addresses ?? [defaultListenerAddress]).map((address) => listenerAt({ name, address, securePort }, value))
  })
}

interface Placed {
  readonly name: string
  readonly address: ListenAddress
  /** That of HTTPS, for who is sent there. */
  readonly securePort: number
}

/** Each address is a listener of its own, under one name. */
function listenerAt({ name, address, securePort }: Placed, draft: ListenerDraft | undefined): ListenerConfig {
  const isUnix = address.kind === 'unix'
  const { tcp, tls } = draft ?? {}
  return {
    name,
    address,
    reusePort: draft?.reusePort === true && !isUnix,
    deferAccept: (draft?.deferAccept ?? true) && !isUnix,
    permissions: isUnix ? draft?.permissions : undefined,
    ...(draft?.options && { options: draft.options }),
    mode: tcp === undefined ? 'http' : tcp.isPassthrough ? 'passthrough' : 'tcp',
    ...(draft?.engine === 'serve' && { engine: draft.engine }),
    ...(draft?.http3 && { http3: draft.http3 }),
    ...(tls && { tls }),
    ...(draft?.http2 !== undefined && { http2: draft.http2 }),
    ...(draft?.proxyProtocol && { proxyProtocol: draft.proxyProtocol }),
    ...(draft?.redirect && { redirect: { port: draft.redirect.port ?? securePort } }),
  }
}

/** The listeners that order certificates, with where they say so. */
const orderingIn = ({ listeners }: Raw, root: Node) =>
  (listeners ?? []).flatMap(({ name, value: { tls } }) => {
    const node = findNodeAtLocation(root, ['listeners', name, 'tls', 'acme'])
    return tls?.acme === undefined || node === undefined ? [] : [{ policy: tls.acme, node }]
  })

/** Where the only listener is that ends TLS. */
function securePortOf(listeners: readonly { readonly value: ListenerDraft | undefined }[]): number {
  const ports = listeners.flatMap(({ value }) => {
    if (value?.tls === undefined || value.tcp !== undefined) return []
    const addresses = value.addresses?.map((written) => written.value) ?? [defaultListenerAddress]
    return addresses.flatMap((address) => (address?.kind === 'tcp' ? [address.port] : []))
  })
  const [only = 443] = ports
  return new Set(ports).size === 1 ? only : 443
}

/** Where an address was faulty nothing is claimed, so that one mistake is one problem. */
function claimsOf(raw: Raw): Claim[] {
  const claims = (raw.listeners ?? [undefined]).flatMap((entry): Claim[] => {
    const key = formatKey(['listeners', entry?.name ?? 'default'])
    return claimsAt(key, entry?.value.addresses ?? [undefined], { address: defaultListenerAddress, node: entry?.key })
  })
  if (raw.admin === undefined) return claims
  const { config, address: written } = raw.admin
  return [...claims, ...claimsAt('admin', [written], { address: config.address, node: undefined })]
}

/** `absent`: what holds where nothing is written. */
const claimsAt = (
  key: string,
  all: readonly (Written<ListenAddress> | undefined)[],
  absent: Omit<Claim, 'key'>,
): Claim[] =>
  all.flatMap((written) => {
    if (written === undefined) return [{ key, ...absent }]
    return written.value === undefined ? [] : [{ key, address: written.value, node: written.node }]
  })

interface Surrounding {
  readonly root: Node
  readonly tcpRoutes: readonly TcpRouteConfig[]
}

/**
 * Without routes the only pool serves everything; those of TCP mode are not counted where there are others. With providers, which
 * may bring some, an empty list says that it does not.
 */
function resolveRoutes(raw: Raw, { root, tcpRoutes }: Surrounding, reading: Reading): RouteConfig[] {
  const pools = raw.pools ?? []
  const ofTcp = new Set(tcpRoutes.map(({ pool }) => pool))
  const drafts = raw.routes ?? []
  checkRoutes(drafts, pools, reading)
  reportGrpcWeb(drafts, pools, reading)
  if (findNodeAtLocation(root, ['clients']) === undefined) reportKeys(drafts, reading)
  if (findNodeAtLocation(root, ['tracing']) === undefined) reportTracing(drafts, reading)
  if (!asksForCertificates(raw)) warnOfCertificates(drafts, reading)
  const mayBeLedTo = raw.providers !== undefined
  if (raw.routes !== undefined && drafts.length === 0 && !mayBeLedTo) warnOfNoRoutes(root, reading)
  if (drafts.length > 0) {
    warnOfIdleRouteKeys(drafts, pools, raw.overload !== undefined, reading)
    if (!mayBeLedTo) warnOfIdlePools([...drafts.map(({ pool }) => pool.value), ...ofTcp], pools, reading)
    return drafts.map(({ pool, ...draft }) => ({ ...draft, pool: pool.value }))
  }
  if (listenersOf(raw).every(({ mode }) => mode !== 'http')) return []
  const ofHttp = pools.filter(({ name }) => !ofTcp.has(name))
  const [only, another] = ofHttp.length > 0 ? ofHttp : pools
  if (mayBeLedTo && (another !== undefined || raw.routes !== undefined)) return []
  // Which pools are left for HTTP is not known where a listener in TCP mode is itself faulty.
  if (another !== undefined && isTcpSound(raw, ofTcp))
    reading.report(root, { rule: 'is required when there are several pools' }, { child: 'routes' })
  const everything = { host: undefined, path: undefined, methods: undefined, headers: [] }
  return only === undefined ? [] : [{ match: everything, pool: only.name, priority: defaults['route.priority'].value }]
}

const asksForCertificates = ({ listeners = [] }: Raw): boolean =>
  listeners.some(({ value: { tcp, tls } }) => tcp === undefined && tls?.clients !== undefined)

const isTcpSound = ({ listeners = [], pools = [] }: Raw, ofTcp: ReadonlySet<string>): boolean =>
  listeners.every(({ value }) => value.tcp?.routes.length !== 0) &&
  [...ofTcp].every((name) => pools.some((pool) => pool.name === name))

/** An item that is faulty is none either, and is told as such: only a list that is empty in the file is meant. */
function warnOfNoRoutes(root: Node, reading: Reading): void {
  const list = findNodeAtLocation(root, ['routes'])
  if (list?.children?.length === 0)
    reading.warn(list, {
      rule: 'is empty, so that the only pool serves everything',
      hint: 'leave it out if that is meant',
    })
}
