/**
 * Whether a request is recorded, and what its backends are told: a decision by the parent's word or the ratio of the trace's id,
 * taken before there is a span. What is not recorded and came with a valid context is passed on as it came.
 */
import type { AttemptTrace, Trace, Tracing } from '../exchange/trace.ts'
import type { ExchangeRecord } from '../exchange/record.ts'
import type { ClientIdentity } from '../forward/identify.ts'
import { TRACE } from '../http1/field-names.ts'
import type { FieldSection } from '../http1/field-section.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { type Context, type Format, formats } from './formats.ts'
import type { ParentRule, RouteTracingPolicy, TracingPolicy } from './policy.ts'
import { byRatio, type IsSampled } from './sampling.ts'
import { INVALID, type Told } from './told.ts'
import { traceStateOf } from './trace-context.ts'
import type { TraceIds } from './trace-ids.ts'

/** A recorded exchange, once it is over. */
export interface Recorded {
  readonly traceId: string
  readonly spanId: string
  /** The client's span; undefined: the trace began here. */
  readonly parentId: string | undefined
  /** What `tracestate` says of a trace that goes on. */
  readonly state: string | undefined
  readonly record: ExchangeRecord
}

export interface RouteTracingOptions {
  readonly policy: Pick<TracingPolicy, 'formats' | 'parent' | 'sampleRatio'>
  /** undefined: the route says nothing of its own. */
  readonly route: RouteTracingPolicy | undefined
  readonly ids: TraceIds
  readonly onRecorded: (recorded: Recorded) => void
}

interface Rules {
  readonly formats: readonly Format[]
  readonly parent: ParentRule
  readonly isSampled: IsSampled
  /** What is written anew. */
  readonly names: readonly string[]
  readonly companions: readonly string[]
  /** Both, as names are looked for. */
  readonly allNames: readonly Uint8Array[]
  readonly ids: TraceIds
  readonly onRecorded: (recorded: Recorded) => void
}

export function createTracing({ policy, route, ids, onRecorded }: RouteTracingOptions): Tracing {
  const used = policy.formats.map((name) => formats[name])
  const names = used.flatMap((format) => format.names)
  const companions = used.flatMap((format) => format.companions)
  const rules: Rules = {
    formats: used,
    parent: policy.parent,
    isSampled: byRatio(route?.sampleRatio ?? policy.sampleRatio),
    names,
    companions,
    allNames: [...names, ...companions].map((name) => Buffer.from(name)),
    ids,
    onRecorded,
  }
  return { begin: (head, identity) => begin(rules, head, identity) }
}

function begin(rules: Rules, { fields }: RequestHead, identity: ClientIdentity): Trace | undefined {
  const isTold = fields.has(TRACE)
  const heard = isTold && isBelieved(rules.parent, identity) ? hear(rules.formats, fields) : undefined
  if (heard?.told.hasIds === true) return goOn(rules, heard, fields)
  const { traceId, spanId } = rules.ids.both()
  const isSampled = decide(rules, heard?.told, traceId)
  // Of a request that is not recorded no copy is made without need: most clients say nothing that would have to go.
  const isCopied = isSampled || (isTold && saysAny(rules, fields))
  const drops = isCopied ? [...rules.names, ...rules.companions] : undefined
  return new RunningTrace(rules, {
    traceId,
    firstId: spanId,
    isRandom: true,
    isSampled,
    parentId: undefined,
    state: undefined,
    drops,
  })
}

const isBelieved = (parent: ParentRule, { isTrusted }: ClientIdentity): boolean =>
  parent === 'trusted' ? isTrusted : parent !== 'ignore'

interface Heard {
  readonly told: Told
  readonly format: Format
}

/** In the first format in which it can be understood. */
function hear(used: readonly Format[], fields: FieldSection): Heard | undefined {
  for (const format of used) {
    const told = format.read(fields)
    if (told !== undefined && told !== INVALID) return { told, format }
  }
  return undefined
}

/** The trace of a client. */
function goOn(rules: Rules, { told, format }: Heard, fields: FieldSection): Trace | undefined {
  // Most traces are not recorded: then no text is made of their ids.
  if (rules.parent !== 'sample' && told.decision === 'unsampled') return undefined
  const { traceId, spanId: parentId, isRandom } = told
  if (!decide(rules, told, traceId)) return undefined
  // A state that stands beside another format's ids is of some other trace.
  const hasState = format.companions.length > 0
  const state = hasState ? traceStateOf(fields) : undefined
  const drops = hasState ? rules.names : [...rules.names, ...rules.companions]
  return new RunningTrace(rules, {
    traceId,
    firstId: rules.ids.spanId(),
    isRandom,
    isSampled: true,
    parentId,
    state,
    drops,
  })
}

function decide({ parent, isSampled }: Rules, told: Told | undefined, traceId: string): boolean {
  if (told === undefined || told.decision === 'open' || parent === 'sample') return isSampled(traceId)
  return told.decision === 'sampled'
}

const saysAny = ({ allNames }: Rules, fields: FieldSection): boolean =>
  allNames.some((name) => fields.lineNamed(name, 0) >= 0)

interface Begun {
  readonly traceId: string
  /** Of the request's own span, or of what the attempts of an unrecorded one name. */
  readonly firstId: string
  readonly isRandom: boolean
  readonly isSampled: boolean
  readonly parentId: string | undefined
  readonly state: string | undefined
  readonly drops: readonly string[] | undefined
}

class RunningTrace implements Trace {
  readonly traceId: string
  readonly spanId: string | undefined
  private readonly rules: Rules
  private readonly begun: Begun
  /** Of one that is not recorded all attempts say the same. */
  private shared: AttemptTrace | undefined = undefined

  constructor(rules: Rules, begun: Begun) {
    this.rules = rules
    this.begun = begun
    this.traceId = begun.traceId
    this.spanId = begun.isSampled ? begun.firstId : undefined
  }

  attempt(): AttemptTrace {
    const { begun, rules } = this
    if (begun.isSampled) return this.tell(rules.ids.spanId(), true)
    return (this.shared ??= this.tell(begun.firstId, false))
  }

  private tell(spanId: string, isSampled: boolean): AttemptTrace {
    const { traceId, isRandom, drops } = this.begun
    const context: Context = { traceId, spanId, isSampled, isRandom }
    let lines = ''
    for (const format of this.rules.formats) lines += format.write(context)
    return { spanId: isSampled ? spanId : undefined, drops, lines }
  }

  end(record: ExchangeRecord): void {
    const { spanId } = this
    const { traceId, parentId, state } = this.begun
    if (spanId !== undefined) this.rules.onRecorded({ traceId, spanId, parentId, state, record })
  }
}
