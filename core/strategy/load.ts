/**
 * Loads a strategy file, shipped or a user's, and holds it to the contract before anyone sees it. Each load runs the file
 * and all that it imports afresh, in a `Bun.ModuleGraph` of its own (experimental in Bun 1.4.5): so a saved file can be
 * loaded again, and an older copy is collected with its last pool. Not a sandbox: a plugin is trusted code.
 */
import { type Stats, statSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import type { Clock } from '../clock.ts'
import { ownFile, realPath } from '../own-place.ts'
import { offerOwnModules } from './own-modules.ts'
import { isShipped, shippedStrategies } from './shipped.ts'
import {
  type PluginOfVersion1,
  readOptions,
  type Strategy,
  type StrategyOfVersion1,
  type StrategyPlugin,
} from './strategy.ts'
import { whereAndWhat } from './thrown.ts'
import { fromVersion1 } from './version-1.ts'

/**
 * A strategy is at fault; the message begins with its file, as `file:` or `file:line:column:`. When its options are at fault
 * the message begins with the option, when it is the machine it says so.
 */
export class StrategyFileError extends Error {
  override readonly name = 'StrategyFileError'
  readonly isLocal: boolean

  constructor(message: string, { isLocal = false, ...options }: ErrorOptions & { readonly isLocal?: boolean } = {}) {
    super(message, options)
    this.isLocal = isLocal
  }
}

export interface LoadOptions {
  /** Ends a load that hangs; without it a top-level await may take for ever. */
  readonly clock?: Clock
  /** What the file's own timers and promises throw after it was loaded; the process's handlers get it when absent. */
  readonly onLateError?: ((error: unknown) => void) | undefined
}

/** A module that only defines things is ready in ms; longer means that a top-level await hangs. */
const loadDeadlineMs = 5000

/** `use`: a shipped name or an absolute path. Rejects with a `StrategyFileError`. */
export async function loadStrategy(use: string, options: LoadOptions = {}): Promise<StrategyPlugin> {
  const file = locateStrategy(use)
  requireFile(file)
  const exported = await importAfresh(file, options)
  return checkPlugin(file, exported)
}

/** The file of a shipped name or an absolute path; throws a `StrategyFileError` for anything else. */
export function locateStrategy(use: string): string {
  if (isAbsolute(use)) return use
  if (isShipped(use)) return ownFile(`plugins/${use}.ts`)
  throw new StrategyFileError(`strategy must be ${shippedStrategies.join(', ')} or an absolute path, got ${show(use)}`)
}

/** Throws a `StrategyFileError` unless it is a source file that is there. */
export function requireFile(file: string): void {
  if (!/\.[mc]?[jt]s$/.test(file)) throw new StrategyFileError(`${file}: a strategy must be a .ts or .js file`)
  let found: Stats
  try {
    found = statSync(file)
  } catch (error) {
    throw new StrategyFileError(`${file}: cannot be read (${codeOf(error)})`, { cause: error })
  }
  if (!found.isFile()) throw new StrategyFileError(`${file}: must be a file`)
}

/** The namespace object of the file. What a failed load left behind (timers, sockets) is closed. */
async function importAfresh(file: string, { clock, onLateError }: LoadOptions): Promise<unknown> {
  // By its real path: behind a link, Bun resolves relative imports from one end or the other, as its cache has it.
  const real = realPath(file)
  offerOwnModules()
  const graph = new Bun.ModuleGraph({ onError: onLateError })
  const late = Promise.withResolvers<never>()
  const cancel = clock?.after(loadDeadlineMs, () => {
    late.reject(new StrategyFileError(`${file}: must load within ${loadDeadlineMs} ms; does a top-level await hang?`))
  })
  try {
    return await Promise.race([graph.import<unknown>(real), late.promise])
  } catch (error) {
    graph.dispose()
    throw error instanceof StrategyFileError
      ? error
      : new StrategyFileError(whereAndWhat(file, error, 'threw while loading: '), { cause: error })
  } finally {
    cancel?.()
  }
}

/** The plugin as the contract says, one of version 1 made over; its `create` checks in turn what it made. */
function checkPlugin(file: string, module: unknown): StrategyPlugin {
  const plugin = membersOf(membersOf(module)['default'])
  function must(holds: boolean, key: string, rule: string): void {
    if (!holds) throw new StrategyFileError(`${file}: ${key} must be ${rule}, got ${show(plugin[key])}`)
  }
  if (Object.keys(plugin).length === 0) {
    throw new StrategyFileError(
      `${file}: the default export must be defineStrategy({ … }), got ${show(membersOf(module)['default'])}`,
    )
  }
  must(
    plugin['apiVersion'] === 2 || plugin['apiVersion'] === 1,
    'apiVersion',
    '2, whose hooks are given the attempt, or 1, whose hooks are given the candidate',
  )
  must(typeof plugin['name'] === 'string' && plugin['name'] !== '', 'name', 'a text that is not empty')
  const why = plugin['ignoresWeight']
  const isReason = typeof why === 'string' && why !== '' && why.length <= 200
  must(why === undefined || isReason, 'ignoresWeight', 'a reason of 1..200 characters, or absent')
  const hasOptions = plugin['parse'] !== undefined
  must(
    !hasOptions || typeof plugin['parse'] === 'function',
    'parse',
    'a function, or absent where there are no options',
  )
  must(typeof plugin['create'] === 'function', 'create', 'a function that returns { pick }')
  const sound = plugin as unknown as StrategyPlugin | PluginOfVersion1
  return {
    apiVersion: 2,
    name: sound.name,
    ...(sound.ignoresWeight !== undefined && { ignoresWeight: sound.ignoresWeight }),
    parse: (raw) => (hasOptions ? sound.parse(raw) : readOptions(raw, {})),
    create(options) {
      if (sound.apiVersion === 1) return fromVersion1(checkStrategy(file, sound.create(options)))
      return checkStrategy(file, sound.create(options))
    },
  }
}

/** `made` as it is, once each of its parts is what the contract says. */
function checkStrategy<Made extends Strategy | StrategyOfVersion1>(file: string, made: Made): Made {
  const strategy = membersOf(made)
  for (const key of ['pick', 'onStart', 'onResponse', 'onEnd', 'export', 'import']) {
    const isSound = typeof strategy[key] === 'function' || (strategy[key] === undefined && key !== 'pick')
    if (!isSound)
      throw new StrategyFileError(
        `${file}: ${key} of what create returns must be a function, got ${show(strategy[key])}`,
      )
  }
  return made
}

const membersOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}

const codeOf = (error: unknown): string => String(membersOf(error)['code'] ?? error)

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60))
  return typeof value === 'object' && value !== null
    ? 'an object'
    : typeof value === 'function'
      ? 'a function'
      : String(value)
}
