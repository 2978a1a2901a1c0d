/**
 * The strategy that a pool runs, from version to version: takes another between two picks and hands the state over, counts
 * what a version does wrong, and goes back to the one before when that is too much.
 */
import type { Clock } from '../clock.ts'
import { SlidingWindow } from '../sliding-window.ts'
import type { PluginFiles } from './files.ts'
import { HungVersionError, type LoadedPlugin, type PluginHost } from './host.ts'
import { locateStrategy } from './load.ts'
import { slowestNsPerRequest } from './pace.ts'
import type { Strategy } from './strategy.ts'
import { messageOf, positionOf } from './thrown.ts'
import type { PoolWatch } from './watch.ts'

/** A version that can be asked. */
interface Version {
  readonly loaded: LoadedPlugin
  readonly strategy: Strategy
}

/** Made, and not yet asked for anything. */
export interface ReadyStrategy extends Version {
  readonly options: unknown
  /** In place of `strategy` should its `import` throw: half a state is worse than none. */
  readonly spare: Strategy
  /** What serves should this one fail with no version before it; undefined for a shipped one, which its tests vouch for. */
  readonly standIn: Version | undefined
}

export interface StrategyEvent {
  readonly kind: 'strategy-fault' | 'strategy-swapped' | 'strategy-reverted'
  readonly detail: string
}

/** Who asks the strategy: the pool's balancer. */
export interface StrategyUser {
  /** From the next pick on, `strategy` is asked, which calls itself `name`; it also hears how the attempts under way end. */
  swap(strategy: Strategy, name: string): void
  /** Median of the newest samples; undefined while there are too few. */
  readonly nsPerPick: number | undefined
}

/** What file and config ask for. */
interface Wanted extends PluginFiles {
  readonly file: string
  readonly options: unknown
}

/** What a pool begins with. */
export interface StartingStrategy {
  readonly ready: ReadyStrategy
  /** What `ready` stands in for, and why; undefined: for nobody. */
  readonly insteadOf?: { readonly wanted: Wanted; readonly why: string }
}

export interface LiveStrategyOptions extends StartingStrategy {
  /** Asks `ready.strategy` already, and tells `onFault` of this. */
  readonly balancer: StrategyUser
  readonly host: PluginHost
  readonly watch: PoolWatch
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
  /** How often another version took over since then, be it back. */
  readonly swaps: number
  readonly lastFault: string | undefined
  readonly nsPerPick: number | undefined
  /** Wall ms. */
  readonly loadedAt: number
  /** Why another runs than file and config ask for: theirs failed in traffic; undefined: it is theirs. */
  readonly revertedBecause: string | undefined
}

/**
 * A sound strategy has no faults at all, so a few are enough; one a day is an oddity that its author should hear of and
 * nobody needs to be saved from. Requests do not fail meanwhile: the balancer takes a candidate itself.
 */
const faultLimit = 10
const faultWindowMs = 60_000

/** In place of what failed with nothing before it: the default, which no option can spoil; the other where that failed. */
const standIns = ['expected-delay', 'round-robin']

/** As `readyStrategy`, but another stands in for a version that has hung a process before. */
export async function startingStrategy(host: PluginHost, use: string, options: unknown): Promise<StartingStrategy> {
  try {
    return { ready: await readyStrategy(host, use, options) }
  } catch (error) {
    if (!(error instanceof HungVersionError)) throw error
    const standIn = await makeStandIn(host, error.found.file)
    if (standIn === undefined) throw error
    const ready = { ...standIn, options: undefined, spare: standIn.strategy, standIn: undefined }
    return { ready, insteadOf: { wanted: { ...error.found, options }, why: error.message } }
  }
}

/** Rejects when the file cannot be used, or refuses its options. */
export async function readyStrategy(host: PluginHost, use: string, options: unknown): Promise<ReadyStrategy> {
  return makeReady(await host.load(use, options), options, host)
}

