/** What the load generator is asked to do, and what it says afterwards: both cross a process border as JSON. Pure. */

export interface LoadPlan {
  readonly host: string
  readonly port: number
  /** Name in `profiles`. */
  readonly profile: string
  readonly connections: number
  readonly durationMs: number
  /** Closed: the next request as soon as a connection is free. Open: at a set rate, whatever the answers do. */
  readonly pace: { readonly kind: 'closed' } | { readonly kind: 'open'; readonly ratePerSecond: number }
  /** A new connection for each request. */
  readonly reconnect: boolean
  /** Path of the request target, without a query. */
  readonly path: string
  /** Different queries (`?id=7`), drawn evenly: 1 sends the same bytes always. */
  readonly targets: number
  /** Connections kept open and silent meanwhile and afterwards, until a plan that wants fewer. */
  readonly idle: number
  /** Over TLS, whoever signed the certificate. `resumes`: each connection takes up the session of the one before. Absent: plain. */
  readonly tls?: { readonly resumes: boolean }
  /** HTTP/2: requests at once on each connection. Absent: HTTP/1.1. */
  readonly streams?: number
}

/** Requests that got no good answer, by cause. */
export interface LoadErrors {
  /** The connection was not accepted. */
  readonly connect: number
  /** The connection ended before the answer did. */
  readonly cut: number
  /** Answered, but not with 2xx. */
  readonly status: number
  /** An answer that is not HTTP/1.1, or more bytes than it should have. */
  readonly malformed: number
  /** Not answered when the run was over, including a pause for stragglers. */
  readonly unanswered: number
}

export interface LoadReport {
  /** Answered with 2xx. */
  readonly requests: number
  readonly errors: LoadErrors
  /** From the first intended send to the last answer. */
  readonly elapsedMs: number
  /** HDR histogram of latencies in µs, compressed, base64. */
  readonly latencies: string
  /** How late the generator itself was at the 99th percentile: a connection was free, yet the send came late. µs. */
  readonly lagP99Us: number
  /** Share of the time in which the generator had something to do, 0..1. */
  readonly busyRatio: number
  /** Connections that took up a session of before. */
  readonly resumed: number
}

/** Beyond these a figure would say more about the generator than about its target. Found by halving the rate until the
 *  percentiles of an idle backend no longer moved. */
const maxLagUs = 1000
const maxBusyRatio = 0.95

/** Why the run says nothing about latencies, each reason in words; empty when it does. */
export function findSaturation(plan: LoadPlan, report: LoadReport): readonly string[] {
  if (plan.pace.kind === 'closed') return []
  const late = report.lagP99Us > maxLagUs ? [`sends up to ${(report.lagP99Us / 1000).toFixed(1)} ms late (p99)`] : []
  const busy = report.busyRatio > maxBusyRatio ? [`generator busy ${(report.busyRatio * 100).toFixed(0)} %`] : []
  return [...late, ...busy]
}

/** The part of a plan that one of `count` processes takes: connections and rate are divided, the first get the rest. */
export function dividePlan(plan: LoadPlan, count: number): readonly LoadPlan[] {
  const parts = Math.max(1, Math.min(count, plan.connections))
  return Array.from({ length: parts }, (_, index) => ({
    ...plan,
    connections: share(plan.connections, parts, index),
    idle: share(plan.idle, parts, index),
    pace: plan.pace.kind === 'open' ? { kind: 'open', ratePerSecond: plan.pace.ratePerSecond / parts } : plan.pace,
  }))
}

const share = (total: number, parts: number, index: number): number =>
  Math.floor(total / parts) + (index < total % parts ? 1 : 0)
