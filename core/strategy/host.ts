/**
 * Strategy files as they are now: loads each version once, and only after it has been examined in a worker. A shipped
 * file is taken on trust as it stands at first, since its tests examine it; edited, it is examined like any other.
 */
import type { Clock } from '../clock.ts'
import { loadStrategy, locateStrategy, StrategyFileError } from './load.ts'
import { createPluginReader, type PluginFiles } from './files.ts'
import type { Strategy, StrategyPlugin } from './strategy.ts'
import { StrategyWatch } from './watch.ts'

/** One version of a strategy file; the same object for as long as the content stays the same and a pool holds it. */
export interface LoadedPlugin extends PluginFiles {
  readonly plugin: StrategyPlugin
  /** Absolute. */
  readonly file: string
  /** A shipped file as it stood at first, which its tests vouch for. */
  readonly isShipped: boolean
}

export interface PluginHost {
  /** Rejects with a `StrategyFileError` that says what is wrong with the file, or with these options. */
  load(use: string, options: unknown): Promise<LoadedPlugin>
  /** The same of a shipped file, without options; undefined: it is no longer as it stood at first, and nothing is examined. */
  loadShipped(name: string): Promise<LoadedPlugin | undefined>
  /** A strategy of its own. Throws what the plugin does. */
  create(loaded: LoadedPlugin, options: unknown): Strategy
  /** Looks whether what is called comes back. */
  readonly watch: StrategyWatch
  /** What the files consist of that failed to load and have not loaded since; absolute. */
  failedFiles(): readonly string[]
}

/** A version that is to be tried before it serves. */
export interface Trial {
  /** Absolute, or a shipped name. */
  readonly use: string
  /** Absolute. */
  readonly file: string
  readonly options: unknown
}

/** Resolves to why the version may not serve, undefined when it may; rejects with a `StrategyFileError` when it cannot be tried. */
export type Examine = (trial: Trial) => Promise<string | undefined>

export interface PluginHostOptions {
  readonly clock: Clock
  readonly examine: Examine
  /** Gets what a plugin's own timers and promises throw once it serves. */
  readonly reportFault?: (error: unknown) => void
  /** How many files can still be opened; undefined: nobody knows. */
  readonly freeDescriptors?: () => number | undefined
  readonly guard?: StrategyGuard
}

/** What keeps strategies from hanging the process. */
export interface StrategyGuard {
  /** Looks whether what is called comes back. */
  readonly watch: StrategyWatch
  /** Why a version must not be loaded: it has hung a process before; undefined: it has not. */
  hangs(file: string, version: string): string | undefined
}

/** Nobody looks, and nothing has hung. */
export const unguarded = (): StrategyGuard => ({ watch: new StrategyWatch(), hangs: () => undefined })

/** This version has hung a process before. It is not loaded again; a saved file is another version. */
export class HungVersionError extends StrategyFileError {
  readonly found: PluginFiles & { readonly file: string }

  constructor(message: string, found: HungVersionError['found']) {
    super(message)
    this.found = found
  }
}

/**
 * To load a version takes a thread and a module graph. Bun 1.4.5 ends the whole process when it has no descriptors left
 * for them; two would do, the rest is for what opens meanwhile.
 */
const wantedDescriptors = 32

/** How often a load says that it goes on: well below the time after which it is said to hang. */
const beatMs = 250

/** How often a file that is being written may change under our eyes before we give up. */
const maxTries = 5

/** Failed files to remember: those that somebody is mending now, not all there ever were. */
const maxFailed = 32

/** A failure that took long, a loop that is, is believed for so long: it must not hold up every other reload meanwhile. */
const believedMs = 60_000
const longMs = 500

/** A file that could not be loaded, as it was then. */
interface Failure extends PluginFiles {
  readonly options: string
  readonly error: unknown
  /** On the clock; till then it is not tried again. */
  readonly believedUntil: number
}