async function makeReady(loaded: LoadedPlugin, options: unknown, host: PluginHost): Promise<ReadyStrategy> {
  const strategy = host.create(loaded, options)
  const spare = strategy.import === undefined ? strategy : host.create(loaded, options)
  const standIn = loaded.isShipped ? undefined : await makeStandIn(host, loaded.file)
  return { loaded, options, strategy, spare, standIn }
}

/** For a strategy of `file`; undefined when none of the shipped ones can be used. */
async function makeStandIn(host: PluginHost, file: string): Promise<Version | undefined> {
  for (const name of standIns.filter((name) => locateStrategy(name) !== file)) {
    try {
      const loaded = await host.load(name, undefined)
      return { loaded, strategy: host.create(loaded, undefined) }
    } catch {
      // Somebody has edited it.
    }
  }
  return undefined
}

/** `fallbacks`: who may be asked next, none of which has failed. */
type Standing =
  /** What file and config ask for runs. */
  | { readonly kind: 'sound'; readonly fallbacks: readonly Version[] }
  /** Another runs: `why` theirs does not. */
  | { readonly kind: 'reverted'; readonly fallbacks: readonly Version[]; readonly why: string }
  /** What runs has failed, and there is nobody else to ask. */
  | { readonly kind: 'spoilt' }

export class LiveStrategy {
  private readonly services: Omit<LiveStrategyOptions, keyof StartingStrategy>
  /** Another than `running` after a revert. */
  private wanted: Wanted
  private running: Version
  private standing: Standing
  private loadedAt: number
  private faults = 0
  private swaps = 0
  private lastFault: string | undefined = undefined
  private faultsOfVersion = 0
  private readonly recentFaults = new SlidingWindow(faultWindowMs, ['faults'])

  constructor({ ready, insteadOf, ...services }: LiveStrategyOptions) {
    this.services = services
    this.wanted = insteadOf?.wanted ?? wantedOf(ready)
    this.running = ready
    this.standing = { kind: 'sound', fallbacks: present(ready.standIn) }
    this.loadedAt = services.clock.wallTime()
    services.watch.serves(ready.loaded)
    if (insteadOf === undefined) return
    this.standing = { kind: 'reverted', fallbacks: [], why: insteadOf.why }
    services.onEvent({ kind: 'strategy-reverted', detail: `${takesOver(ready)}: ${insteadOf.why}` })
  }

  /** undefined: file and options are what they were, so what runs goes on, even after a revert. Rejects as `readyStrategy`. */
  async prepare(use: string, options: unknown): Promise<ReadyStrategy | undefined> {
    const { host } = this.services
    try {
      const loaded = await host.load(use, options)
      return this.isWanted(loaded, options) ? undefined : await makeReady(loaded, options, host)
    } catch (error) {
      // For what hung before the start another stands in: nothing has changed.
      if (error instanceof HungVersionError && this.isWanted(error.found, options)) return undefined
      throw error
    }
  }

  private isWanted({ file, version }: Omit<Wanted, 'options' | 'files'>, options: unknown): boolean {
    const { wanted } = this
    return file === wanted.file && version === wanted.version && Bun.deepEquals(options, wanted.options)
  }

  /** From the next pick on, `ready` is asked. */
  take(ready: ReadyStrategy): void {
    const former = this.running
    const { strategy, fault } = handOver(former, ready, this.services.watch)
    const isFormerSound = this.standing.kind !== 'spoilt'
    this.wanted = wantedOf(ready)
    this.standing = { kind: 'sound', fallbacks: [...(isFormerSound ? [former] : []), ...present(ready.standIn)] }
    this.run({ loaded: ready.loaded, strategy })
    this.services.onEvent({ kind: 'strategy-swapped', detail: `version ${ready.loaded.version} is live` })
    if (fault !== undefined) this.onFault('handing over threw', fault.error)
  }

  /** What the balancer tells of: `what`, and the error when something was thrown. */
  onFault(what: string, error?: unknown): void {
    const detail = error === undefined ? what : `${what}: ${messageOf(error)}`
    const count = this.countFault(detail)
    if (isWorthALine(count)) this.report(detail, count, error)
    const now = this.services.clock.now()
    this.recentFaults.add('faults', now)
    if (this.recentFaults.count('faults', now) >= faultLimit)
      this.giveUp(`had ${faultLimit} faults within a minute, the last: ${detail}`)
  }

