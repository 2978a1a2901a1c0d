/** Events in words, for people: what happened, and how much it matters. Pure. */
import { formatDuration } from '../config/read/units.ts'
import type { EdgeEvent } from '../observe/events.ts'
import { counted } from './amounts.ts'
import type { WatchedEvent } from './feed-format.ts'

export type Level = 'info' | 'warn' | 'error'

export interface Described {
  readonly level: Level
  readonly message: string
}

const info = (message: string): Described => ({ level: 'info', message })
const warn = (message: string): Described => ({ level: 'warn', message })
const error = (message: string): Described => ({ level: 'error', message })

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

type Kind = EdgeEvent['kind']
type EventOf<K extends Kind> = EdgeEvent & { readonly kind: K }

/** What an event says to people, and how much it matters. */
const words: { readonly [K in Kind]: (event: EventOf<K>) => Described } = {
  listening: ({ listener, address, http3 }) =>
    info(`${listener}: listening on ${address}${http3 === true ? ', and for HTTP/3 at the same UDP port' : ''}`),
  'admin-listening': describeAdmin,
  ready: ({ config, pools, backends }) =>
    info(`ready: ${counted(pools, 'pool')}, ${counted(backends, 'backend')}, from ${config ?? 'built-in defaults'}`),
  'backend-up': ({ pool, backend, detail }) => info(`${pool}: ${backend} is up (${detail})`),
  'backend-down': ({ pool, backend, detail }) => warn(`${pool}: ${backend} is down (${detail})`),
  'pool-full': ({ pool, detail }) => warn(`${pool}: every usable backend is at its bound: ${detail}`),
  'pool-relieved': ({ pool, forMs }) => info(`${pool}: has room again, after ${seconds(forMs)} without`),
  'limits-local': ({ nodes, reason }) =>
    warn(`limits are not shared: Redis: ${reason}; each of ${counted(nodes, 'node')} grants its part of them`),
  'limits-shared': ({ nodes, forMs }) =>
    info(`limits are shared by ${counted(nodes, 'node')}${forMs === undefined ? '' : `, after ${seconds(forMs)}`}`),
  'pool-degraded': ({ pool, detail }) => warn(`${pool}: ${detail}`),
  'pool-recovered': ({ pool }) => info(`${pool}: nobody is used any more whom something holds out`),
  'strategy-fault': ({ pool, strategy, detail }) => error(`${pool}: strategy ${strategy} failed: ${detail}`),
  'strategy-swapped': ({ pool, strategy, detail }) => info(`${pool}: strategy ${strategy}: ${detail}`),
  'strategy-reverted': ({ pool, strategy, detail }) => error(`${pool}: strategy ${strategy}: ${detail}`),
  'strategy-hung': ({ pool, strategy, detail }) =>
    error(`${pool === undefined ? '' : `${pool}: `}strategy ${strategy} ${detail}`),
  'sticky-key-unkept': ({ reason }) =>
    warn(`sticky cookies will not outlive this process: its key could not be kept (${reason}); set sticky.cookie.key`),
  'state-ignored': ({ file, reason }) => warn(`${file} is ignored: ${reason}`),
  'auth-away': ({ service, detail }) => warn(`${service} cannot be asked: ${detail}`),
  'auth-back': ({ service }) => info(`${service} answers again`),
  'certificate-ending': ({ name, notAfter, days }) =>
    days === 0
      ? error(`the certificate for ${name} has ended: it was valid until ${notAfter}`)
      : warn(`the certificate for ${name} ends in less than ${counted(days, 'day')}, at ${notAfter}`),
  'certificate-doubtful': ({ name, detail }) => warn(`the certificate for ${name} ${detail}`),
  'discovery-away': ({ pool, source, reason, members }) =>
    warn(`${pool}: ${source} cannot be had: ${reason}; ${lastKnown(members)}, and it is tried again`),
  'discovery-back': ({ pool, source, forMs, members }) =>
    info(`${pool}: ${source} is back after ${seconds(forMs)}, with ${counted(members, 'member')}`),
  'discovery-skipped': ({ pool, source, count, detail }) =>
    warn(`${pool}: ${source}: ${counted(count, 'entry', 'entries')} left out: ${detail}`),
  'discovery-held': ({ pool, source, members, listed, forMs }) =>
    warn(
      `${pool}: ${source} lists ${listed} where there were ${members}: nobody leaves unless that lasts for ${formatDuration(forMs)}`,
    ),
  'discovery-changed': ({ pool, added, removed, members }) =>
    info(`${pool}: ${added} found, ${removed} gone: ${counted(members, 'member')} found in all`),
  'provider-away': ({ provider, reason, routes }) =>
    warn(`${provider} cannot be had: ${reason}; ${lastRoutes(routes)}, and it is tried again`),
  'provider-back': ({ provider, forMs, routes }) =>
    info(`${provider} is back after ${seconds(forMs)}, with ${counted(routes, 'route')}`),
  'provider-skipped': ({ provider, count, detail }) =>
    warn(`${provider}: left out: ${detail}; ${counted(count, 'entry is', 'entries are')} left out in all`),
  'provider-shadowed': ({ count, detail }) =>
    warn(`${counted(count, 'route')} of providers left out, since the configuration says otherwise: ${detail}`),
  deploy: describeDeploy,
  preview: ({ host, what, detail, from }) => info(`${from}: preview ${host} ${what}: ${detail}`),
  reloaded: ({ generation, origin, summary }) => info(`generation ${generation} (${origin}): ${summary}`),
  'reload-failed': describeFailure,
  'config-warning': ({ warnings }) => warn(warnings.join('\n')),
  'config-source-away': ({ source, reason }) =>
    error(`${source}: ${reason}; the configuration stays as it is, and it is tried again`),
  'config-source-back': ({ source, forMs }) => info(`${source} is back after ${seconds(forMs)}`),
  'config-copy': ({ source, release, ageMs, reason }) =>
    warn(`started with the copy of ${release} that was kept ${seconds(ageMs)} ago: ${source} ${reason}`),
  'config-copy-unkept': ({ reason }) =>
    warn(`the configuration could not be kept for a start while its source is away: ${reason}`),
  'config-held-back': ({ source, release, percent }) =>
    info(`${source}: ${release} is for ${percent} % of the nodes, of which this is none`),
  'node-unlisted': ({ source, node, reason }) =>
    warn(`${node} is not shown among the nodes of ${source}, and follows it all the same: ${reason}`),
  'node-listed': ({ source, node }) => info(`${node} is shown among the nodes of ${source} again`),
  audit: ({ from, what, outcome }) => info(`${from}: ${what}: ${outcome}`),
  'access-log-away': ({ to, reason }) => error(`access log: lines do not get to ${to}: ${reason}`),
  'access-log-back': ({ to, lost }) =>
    warn(`access log: lines are written to ${to} again; ${counted(lost, 'line')} lost`),
  'event-log-back': ({ lost }) => warn(`${counted(lost, 'event')} could not be written here`),
  'traces-away': ({ to, reason }) => error(`traces: ${to} does not take them, some may be lost: ${reason}`),
  'traces-back': ({ to, lost }) => info(`traces: ${to} takes them again; ${counted(lost, 'span')} lost`),
  'store-away': ({ reason, clients }) =>
    error(`the clients' database is away: ${reason}; ${knownOf(clients)}, none can be changed, and it is tried again`),
  'store-back': ({ forMs, clients }) =>
    info(`the clients' database is back after ${seconds(forMs)}, with ${counted(clients, 'client')}`),
  'client-changed': ({ from, what, before, after }) => info(`${from}: ${what}${changeOf(before, after)}`),
  'certificates-missing': ({ names }) => warn(`no certificate yet for ${someOf(names)}`),
  'certificate-issued': ({ name, issuer, until }) => info(`${name}: a certificate of ${issuer}, until ${until}`),
  'certificate-failed': ({ name, detail, againMs, until }) => {
    const meanwhile = until === undefined ? 'there is none' : `the one there is lasts until ${until}`
    const again = againMs < 1000 ? 'at once' : `in ${counted(Math.max(1, Math.round(againMs / 60_000)), 'minute')}`
    return error(`${name}: no certificate could be had: ${detail}; ${meanwhile}, and it is tried again ${again}`)
  },
  'certificate-unkept': ({ name, reason }) =>
    error(`${name}: its certificate serves, and could not be kept: ${reason}; behind a restart another is ordered`),
  'clock-off': ({ aheadMs }) =>
    warn(
      `this machine's clock is ${counted(Math.round(Math.abs(aheadMs) / 60_000), 'minute')} ${aheadMs > 0 ? 'behind' : 'ahead'} by the CA's, which certificates go by`,
    ),
  'engine-limits': ({ listener }) =>
    warn(
      `${listener}: Bun.serve speaks with clients: paths come normalised, and there are no trailers, interim responses, gRPC, WebSockets or bodies of GET (docs/engines.md)`,
    ),
  'transport-fallback': ({ reason }) => warn(`sockets are Bun's, which cost more: ${reason}`),
  'open-files': ({ detail }) => warn(detail),
  shortage: (event) => error(`a connection could not be opened: ${event.detail}${besides(event)}`),
  overload: ({ detail }) => warn(`overloaded, requests are refused: ${detail}`),
  'overload-over': () => info('no longer overloaded: no request is refused for it'),
  'connection-limit': (event) =>
    warn(`the limit of ${event.limit} connections is reached: who comes waits, or is turned away${besides(event)}`),
  'proxy-header-refused': (event) =>
    warn(
      `${event.listener}: ${event.address || 'a Unix socket'} is closed, PROXY header: ${event.detail}${besides(event)}`,
    ),
  'client-banned': (event) =>
    warn(`${event.address} is kept out for ${formatDuration(event.forMs)}: refused too often${besides(event)}`),
  draining: ({ signal, connections }) =>
    info(`${signal}: finishing ${counted(connections, 'connection')}, then ending; once more ends at once`),
  stopped: ({ cut }) =>
    cut === 0
      ? info('stopped, nothing was cut')
      : warn(`stopped, ${counted(cut, 'connection')} cut at the end of shutdownTimeout`),
  restarting: ({ ending, waitMs }) =>
    error(`the serving process ${ending}; it is started again ${waitMs === 0 ? 'at once' : `in ${waitMs / 1000} s`}`),
  fault: (event) => error(`${event.detail}${besides(event)}`),
}

