/**
 * Strategy files as they are now: loads each version once, and only after it has been examined in a worker. A shipped
 * file is taken on trust as it stands at first, since its tests examine it; edited, it is examined like any other.
 */
import type { Clock } from '../clock.ts'
import { examineApart } from './examine-apart.ts'
import { refusalOf } from './examine.ts'
import { loadStrategy, locateStrategy, StrategyFileError } from './load-strategy.ts'
import { type PluginFiles, readPluginFiles } from './plugin-files.ts'
import type { StrategyPlugin } from './strategy.ts'

/** One version of a strategy file; the same object for as long as the content stays the same and a pool holds it. */
export interface LoadedPlugin extends PluginFiles {
  readonly plugin: StrategyPlugin
  /** Absolute. */
  readonly file: string
}

export interface PluginHost {
  /** Rejects with a `StrategyFileError` that says what is wrong with the file, or with these options. */
  load(use: string, options: unknown): Promise<LoadedPlugin>
  /** What the files consist of that failed to load and have not loaded since; absolute. */
  failedFiles(): readonly string[]
}

export interface PluginHostOptions {
  readonly clock: Clock
  /** What a plugin's own timers and promises throw once it serves. */
  readonly onLateError?: (error: unknown) => void
}

/** A sound strategy is through in about 15 ms; the rest is for a machine that is busy. */
const examineDeadlineMs = 2000

/** How often a file that is being written may change under our eyes before we give up. */
const maxTries = 5

/** Failed files to remember: those that somebody is mending now, not all there ever were. */
const maxFailed = 32

export function createPluginHost({ clock, onLateError }: PluginHostOptions): PluginHost {
  /** By file. Weak: the code of a version that no pool runs is collected. */
  const known = new Map<string, WeakRef<LoadedPlugin>>()
  /** The options with which a version has passed. */
  const passed = new WeakMap<LoadedPlugin, Set<string>>()
  /** First version of each shipped file. */
  const trusted = new Map<string, string>()
  const failed = new Map<string, readonly string[]>()

  async function load(use: string, options: unknown): Promise<LoadedPlugin> {
    const file = locateStrategy(use)
    let seen: PluginFiles = { files: [file], version: '' }
    try {
      for (let tries = 0; tries < maxTries; tries += 1) {
        seen = await readPluginFiles(file)
        const loaded = await loadVersion(use, file, seen, options)
        // What was examined and what was loaded are one version only if nobody wrote meanwhile.
        if ((await readPluginFiles(file)).version !== seen.version) continue
        keep(loaded, options)
        return loaded
      }
      throw new StrategyFileError(`${file}: keeps changing while it is being loaded`)
    } catch (error) {
      remember(file, seen.files)
      throw error
    }
  }

  async function loadVersion(use: string, file: string, seen: PluginFiles, options: unknown): Promise<LoadedPlugin> {
    const current = known.get(file)?.deref()
    const isCurrent = current?.version === seen.version
    if (!(isCurrent && passed.get(current)?.has(keyOf(options))) && !isTrusted(use, file, seen.version)) {
      const request = { use, file, options, isFull: false, clock, deadlineMs: examineDeadlineMs }
      const refusal = refusalOf(file, (await examineApart(request)).report)
      if (refusal !== undefined) throw new StrategyFileError(refusal)
    }
    if (isCurrent) return current
    return { ...seen, file, plugin: await loadStrategy(use, { clock, ...(onLateError && { onLateError }) }) }
  }

  function isTrusted(use: string, file: string, version: string): boolean {
    if (use === file) return false
    if (!trusted.has(file)) trusted.set(file, version)
    return trusted.get(file) === version
  }

  function keep(loaded: LoadedPlugin, options: unknown): void {
    for (const [file, version] of known) if (version.deref() === undefined) known.delete(file)
    if (known.get(loaded.file)?.deref() !== loaded) known.set(loaded.file, new WeakRef(loaded))
    failed.delete(loaded.file)
    const withOptions = passed.get(loaded) ?? new Set()
    passed.set(loaded, withOptions.add(keyOf(options)))
  }

  function remember(file: string, files: readonly string[]): void {
    failed.delete(file)
    failed.set(file, files)
    const [oldest] = failed.keys()
    if (failed.size > maxFailed && oldest !== undefined) failed.delete(oldest)
  }

  return { load, failedFiles: () => [...new Set([...failed.values()].flat())] }
}

/** Options come from JSON, so this tells them apart. */
const keyOf = (options: unknown): string => JSON.stringify(options) ?? ''