export function createPluginHost(options: PluginHostOptions): PluginHost {
  const { clock, examine, reportFault, freeDescriptors } = options
  const guard = options.guard ?? unguarded()
  const { watch } = guard
  /** By file. Weak: the code of a version that no pool runs is collected. */
  const known = new Map<string, WeakRef<LoadedPlugin>>()
  /** The options with which a version has passed. */
  const passed = new WeakMap<LoadedPlugin, Set<string>>()
  /** First version of each shipped file. */
  const trusted = new Map<string, string>()
  const failed = new Map<string, Failure>()
  const readFiles = createPluginReader(clock)

  async function load(use: string, options: unknown): Promise<LoadedPlugin> {
    const file = locateStrategy(use)
    const begunAt = clock.now()
    let seen: PluginFiles = { files: [file], version: '' }
    try {
      for (let tries = 0; tries < maxTries; tries += 1) {
        seen = readFiles(file)
        const before = remembered(file, seen, keyOf(options))
        if (before !== undefined) return keep(before, options)
        const hung = guard.hangs(file, seen.version)
        if (hung !== undefined) throw new HungVersionError(`${file}: ${hung}`, { ...seen, file })
        const loaded = await loadVersion(use, file, seen, options)
        // What was examined and what was loaded are one version only if nobody wrote meanwhile.
        if (readFiles(file).version === seen.version) return keep(loaded, options)
      }
      throw new StrategyFileError(`${file}: keeps changing while it is being loaded`)
    } catch (error) {
      const now = clock.now()
      const believedUntil = now - begunAt > longMs ? now + believedMs : now
      if (failed.get(file)?.error !== error) fail(file, { ...seen, options: keyOf(options), error, believedUntil })
      throw error
    }
  }

  async function loadShipped(name: string): Promise<LoadedPlugin | undefined> {
    const file = locateStrategy(name)
    return isTrusted(name, file, readFiles(file).version) ? await load(name, undefined) : undefined
  }

  /** What came of this very version before; undefined: nothing. Throws what it threw. */
  function remembered(file: string, { version }: PluginFiles, options: string): LoadedPlugin | undefined {
    const failure = failed.get(file)
    const isOld = failure?.version === version && failure.options === options
    if (isOld && clock.now() < failure.believedUntil) throw failure.error
    const loaded = known.get(file)?.deref()
    return loaded?.version === version && passed.get(loaded)?.has(options) ? loaded : undefined
  }

  async function loadVersion(use: string, file: string, seen: PluginFiles, options: unknown): Promise<LoadedPlugin> {
    const current = known.get(file)?.deref()
    const isCurrent = current?.version === seen.version
    requireDescriptors(file)
    const isShipped = isTrusted(use, file, seen.version)
    if (!isShipped) {
      const refusal = await examine({ use, file, options })
      if (refusal !== undefined) throw new StrategyFileError(refusal)
    }
    if (isCurrent) return current
    const version = { ...seen, file, isShipped }
    return { ...version, plugin: await watched(version, () => loadStrategy(use, { clock, onLateError: reportFault })) }
  }

  /** Loading takes turns of the event loop, in any of which the file's own code may loop. */
  async function watched<Result>(version: Omit<LoadedPlugin, 'plugin'>, load: () => Promise<Result>): Promise<Result> {
    const { beat, end } = watch.loads(version)
    let cancel = clock.after(beatMs, goOn)
    function goOn(): void {
      beat()
      cancel = clock.after(beatMs, goOn)
    }
    try {
      return await load()
    } finally {
      cancel()
      end()
    }
  }

  function create(loaded: LoadedPlugin, given: unknown): Strategy {
    const parsed = watch.tries(loaded, 'parse', () => loaded.plugin.parse(given))
    return watch.tries(loaded, 'create', () => loaded.plugin.create(parsed))
  }

  function requireDescriptors(file: string): void {
    const free = freeDescriptors?.() ?? wantedDescriptors
    if (free >= wantedDescriptors) return
    const shortage = `only ${free} more files can be opened, ${wantedDescriptors} are wanted`
    const message = `${file}: could not be examined: ${shortage}; raise the limit (ulimit -n)`
    throw new StrategyFileError(message, { isLocal: true })
  }

  function isTrusted(use: string, file: string, version: string): boolean {
    if (use === file) return false
    if (!trusted.has(file)) trusted.set(file, version)
    return trusted.get(file) === version
  }

  function keep(loaded: LoadedPlugin, options: unknown): LoadedPlugin {
    for (const [file, version] of known) if (version.deref() === undefined) known.delete(file)
    if (known.get(loaded.file)?.deref() !== loaded) known.set(loaded.file, new WeakRef(loaded))
    failed.delete(loaded.file)
    const withOptions = passed.get(loaded) ?? new Set()
    passed.set(loaded, withOptions.add(keyOf(options)))
    return loaded
  }

  function fail(file: string, failure: Failure): void {
    failed.delete(file)
    failed.set(file, failure)
    const [oldest] = failed.keys()
    if (failed.size > maxFailed && oldest !== undefined) failed.delete(oldest)
  }

  return {
    load,
    loadShipped,
    create,
    watch,
    failedFiles: () => [...new Set([...failed.values()].flatMap(({ files }) => files))],
  }
}

/** Options come from JSON, so this tells them apart. */
const keyOf = (options: unknown): string => JSON.stringify(options) ?? ''
