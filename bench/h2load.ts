/** h2load as a load generator for HTTP/2: full speed over connections that stay, several requests at once on each. Pure. */
import type { LoadErrors, LoadPlan } from './load/plan.ts'
import { listRequestFields, type Profile } from './profile.ts'

/** `bodyFile`: holds the profile's request body; undefined: it has none. Throws on what h2load does not do. */
export function renderH2load(plan: LoadPlan, profile: Profile, bodyFile: string | undefined): readonly string[] {
  if (plan.pace.kind === 'open' || plan.reconnect || plan.idle > 0) throw new Error('h2load is for full speed here')
  const { host, port, tls, connections, streams = 1, durationMs, path } = plan
  // It says Host by `:authority` and Content-Length by itself.
  const fields = listRequestFields(profile, host).filter(([name]) => name !== 'Host' && name !== 'Content-Length')
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