/** Another version of SmartEdge may tell of others. */
const isKnownKind = (kind: string): kind is Kind => Object.hasOwn(words, kind)

export const describeEvent = (event: EdgeEvent): Described =>
  (words[event.kind] as (event: EdgeEvent) => Described)(event)

function describeAdmin({ address, ownToken }: EventOf<'admin-listening'>): Described {
  const message = `admin API: listening on ${address}`
  if (ownToken === undefined) return info(message)
  if (ownToken.kind === 'kept') return info(`${message}, changes take the token in ${ownToken.file}`)
  const advice = 'set admin.token, or admin.open where it is yours alone'
  return warn(`${message}, changes are refused: its token can't be kept: ${ownToken.reason}; ${advice}`)
}

function describeFailure({ origin, problems, kept }: EventOf<'reload-failed'>): Described {
  const effect =
    kept.length === 0
      ? 'the configuration in force stays as it is'
      : `${kept.join(', ')} ${kept.length === 1 ? 'stays' : 'stay'} as before`
  return error([`reload (${origin}): ${effect}`, ...problems].join('\n'))
}

function describeDeploy({ pool, id, phase, detail }: EventOf<'deploy'>): Described {
  const message = `${pool}: deploy ${id}: ${phase}: ${detail}`
  return phase === 'failed' || phase === 'rolled-back' || phase === 'aborted' ? warn(message) : info(message)
}

