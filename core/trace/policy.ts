/** Which requests are traced, by whose word, and where their spans go. */
import type { Secret } from '../secrets.ts'

/** How a trace is told from one to the next: W3C Trace Context, B3 in one field, B3 in several. */
export const formatNames = ['tracecontext', 'b3', 'b3multi'] as const

export type FormatName = (typeof formatNames)[number]

/**
 * What the trace that a request tells of counts for. 'follow': it goes on, and is recorded where its sender records it.
 * 'trusted': the same from trusted proxies; others begin one here. 'sample': it goes on, and is recorded by our own ratio.
 * 'ignore': each request begins one here.
 */
export const parentRules = ['follow', 'trusted', 'sample', 'ignore'] as const

export type ParentRule = (typeof parentRules)[number]

/** Where spans go, and what they say of this process. */
export interface CollectorPolicy {
  /** Absolute, http or https; what OTLP over HTTP is posted to. */
  readonly endpoint: string
  readonly headers: readonly { readonly name: string; readonly value: Secret }[]
  /** For one answer, to its end. */
  readonly timeoutMs: number
  readonly service: string
  readonly attributes: readonly { readonly name: string; readonly value: string }[]
}

export interface TracingPolicy extends CollectorPolicy {
  /** What part of the traces that begin here is recorded: 0 to 1. */
  readonly sampleRatio: number
  readonly parent: ParentRule
  /** Looked for in this order, and all of them written. */
  readonly formats: readonly FormatName[]
}

/** What a route has otherwise. `sampleRatio` undefined: as the policy says. */
export interface RouteTracingPolicy {
  readonly sampleRatio: number | undefined
}