  /**
   * What the balancer tells of a strategy that takes too long for a request, many a time. Of a shipped one that says how busy
   * the machine is, and that its code has not been compiled yet.
   */
  onSlow(msPerRequest: number): void {
    if (this.running.loaded.isShipped) return
    const detail = `took ${msPerRequest.toPrecision(2)} ms for a request, more than ${slowestNsPerRequest / 1e6} ms`
    const count = this.countFault(detail)
    if (isWorthALine(count)) this.report(detail, count)
    this.giveUp(detail)
  }

  facts(): LiveStrategyFacts {
    const { loaded } = this.running
    return {
      name: loaded.plugin.name,
      file: loaded.file,
      version: loaded.version,
      faults: this.faults,
      swaps: this.swaps,
      lastFault: this.lastFault,
      nsPerPick: this.services.balancer.nsPerPick,
      loadedAt: this.loadedAt,
      revertedBecause: this.standing.kind === 'reverted' ? this.standing.why : undefined,
    }
  }

  /** What the file consists of that config asks for, and of what runs. */
  files(): readonly string[] {
    return [...new Set([...this.wanted.files, ...this.running.loaded.files])]
  }

  private run(next: Version): void {
    this.swaps += 1
    this.running = next
    this.faultsOfVersion = 0
    this.recentFaults.clear()
    this.loadedAt = this.services.clock.wallTime()
    this.services.watch.serves(next.loaded)
    this.services.balancer.swap(next.strategy, next.loaded.plugin.name)
  }

  /** How many this version has had. */
  private countFault(detail: string): number {
    this.faults += 1
    this.faultsOfVersion += 1
    this.lastFault = detail
    return this.faultsOfVersion
  }

  private report(detail: string, count: number, error?: unknown): void {
    const where = positionOf(error)
    const often = count === 1 ? '' : ` (${count} faults by now)`
    this.services.onEvent({ kind: 'strategy-fault', detail: `${where ? `${where}: ` : ''}${detail}${often}` })
  }

  /** Asks the next that has not failed from now on. */
  private giveUp(reason: string): void {
    if (this.standing.kind === 'spoilt') return
    const [next, ...fallbacks] = this.standing.fallbacks
    if (next === undefined) {
      this.standing = { kind: 'spoilt' }
      return
    }
    const { version } = this.running.loaded
    const why = `version ${version} ${reason}`
    this.standing = { kind: 'reverted', fallbacks, why }
    this.run(next)
    this.services.onEvent({ kind: 'strategy-reverted', detail: `${takesOver(next)}: ${why}` })
  }
}

const wantedOf = ({ loaded: { file, version, files }, options }: ReadyStrategy): Wanted => ({
  file,
  version,
  files,
  options,
})

const takesOver = ({ loaded }: Version): string =>
  loaded.isShipped ? `${loaded.plugin.name} stands in` : `version ${loaded.version} is back`

const present = (version: Version | undefined): readonly Version[] => (version === undefined ? [] : [version])

/** The first, the tenth, the hundredth: a strategy that fails in every pick must not fill a disk. */
const isWorthALine = (count: number): boolean => Number.isInteger(Math.log10(count))

/** The successor to ask, and what its predecessor or itself threw meanwhile. Another plugin's state means nothing to it. */
function handOver(
  former: Version,
  next: ReadyStrategy,
  watch: PoolWatch,
): { readonly strategy: Strategy; readonly fault?: { readonly error: unknown } } {
  const { strategy } = next
  if (former.loaded.plugin.name !== next.loaded.plugin.name) return { strategy }
  try {
    if (former.strategy.export === undefined || strategy.import === undefined) return { strategy }
    const state = watch.tries(former.loaded, 'export', () => former.strategy.export?.())
    watch.tries(next.loaded, 'import', () => strategy.import?.(state))
    return { strategy }
  } catch (error) {
    return { strategy: next.spare, fault: { error } }
  }
}