const lastKnown = (members: number): string =>
  members === 0 ? 'no member of it is known' : `its last ${counted(members, 'member')} stay`

function lastRoutes(routes: number): string {
  if (routes === 0) return 'no route of it is known'
  return routes === 1 ? 'its last route stays' : `its last ${counted(routes, 'route')} stay`
}

const knownOf = (clients: number): string =>
  clients === 0 ? 'no client is known' : `what is known of ${counted(clients, 'client')} stays in force`

type Fields = Readonly<Record<string, unknown>>

const changeOf = (before: Fields, after: Fields): string =>
  Object.keys({ ...before, ...after })
    .map((name) => `${name} ${shown(before[name])} -> ${shown(after[name])}`)
    .map((text, index) => `${index === 0 ? ': ' : ', '}${text}`)
    .join('')

const shown = (value: unknown): string => (value === undefined ? 'none' : fit(JSON.stringify(value)))

const fit = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text)

const besides = ({ more }: { readonly more?: number }): string =>
  more === undefined ? '' : ` (and ${counted(more, 'time')} more within a second)`

/** Of one that a balancer told: a kind that this program does not know is told by its fields. */
export function wordsOfEvent({ kind, fields }: WatchedEvent): Described {
  try {
    if (isKnownKind(kind)) return describeEvent({ kind, ...fields } as EdgeEvent)
  } catch {
    // A known kind with other fields than this program's: told by its fields, too.
  }
  const parts = Object.entries(fields).map(([key, value]) => `${key} ${shortly(value)}`)
  return info(`${kind}: ${parts.join(', ')}`)
}

const shortly = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 200)

/** The first few, and how many more. */
function someOf(names: readonly string[]): string {
  const shown = names.slice(0, 10).join(', ')
  return names.length > 10 ? `${shown} and ${names.length - 10} more` : shown
}
