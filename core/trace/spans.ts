/**
 * An exchange that was recorded -> its spans, by OpenTelemetry's conventions for HTTP: one of a server, and below it one of a client
 * for each attempt. Pure; reads the request's head, so in the event that ended it.
 */
import { hideInField, hideInTarget, type IsHidden } from '../access-log/hide.ts'
import type { AttemptRecord, Ending, ExchangeRecord } from '../exchange/record.ts'
import { clientAddress } from '../forward/client-address.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { Attributes, Span } from './otlp.ts'
import type { Recorded } from './tracing.ts'

export interface SpanRules {
  /** The rule that took the request, in words; '' for none. */
  readonly route: string
  /** The path of that rule; undefined: it takes every path. */
  readonly path: string | undefined
  readonly isHidden: IsHidden
}

/** `epochMs`: what is to be added to a monotonic time. The server's span comes first, then attempts as they began. */
export function spansOf(recorded: Recorded, rules: SpanRules, epochMs: number): Span[] {
  const { record } = recorded
  const head = record.client.readHead()
  const request = requestOf(record, head, rules.isHidden)
  const common = { traceId: recorded.traceId, state: recorded.state }
  const server: Span = {
    ...common,
    spanId: recorded.spanId,
    parentId: recorded.parentId,
    isParentRemote: recorded.parentId !== undefined,
    name: rules.path === undefined ? request.verb : `${request.verb} ${rules.path}`,
    kind: 'server',
    startedAt: record.startedAt + epochMs,
    endedAt: record.endedAt + epochMs,
    attributes: {
      ...serverAttributes(record, head, request),
      'http.route': rules.path,
      'smartedge.route': rules.route,
    },
    events: [],
    isError: isServerError(record.ending),
  }
  const attempts = record.attempts.toSorted((one, other) => one.startedAt - other.startedAt)
  const clients = attempts.flatMap((attempt, resends): Span[] =>
    attempt.spanId === undefined
      ? []
      : [
          {
            ...common,
            spanId: attempt.spanId,
            parentId: recorded.spanId,
            isParentRemote: false,
            name: request.verb,
            kind: 'client',
            startedAt: attempt.startedAt + epochMs,
            endedAt: attempt.endedAt + epochMs,
            attributes: clientAttributes({ record, attempt, resends, request }),
            events: eventsOf(attempt, epochMs),
            isError: errorOf(attempt) !== undefined,
          },
        ],
  )
  return [server, ...clients]
}

/** When it had a connection, unless that was there already, and when a response began. */
function eventsOf({ startedAt, readyAt, respondedAt }: AttemptRecord, epochMs: number): Span['events'] {
  const events = []
  if (readyAt !== undefined && readyAt > startedAt) events.push({ name: 'connected', at: readyAt + epochMs })
  if (respondedAt !== undefined) events.push({ name: 'first byte', at: respondedAt + epochMs })
  return events
}

/** RFC 9110, RFC 5789, and QUERY; any other may be made up by whoever asks. */
const METHODS = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE'])

interface Request {
  /** Of a span's name. */
  readonly verb: string
  readonly method: Attributes
  readonly path: string
  readonly query: string | undefined
  readonly version: string
  readonly userAgent: string | undefined
}

function requestOf({ line }: ExchangeRecord, head: RequestHead, isHidden: IsHidden): Request {
  const { method } = line
  const isKnown = METHODS.has(method)
  const shown = hideInTarget(head.query === undefined ? head.path : `${head.path}?${head.query}`, isHidden)
  const at = shown.indexOf('?')
  const userAgent = head.fields.valueNamed('user-agent')
  return {
    verb: isKnown ? method : 'HTTP',
    method: isKnown
      ? { 'http.request.method': method }
      : { 'http.request.method': '_OTHER', 'http.request.method_original': method },
    path: at < 0 ? shown : shown.slice(0, at),
    query: at < 0 ? undefined : shown.slice(at + 1),
    version: line.protocol.replace('HTTP/', ''),
    userAgent: userAgent && hideInField('user-agent', userAgent, isHidden),
  }
}

