/** Tracing as a route has it, with ids that count, and what is recorded written down. */
import { createIdentify } from '../../core/forward/identify.ts'
import type { OwnLines } from '../../core/forward/rewrite-request.ts'
import type { RouteTracingPolicy, TracingPolicy } from '../../core/trace/policy.ts'
import { TraceIds } from '../../core/trace/trace-ids.ts'
import { createTracing, type Recorded } from '../../core/trace/tracing.ts'
import { Secret } from '../../core/secrets.ts'
import { parseRequest } from './http1-heads.ts'
import { peerAt } from './peer-at.ts'

export const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736'
export const PARENT_ID = '00f067aa0ba902b7'
export const TRACEPARENT = `00-${TRACE_ID}-${PARENT_ID}-01`
export const UNSAMPLED = `00-${TRACE_ID}-${PARENT_ID}-00`

export function tracingPolicy(changes: Partial<TracingPolicy> = {}): TracingPolicy {
  return {
    endpoint: 'http://127.0.0.1:4318/v1/traces',
    headers: [{ name: 'authorization', value: new Secret('Bearer hush') }],
    timeoutMs: 5000,
    service: 'edge',
    attributes: [],
    sampleRatio: 1,
    parent: 'follow',
    formats: ['tracecontext'],
    ...changes,
  }
}

/** Each byte is one more than the one before: `0102…`. */
export function countingIds(): TraceIds {
  let next = 0
  return new TraceIds((bytes) => {
    for (let index = 0; index < bytes.length; index += 1) bytes[index] = next = (next + 1) & 0xff
  })
}

/** What is written into a head. */
export function textOf(lines: OwnLines | undefined): string {
  if (lines === undefined) return ''
  const out = Buffer.alloc(lines.length)
  if (lines.write(out, 0) !== lines.length) throw new Error('they are of another length than they say')
  return out.toString('latin1')
}

export function tracedBy(policy: Partial<TracingPolicy> = {}, route?: RouteTracingPolicy) {
  const recorded: Recorded[] = []
  const onRecorded = (one: Recorded): void => void recorded.push(one)
  const tracing = createTracing({ policy: tracingPolicy(policy), route, ids: countingIds(), onRecorded })
  const identify = createIdentify((address) => address === '10.0.0.1')
  return {
    tracing,
    recorded,
    /** The trace of a request with these lines. */
    begin: (lines = '', address = '192.0.2.1') =>
      tracing.begin(parseRequest(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`), identify(peerAt(address))),
  }
}
