/**
 * Looks how the process is: how late the event loop comes round, once a second for whoever asks; where bounds are
 * configured ten times, and what it holds of memory. What is done about it is the shedder's business.
 */
import { type Admission, everybody } from '../admission/admission.ts'
import { Shedder, type Strain } from '../admission/shedder.ts'
import type { Cancel, Clock } from '../clock.ts'
import type { Config, OverloadConfig } from '../config/config.ts'
import { createBuckets, type LatencyBuckets } from '../observe/buckets.ts'
import type { EdgeCounters } from '../observe/counters.ts'
import type { Emit } from '../observe/events.ts'
import { type Move, NO_MOVE, type Part } from '../part.ts'
import type { Random } from '../random.ts'
import type { LoopView, OverloadView } from '../report/view.ts'

export interface OverloadGuardOptions {
  readonly clock: Clock
  readonly random: Random
  readonly emit: Emit
  readonly counters: EdgeCounters
  /** Resident bytes of the process; costs 8 us. */
  readonly residentBytes: () => number
  /** What the container, or else the machine, allows the process: bytes. */
  readonly allowedBytes: () => number
}

const LOOK_MS = 100
/** Where nothing follows from it. */
const IDLE_LOOK_MS = 1000
/** Memory is looked at every so many looks. */
const LOOKS_A_MEMORY = 10
/** Of a bound; from there on nothing more is shed, and nothing less. */
const NEAR = 0.8

export class OverloadGuard implements Part<Config> {
  private readonly options: OverloadGuardOptions
  private readonly shedder: Shedder
  private config: OverloadConfig | undefined = undefined
  private cancelLook: Cancel | undefined = undefined
  private everyMs = IDLE_LOOK_MS
  private dueAt = 0
  private looks = 0
  private lagMs = 0
  private lags: LatencyBuckets | undefined = undefined
  private bytes = 0

  constructor(options: OverloadGuardOptions) {
    this.options = options
    this.shedder = new Shedder(options.random, () => (options.counters.shed += 1))
  }

  async prepare(config: Config): Promise<Move> {
    return { ...NO_MOVE, commit: () => this.take(config) }
  }

  /** For routes of that priority, as long as the config in force is; without bounds nobody is asked anything. */
  admission(priority: number): Admission {
    return this.config === undefined ? everybody : this.shedder.admission(priority)
  }

  /** undefined: there are no bounds, and nobody looks. */
  get view(): OverloadView | undefined {
    if (this.config === undefined) return undefined
    return { isShedding: this.shedder.isShedding, lagMs: this.lagMs }
  }

  /** However it is configured. */
  get loop(): LoopView {
    return { lagMs: this.lagMs, lags: this.lags }
  }

  stop(): void {
    this.cancelLook?.()
    this.cancelLook = undefined
  }

  private take({ overload, routes }: Config): void {
    this.config = overload
    this.shedder.update(routes.map(({ priority }) => priority))
    if (overload === undefined) this.relieve()
    const everyMs = overload === undefined ? IDLE_LOOK_MS : LOOK_MS
    if (this.cancelLook !== undefined && this.everyMs === everyMs) return
    this.stop()
    this.everyMs = everyMs
    this.looks = 0
    this.schedule()
  }

  private relieve(): void {
    const wasShedding = this.shedder.isShedding
    this.shedder.rest()
    if (wasShedding) this.options.emit({ kind: 'overload-over' })
  }

  private schedule(): void {
    const { clock } = this.options
    this.dueAt = clock.now() + this.everyMs
    this.cancelLook = clock.after(this.everyMs, () => this.look())
  }

  private look(): void {
    this.lagMs = Math.max(0, this.options.clock.now() - this.dueAt)
    this.lags ??= createBuckets()
    this.lags.record(this.lagMs)
    if (this.config !== undefined) this.judge()
    this.schedule()
  }

  private judge(): void {
    const { emit, residentBytes } = this.options
    if (this.looks % LOOKS_A_MEMORY === 0) this.bytes = residentBytes()
    this.looks += 1
    const wasShedding = this.shedder.isShedding
    const strains = this.strains()
    const strain = strains.includes('over') ? 'over' : strains.includes('near') ? 'near' : 'calm'
    this.shedder.feel(strain, LOOK_MS + this.lagMs)
    const { isShedding } = this.shedder
    if (isShedding && !wasShedding) emit({ kind: 'overload', detail: this.describe() })
    if (!isShedding && wasShedding) emit({ kind: 'overload-over' })
  }

  private strains(): readonly Strain[] {
    const { lagMs, memory } = this.config ?? {}
    return [strainOf(this.lagMs, lagMs), strainOf(this.bytes, memory && this.boundOf(memory))]
  }

  private boundOf(memory: NonNullable<OverloadConfig['memory']>): number {
    return memory.kind === 'bytes' ? memory.bytes : memory.ratio * this.options.allowedBytes()
  }

  private describe(): string {
    const mebibytes = Math.round(this.bytes / 1024 ** 2)
    return `the event loop is ${Math.round(this.lagMs)} ms late, ${mebibytes} MiB of memory are used`
  }
}

function strainOf(value: number, bound: number | undefined): Strain {
  if (bound === undefined || value < NEAR * bound) return 'calm'
  return value > bound ? 'over' : 'near'
}
