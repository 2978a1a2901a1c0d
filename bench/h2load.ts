/** h2load as a load generator for HTTP/2: full speed over connections that stay, several requests at once on each. Pure. */
import type { LoadErrors, LoadPlan } from './load/plan.ts'
import { bodyOf, listRequestFields, profiles } from './profile.ts'

/** The name, among those of profiles, of a unary call of gRPC: see `grpc-backend.ts`. */
export const GRPC_UNARY = 'grpc-unary'

/** What is sent each time, beside its target. */
export interface H2loadRequest {
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** undefined: it has none. */
  readonly body: Buffer | undefined
}

const unaryCall: H2loadRequest = {
  fields: [
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
    ['user-agent', 'grpc-node-js/1.14.7'],
    ['grpc-accept-encoding', 'identity,deflate,gzip'],
    ['accept-encoding', 'identity'],
  ],
  body: Buffer.from('\0\0\0\0\x0dhello, server'),
}

/** That of a profile, or a unary call. Throws on a name that is neither. */
export function requestNamed(name: string): H2loadRequest {
  if (name === GRPC_UNARY) return unaryCall
  const profile = profiles[name]
  if (profile === undefined) throw new Error(`no profile ${name}`)
  // It says Host by `:authority` and Content-Length by itself.
  const fields = listRequestFields(profile, '').filter(([field]) => field !== 'Host' && field !== 'Content-Length')
  return { fields, body: profile.requestBodyBytes > 0 ? bodyOf(profile.requestBodyBytes) : undefined }
}

/** `bodyFile`: holds the request's body; undefined: it has none. Throws on what h2load does not do. */
export function renderH2load(
  plan: LoadPlan,
  { fields }: H2loadRequest,
  bodyFile: string | undefined,
): readonly string[] {
  if (plan.pace.kind === 'open' || plan.reconnect || plan.idle > 0) throw new Error('h2load is for full speed here')
  const { host, port, tls, connections, streams = 1, durationMs, path } = plan
  return [
    'h2load',
    '-t1',
    `-c${connections}`,
    `-m${streams}`,
    `--duration=${durationMs}ms`,
    '--warm-up-time=0',
    ...fields.flatMap(([name, value]) => ['-H', `${name.toLowerCase()}: ${value}`]),
    ...(bodyFile === undefined ? [] : ['-d', bodyFile]),
    `${tls === undefined ? 'http' : 'https'}://${host}:${port}${path}?id=0`,
  ]
}

/** What h2load saw. */
export interface H2loadResult {
  /** Answered with 2xx. */
  readonly requests: number
  readonly elapsedMs: number
  readonly errors: LoadErrors
}

/** Reads what h2load prints; undefined when that is not its summary. */
export function parseH2load(output: string): H2loadResult | undefined {
  const finished = /^finished in ([\d.]+)(us|ms|s),/m.exec(output)
  const counts =
    /^requests: (\d+) total, \d+ started, \d+ done, \d+ succeeded, \d+ failed, (\d+) errored, (\d+) timeout$/m.exec(
      output,
    )
  const statuses = /^status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx$/m.exec(output)
  if (finished === null || counts === null || statuses === null) return undefined
  const [requests = 0, ...others] = statuses.slice(1).map(Number)
  return {
    requests,
    elapsedMs: Number(finished[1]) * (MS_OF[finished[2] ?? ''] ?? Number.NaN),
    errors: {
      connect: 0,
      cut: Number(counts[2]),
      status: others.reduce((total, count) => total + count, 0),
      malformed: 0,
      unanswered: Number(counts[3]),
    },
  }
}

const MS_OF: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000 }
