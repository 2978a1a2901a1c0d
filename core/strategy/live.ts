/**
 * The strategy that a pool runs, from version to version: takes another between two picks and hands the state over, counts
 * what a version does wrong, and goes back to the one before when that is too much.
 */
import type { Clock } from '../clock.ts'
import type { LoadedPlugin, PluginHost } from './host.ts'
import type { Strategy } from './strategy.ts'
import { messageOf, positionOf } from './thrown.ts'

/** Made, and not yet asked for anything. */
export interface ReadyStrategy {
  readonly loaded: LoadedPlugin
  readonly options: unknown
  readonly strategy: Strategy
  /** In place of `strategy` should its `import` throw: half a state is worse than none. */
  readonly spare: Strategy
}

export interface StrategyEvent {
  readonly kind: 'strategy-fault' | 'strategy-swapped' | 'strategy-reverted'
  readonly detail: string
}

/** Who asks the strategy: the pool's balancer. */
export interface StrategyUser {
  /** From the next pick on, `strategy` is asked; it also hears how the attempts under way end. */
  swap(strategy: Strategy): void
  /** Median of the newest samples; undefined before the first. */
  readonly nsPerPick: number | undefined
}

export interface LiveStrategyOptions {
  readonly ready: ReadyStrategy
  /** Asks `ready.strategy` already, and tells `onFault` of this. */
  readonly balancer: StrategyUser
  readonly host: PluginHost
  readonly clock: Clock
  readonly onEvent: (event: StrategyEvent) => void
}

export interface LiveStrategyFacts {
  /** As the plugin calls itself. */
  readonly name: string
  readonly file: string
  readonly version: string
  /** Of all versions, since the pool started. */
  readonly faults: number
  readonly lastFault: string | undefined
  readonly nsPerPick: number | undefined
  /** Wall ms. */
  readonly loadedAt: number
  /** Whether the file's own version failed in traffic, and this is the one before. */
  readonly hasReverted: boolean
}

/**
 * A sound strategy has no faults at all, so a few are enough; one a day is an oddity that its author should hear of and
 * nobody needs to be saved from. Requests do not fail meanwhile: the first candidate is taken.
 */
const faultLimit = 10
const faultWindowMs = 60_000

/** Rejects when the file cannot be used, or refuses its options. */
export async function readyStrategy(host: PluginHost, use: string, options: unknown): Promise<ReadyStrategy> {
  return makeReady(await host.load(use, options), options)
}

function makeReady(loaded: LoadedPlugin, options: unknown): ReadyStrategy {
  const create = (): Strategy => loaded.plugin.create(loaded.plugin.parse(options))
  const strategy = create()
  return { loaded, options, strategy, spare: strategy.import === undefined ? strategy : create() }
}

export class LiveStrategy {
  private readonly services: Omit<LiveStrategyOptions, 'ready'>
  /** What file and config say: another than `running` after a revert. */
  private wanted: ReadyStrategy
  private running: Pick<ReadyStrategy, 'loaded' | 'strategy'>
  private loadedAt: number
  /** Comes back when `running` fails; it never did itself. */
  private lastGood: Pick<ReadyStrategy, 'loaded' | 'strategy'> | undefined = undefined
  private isSpoilt = false
  private hasReverted = false
  private faults = 0
  private lastFault: string | undefined = undefined
  private faultsOfVersion = 0
  private faultsInWindow = 0
  private windowFrom = -Infinity

  constructor({ ready, ...services }: LiveStrategyOptions) {
    this.services = services
    this.wanted = ready
    this.running = ready
    this.loadedAt = services.clock.wallTime()
  }

  /** undefined: file and options are what they were, so what runs goes on, even after a revert. Rejects as `readyStrategy`. */
  async prepare(use: string, options: unknown): Promise<ReadyStrategy | undefined> {
    const loaded = await this.services.host.load(use, options)
    const isSame = loaded === this.wanted.loaded && Bun.deepEquals(options, this.wanted.options)
    return isSame ? undefined : makeReady(loaded, options)
  }