function serverAttributes(record: ExchangeRecord, head: RequestHead, request: Request): Attributes {
  const { identity, ending, pool } = record
  const port = portIn(head)
  return {
    ...request.method,
    'url.scheme': identity.scheme,
    'url.path': request.path,
    'url.query': request.query,
    'server.address': head.host,
    'server.port': port ?? (identity.scheme === 'https' ? 443 : 80),
    'client.address': clientAddress(identity, head) || undefined,
    'network.peer.address': identity.address || undefined,
    'network.protocol.version': request.version,
    'user_agent.original': request.userAgent,
    'http.response.status_code': ending.kind === 'abandoned' ? undefined : ending.status,
    'error.type': serverErrorOf(ending),
    'smartedge.pool': pool,
    'smartedge.ending': ending.kind,
    'smartedge.reason': ending.kind === 'refused' ? (ending.reason ?? ending.detail) : undefined,
    'smartedge.attempts': record.attempts.length,
  }
}

interface AttemptFacts {
  readonly record: ExchangeRecord
  readonly attempt: AttemptRecord
  /** How many were made before. */
  readonly resends: number
  readonly request: Request
}

function clientAttributes({ record, attempt, resends, request }: AttemptFacts): Attributes {
  const { backend, outcome, pick } = attempt
  const { host, port } = placeOf(backend)
  const query = request.query === undefined ? '' : `?${request.query}`
  return {
    ...request.method,
    'url.full': `http://${port === undefined ? 'localhost' : backend}${request.path}${query}`,
    'server.address': host,
    'server.port': port,
    'network.protocol.version': '1.1',
    'http.response.status_code': outcome.kind === 'completed' ? outcome.status : undefined,
    'http.request.resend_count': resends === 0 ? undefined : resends,
    'error.type': errorOf(attempt),
    'smartedge.pool': record.pool,
    'smartedge.backend': backend,
    'smartedge.outcome': outcome.kind,
    'smartedge.hedge': attempt.isHedge ? true : undefined,
    'smartedge.pick': pick?.by,
    'smartedge.strategy': pick?.strategy || undefined,
    'smartedge.why': pick?.why,
  }
}

/** `host:port`, `[v6]:port`, or `unix:` and a path, which has no port. */
function placeOf(backend: string): { readonly host: string; readonly port: number | undefined } {
  if (backend.startsWith('unix:')) return { host: backend.slice('unix:'.length), port: undefined }
  const [, host = backend, port] = /^\[?(.*?)\]?:(\d+)$/.exec(backend) ?? []
  return { host, port: port === undefined ? undefined : Number(port) }
}

/** Of the authority that is asked for; undefined: that of its scheme. */
function portIn(head: RequestHead): number | undefined {
  const authority =
    head.authorityStart >= 0
      ? head.bytes.toString('latin1', head.authorityStart, head.authorityEnd)
      : head.fields.valueNamed('host')
  const port = /:(\d{1,5})$/.exec(authority ?? '')?.[1]
  return port === undefined ? undefined : Number(port)
}

/** A server's span fails with 5xx alone: for the rest its client is to blame, or nobody. */
const isServerError = (ending: Ending): boolean =>
  ending.kind === 'truncated' || (ending.kind !== 'abandoned' && ending.status >= 500)

function serverErrorOf(ending: Ending): string | undefined {
  if (ending.kind === 'abandoned' || ending.kind === 'truncated') return ending.kind
  return ending.status >= 500 ? String(ending.status) : undefined
}

/** What became of an attempt if nothing good did: a status from 400 on, or why there was none; a client that left is no error. */
function errorOf({ outcome }: AttemptRecord): string | undefined {
  if (outcome.kind === 'completed') return outcome.status >= 400 ? String(outcome.status) : undefined
  if (outcome.kind === 'failed') return outcome.cause
  return outcome.kind === 'local' ? 'local' : undefined
}
