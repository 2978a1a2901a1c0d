/** Tracing, as a part: one collector for as long as spans go to the same place, and none where nothing is traced. */
import { randomFillSync, randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { hiding, type IsHidden } from '../access-log/hide.ts'
import type { Config, RouteConfig } from '../config/config.ts'
import type { Tracing } from '../exchange/trace.ts'
import { type Move, NO_MOVE, type Part } from '../part.ts'
import { describeMatch } from '../route/describe.ts'
import { Collector, type CollectorOptions } from '../trace/collector.ts'
import { encodeSpan, type Envelope, envelope } from '../trace/otlp.ts'
import type { CollectorPolicy, TracingPolicy } from '../trace/policy.ts'
import { type SpanRules, spansOf } from '../trace/spans.ts'
import { TraceIds } from '../trace/trace-ids.ts'
import { createTracing, type Recorded } from '../trace/tracing.ts'
import { VERSION } from '../version.ts'
import { hiddenIn } from './hidden-names.ts'

export type TraceHostOptions = Pick<CollectorOptions, 'ask' | 'clock' | 'counters' | 'emit'>

interface Running {
  readonly policy: TracingPolicy
  readonly isHidden: IsHidden
  readonly collector: Collector
}

/** At the end of the process, or of a collector's time. */
const LAST_MS = 1000

/** Tells this process from others of the same service. */
const instance = randomUUID()

export class TraceHost implements Part<Config> {
  private readonly options: TraceHostOptions
  private readonly ids = new TraceIds(randomFillSync)
  private running: Running | undefined = undefined
  /** Those that nothing goes to any more, until they have sent what they have. */
  private readonly ending = new Set<Promise<void>>()

  constructor(options: TraceHostOptions) {
    this.options = options
  }

  /** Nothing of it can fail: a collector may be away when it begins as at any other time. */
  prepare(config: Config): Promise<Move> {
    return Promise.resolve({ ...NO_MOVE, commit: () => this.follow(config) })
  }

  /** Of the config that was committed last; `rule` undefined: for what no rule takes. undefined: it is not traced. */
  tracingOf(rule: RouteConfig | undefined): Tracing | undefined {
    if (this.running === undefined || rule?.tracing === false) return undefined
    const { policy, isHidden } = this.running
    const rules: SpanRules = {
      route: rule === undefined ? '' : describeMatch(rule.match),
      path: rule?.match.path,
      isHidden,
    }
    const onRecorded = (recorded: Recorded): void => this.take(recorded, rules)
    return createTracing({ policy, route: rule?.tracing, ids: this.ids, onRecorded })
  }

  /** Resolves when what there is has been sent, or a second has passed. */
  async end(): Promise<void> {
    this.let(undefined)
    await Promise.all(this.ending)
  }

  /** At once. */
  stop(): void {
    this.running?.collector.stop()
    this.running = undefined
  }

  /** A request keeps the rules that it began with; its spans go where they go now. */
  private take(recorded: Recorded, rules: SpanRules): void {
    if (this.running === undefined) return
    const { clock } = this.options
    const { collector } = this.running
    for (const span of spansOf(recorded, rules, clock.wallTime() - clock.now())) collector.send(encodeSpan(span))
  }

  private follow(config: Config): void {
    const { tracing: policy } = config
    if (policy === undefined) return this.let(undefined)
    const { running } = this
    const isSame = running !== undefined && Bun.deepEquals(placeOf(running.policy), placeOf(policy))
    const collector = isSame ? running.collector : this.collectorFor(policy)
    this.let({ policy, isHidden: hiding(hiddenIn(config)), collector })
  }

  private collectorFor(policy: CollectorPolicy): Collector {
    return new Collector({ ...this.options, policy, envelope: envelopeOf(policy) })
  }

  private let(next: Running | undefined): void {
    const former = this.running
    this.running = next
    if (former === undefined || former.collector === next?.collector) return
    const ended = former.collector.end(LAST_MS).finally(() => this.ending.delete(ended))
    this.ending.add(ended)
  }
}

const placeOf = ({ endpoint, headers, timeoutMs, service, attributes }: CollectorPolicy): CollectorPolicy => ({
  endpoint,
  headers,
  timeoutMs,
  service,
  attributes,
})

/** Attributes that the config names come last, and so may replace the others. */
const envelopeOf = ({ service, attributes }: CollectorPolicy): Envelope =>
  envelope(
    {
      'service.name': service,
      'service.version': VERSION,
      'service.instance.id': instance,
      'host.name': hostname(),
      'process.pid': process.pid,
      ...Object.fromEntries(attributes.map(({ name, value }) => [name, value])),
    },
    { name: 'smartedge', version: VERSION },
  )