  /** From the next pick on, `ready` is asked. */
  take(ready: ReadyStrategy): void {
    const former = this.running
    const { strategy, fault } = handOver(former, ready)
    this.wanted = ready
    this.hasReverted = false
    this.run({ loaded: ready.loaded, strategy }, this.isSpoilt ? undefined : former)
    this.services.onEvent({ kind: 'strategy-swapped', detail: `version ${ready.loaded.version} is live` })
    if (fault !== undefined) this.onFault('handing over threw', fault.error)
  }

  /** What the balancer tells of: `what`, and the error when something was thrown. */
  onFault(what: string, error?: unknown): void {
    const detail = error === undefined ? what : `${what}: ${messageOf(error)}`
    this.faults += 1
    this.faultsOfVersion += 1
    this.lastFault = detail
    if (isWorthALine(this.faultsOfVersion)) this.report(detail, error)
    if (this.isTooMuch()) this.revert(detail)
  }

  facts(): LiveStrategyFacts {
    const { loaded } = this.running
    return {
      name: loaded.plugin.name,
      file: loaded.file,
      version: loaded.version,
      faults: this.faults,
      lastFault: this.lastFault,
      nsPerPick: this.services.balancer.nsPerPick,
      loadedAt: this.loadedAt,
      hasReverted: this.hasReverted,
    }
  }

  /** What the file consists of that config asks for, and of what runs. */
  files(): readonly string[] {
    return [...new Set([...this.wanted.loaded.files, ...this.running.loaded.files])]
  }

  private run(next: LiveStrategy['running'], lastGood: LiveStrategy['lastGood']): void {
    this.running = next
    this.lastGood = lastGood
    this.isSpoilt = false
    this.faultsOfVersion = 0
    this.windowFrom = -Infinity
    this.loadedAt = this.services.clock.wallTime()
    this.services.balancer.swap(next.strategy)
  }

  private report(detail: string, error: unknown): void {
    const where = positionOf(error)
    const often = this.faultsOfVersion === 1 ? '' : ` (${this.faultsOfVersion} faults by now)`
    this.services.onEvent({ kind: 'strategy-fault', detail: `${where ? `${where}: ` : ''}${detail}${often}` })
  }

  private isTooMuch(): boolean {
    const now = this.services.clock.now()
    if (now - this.windowFrom > faultWindowMs) {
      this.windowFrom = now
      this.faultsInWindow = 0
    }
    this.faultsInWindow += 1
    return this.faultsInWindow >= faultLimit
  }

  private revert(detail: string): void {
    const { lastGood, running } = this
    this.isSpoilt = true
    if (lastGood === undefined) return
    this.hasReverted = true
    this.run(lastGood, undefined)
    const versions = `version ${lastGood.loaded.version} is back, ${running.loaded.version} had ${faultLimit} faults`
    this.services.onEvent({ kind: 'strategy-reverted', detail: `${versions} within a minute, the last: ${detail}` })
  }
}

/** The first, the tenth, the hundredth: a strategy that fails in every pick must not fill a disk. */
const isWorthALine = (count: number): boolean => Number.isInteger(Math.log10(count))

/** The successor to ask, and what its predecessor or itself threw meanwhile. Another plugin's state means nothing to it. */
function handOver(
  former: Pick<ReadyStrategy, 'loaded' | 'strategy'>,
  next: ReadyStrategy,
): { readonly strategy: Strategy; readonly fault?: { readonly error: unknown } } {
  const { strategy } = next
  if (former.loaded.plugin.name !== next.loaded.plugin.name) return { strategy }
  try {
    if (former.strategy.export !== undefined) strategy.import?.(former.strategy.export())
    return { strategy }
  } catch (error) {
    return { strategy: next.spare, fault: { error } }
  }
}
