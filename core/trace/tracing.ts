/**
 * Whether a request is recorded, and what its backends are told: a decision by the parent's word or the ratio of the trace's id,
 * taken before there is a span. What is not recorded and came with a valid context is passed on as it came.
 */
import type { AttemptTrace, Trace, Tracing } from '../exchange/trace.ts'
import type { ExchangeRecord } from '../exchange/record.ts'
import type { ClientIdentity } from '../forward/identify.ts'
import { TRACE } from '../http1/field-names.ts'
import type { OwnLines } from '../forward/rewrite-request.ts'
import type { FieldSection } from '../http1/field-section.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { type Context, type Format, formats } from './formats.ts'
import type { ParentRule, RouteTracingPolicy, TracingPolicy } from './policy.ts'
import { byRatio, type Sampler } from './sampling.ts'
import { INVALID, type Told } from './told.ts'
import { traceStateOf } from './trace-context.ts'
import { type NewIds, spanIdOf, type TraceIds, traceIdOf } from './trace-ids.ts'
import { type UnrecordedLines, unrecordedLines } from './unrecorded-lines.ts'

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
  readonly sampler: Sampler
  readonly unrecordedLines: UnrecordedLines
  /** What is written anew. */
  readonly names: readonly string[]
  /** Those, and what belongs to the trace that a client tells of. */
  readonly allNames: readonly string[]
  /** As names are looked for. */
  readonly allNameBytes: readonly Uint8Array[]
  readonly ids: TraceIds
  readonly onRecorded: (recorded: Recorded) => void
}

export function createTracing({ policy, route, ids, onRecorded }: RouteTracingOptions): Tracing {
  const used = policy.formats.map((name) => formats[name])
  const names = used.flatMap((format) => format.names)
  const allNames = [...names, ...used.flatMap((format) => format.companions)]
  const rules: Rules = {
    formats: used,
    parent: policy.parent,
    sampler: byRatio(route?.sampleRatio ?? policy.sampleRatio),
    unrecordedLines: unrecordedLines(used),
    names,
    allNames,
    allNameBytes: allNames.map((name) => Buffer.from(name)),
    ids,
    onRecorded,
  }
  return { begin: (head, identity) => begin(rules, head, identity) }
}

function begin(rules: Rules, { fields }: RequestHead, identity: ClientIdentity): Trace | undefined {
  const isTold = fields.has(TRACE)
  const heard = isTold && isBelieved(rules.parent, identity) ? hear(rules.formats, fields) : undefined
  if (heard?.told.hasIds === true) return goOn(rules, heard, fields)
  const ids = rules.ids.draw()
  const isSampled = isOpen(rules.parent, heard?.told) ? rules.sampler.takesNew(ids) : heard?.told.decision === 'sampled'
  // No copy is made without need: most clients say nothing that would have to go.
  const isCopied = isSampled || (isTold && saysAny(rules, fields))
  const drops = isCopied ? rules.allNames : undefined
  if (!isSampled) return new UnrecordedTrace(rules, ids, drops)
  return new RecordedTrace(rules, {
    traceId: traceIdOf(ids),
    spanId: spanIdOf(ids),
    isRandom: true,
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
  const isSampled = isOpen(rules.parent, told) ? rules.sampler.takes(traceId) : told.decision === 'sampled'
  if (!isSampled) return undefined
  // A state that stands beside another format's ids is of some other trace.
  const hasState = format.companions.length > 0
  const state = hasState ? traceStateOf(fields) : undefined
  const drops = hasState ? rules.names : rules.allNames
  return new RecordedTrace(rules, { traceId, spanId: rules.ids.spanId(), isRandom, parentId, state, drops })
}

/** Whether it is for us to decide. */
const isOpen = (parent: ParentRule, told: Told | undefined): boolean =>
  told === undefined || told.decision === 'open' || parent === 'sample'

const saysAny = ({ allNameBytes }: Rules, fields: FieldSection): boolean =>
  allNameBytes.some((name) => fields.lineNamed(name, 0) >= 0)

interface Begun {
  readonly traceId: string
  readonly spanId: string
  readonly isRandom: boolean
  readonly parentId: string | undefined
  readonly state: string | undefined
  readonly drops: readonly string[] | undefined
}

class RecordedTrace implements Trace {
  private readonly rules: Rules
  private readonly begun: Begun

  constructor(rules: Rules, begun: Begun) {
    this.rules = rules
    this.begun = begun
  }

  get traceId(): string {
    return this.begun.traceId
  }

  get spanId(): string {
    return this.begun.spanId
  }

  attempt(): AttemptTrace {
    const { traceId, isRandom, drops } = this.begun
    const spanId = this.rules.ids.spanId()
    const context: Context = { traceId, spanId, isSampled: true, isRandom }
    let lines = ''
    for (const format of this.rules.formats) lines += format.write(context)
    return { spanId, drops, lines: { length: lines.length, write: (out, at) => at + out.write(lines, at, 'latin1') } }
  }

  end(record: ExchangeRecord): void {
    const { traceId, spanId, parentId, state } = this.begun
    this.rules.onRecorded({ traceId, spanId, parentId, state, record })
  }
}

/** Of one that began here: it says so to backends, so that nobody behind decides once more. */
class UnrecordedTrace implements Trace, AttemptTrace, OwnLines {
  readonly spanId = undefined
  readonly drops: readonly string[] | undefined
  readonly length: number
  private readonly rules: Rules
  private readonly ids: NewIds

  constructor(rules: Rules, ids: NewIds, drops: readonly string[] | undefined) {
    this.rules = rules
    this.ids = ids
    this.drops = drops
    this.length = rules.unrecordedLines.length
  }

  get traceId(): string {
    return traceIdOf(this.ids)
  }

  /** All say the same. */
  attempt(): AttemptTrace {
    return this
  }

  get lines(): OwnLines {
    return this
  }

  write(out: Buffer, at: number): number {
    return this.rules.unrecordedLines.write(this.ids, out, at)
  }

  end(): void {}
}
