/** wrk as a load generator: full speed over kept-alive connections. Only to cross-check our own. */
import type { Profile } from './profile.ts'
import { listRequestFields } from './profile.ts'

/** The Lua script that gives wrk the profile's request and makes it end with one line of JSON. */
export function renderWrkScript(profile: Profile, host: string): string {
  const fields = listRequestFields(profile, host).map(([name, value]) => `wrk.headers["${name}"] = '${value}'`)
  return `wrk.path = "/api/items?id=0"
wrk.method = "${profile.requestBodyBytes > 0 ? 'POST' : 'GET'}"
${profile.requestBodyBytes > 0 ? `wrk.body = string.rep("a", ${profile.requestBodyBytes})` : ''}
${fields.join('\n')}
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('JSON {"requests":%d,"elapsedUs":%d,"errors":%d,"p50Us":%d,"p99Us":%d,"p999Us":%d,"maxUs":%d}\\n',
    summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9), latency.max))
end
`
}

/** What wrk saw; latencies are from the actual send, so only fit for full speed. */
export interface WrkResult {
  readonly requests: number
  readonly elapsedUs: number
  readonly errors: number
  readonly p50Us: number
  readonly p99Us: number
  readonly p999Us: number
  readonly maxUs: number
}

/** Reads wrk's output; undefined when the script's line is not in it. */
export function parseWrk(output: string): WrkResult | undefined {
  const line = output.split('\n').find((line) => line.startsWith('JSON {'))
  return line === undefined ? undefined : (JSON.parse(line.slice(5)) as WrkResult)
}
