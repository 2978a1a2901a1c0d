/**
 * What a strategy is put through before it may serve: the conformance checks, and how fast it is. Runs nothing by itself
 * that could be stopped; `examine-worker.ts` runs this where a loop does no harm.
 */
import { seededRandom } from '../random.ts'
import { conformanceChecks, exemptionFrom } from './conformance.ts'
import { measurePick } from './pick-speed.ts'
import { simulate, tally } from './simulate.ts'
import { begin, end, fakePool, someClient, wallTimeAt } from './fakes.ts'
import type { StrategyCall } from '../strategy/call-marks.ts'
import { slowestNsPerRequest } from '../strategy/pace.ts'
import { describeStranger } from '../strategy/stranger.ts'
import type { Strategy, StrategyPlugin } from '../strategy/strategy.ts'
import { messageOf, positionOf } from '../strategy/thrown.ts'

export interface ExamineOptions {
  /** Handed to the plugin's `parse`. */
  readonly options: unknown
  /** Whether also what would not keep it from serving is checked, for its author. */
  readonly isFull: boolean
  /** A monotonic clock in ms. */
  readonly now: () => number
  /** Told before each call into the strategy: what to blame when it does not return. */
  readonly onCall: (name: StrategyCall) => void
}

export interface Report {
  readonly checks: readonly CheckResult[]
  /** Of a request among 100 backends; null when it could not be measured. */
  readonly nsPerPick: number | null
  /** Shares of the requests, 0..1, beside those that the weights promise; empty unless `isFull` and there is a promise. */
  readonly spread: readonly { readonly weight: number; readonly share: number; readonly expected: number }[]
}

export interface CheckResult {
  readonly name: string
  readonly isVital: boolean
  /** Why it failed; null: it passed. */
  readonly fault: string | null
  /** `file:line:column` where the strategy threw; null when it did not. */
  readonly at: string | null
  /** Why the strategy says that it does not apply, so that it was not run; null: it was. */
  readonly exempt: string | null
  /** It threw what nobody throws on purpose, a TypeError or its like. */
  readonly isBug: boolean
}

/** Never throws; ends with the first fault that matters unless `isFull`. What loops keeps it. */
export function examine(plugin: StrategyPlugin, options: ExamineOptions): Report {
  const watched = watchCalls(plugin, options.onCall)
  const checks: CheckResult[] = []
  const passes = (name: string, isVital: boolean, run: () => void): boolean => {
    const result = { name, isVital, ...outcomeOf(run), exempt: null }
    checks.push(result)
    return result.fault === null
  }
  let nsPerPick: number | null = null
  let parsed: unknown
  const takesOptions = passes(optionsCheck, true, () => {
    parsed = watched.parse(options.options)
  })
  if (!takesOptions) return { checks, nsPerPick, spread: [] }
  // The speed first: what is far too slow would spend the checks' time.
  const serves = passes('picks a backend', true, () => serveOne(watched.create(parsed)))
  if (!serves) return { checks, nsPerPick, spread: [] }
  const isFast = passes('takes at most 100 µs for a request among 100 backends', true, () => {
    // Not the watched one: watching takes time.
    options.onCall('pick')
    nsPerPick = measurePick(plugin.create(plugin.parse(options.options)), options.now)
    if (nsPerPick > slowestNsPerRequest) throw new Error(`it takes ${Math.round(nsPerPick / 1000)} µs`)
  })
  if (!isFast) return { checks, nsPerPick, spread: [] }
  for (const check of conformanceChecks) {
    const { name, isVital = false } = check
    if (!isVital && !options.isFull) continue
    const exempt = exemptionFrom(check, plugin)
    if (exempt !== undefined) {
      checks.push({ name, isVital, fault: null, at: null, isBug: false, exempt })
      continue
    }
    if (!passes(name, isVital, () => check.run(watched, { options: options.options })) && !options.isFull) break
  }
  const hasShares = options.isFull && plugin.ignoresWeight === undefined
  return { checks, nsPerPick, spread: hasShares ? spreadOf(watched, options.options) : [] }
}

/**
 * The first reason to keep a strategy from serving, as `file[:line:column]: message`, or as the bare message when `parse`
 * has refused the options: then the file is sound. undefined: there is none.
 */
export function refusalOf(file: string, { checks }: Report): string | undefined {
  const failed = checks.find(({ isVital, fault }) => isVital && fault !== null)
  if (failed === undefined) return undefined
  const { name, fault, at, isBug } = failed
  if (name === optionsCheck && !isBug) return fault ?? undefined
  return at === null ? `${file}: ${fault} (checked: ${name})` : `${at}: ${fault}`
}

const optionsCheck = 'takes its options'

/** Through all of its parts once, so that one that hangs is known by name, and a stranger is not measured. */
function serveOne(strategy: Strategy): void {
  const pool = fakePool([1])
  const context = { key: undefined, client: someClient(0), now: 0, wallTime: wallTimeAt(0), random: seededRandom(16) }
  const picked = strategy.pick(pool, context)
  if (picked !== pool[0]) throw new Error(`pick returned ${describeStranger(picked, pool)}`)
  const attempt = begin(strategy, picked, 0)
  end(strategy, attempt, { kind: 'completed', status: 200, elapsedMs: 1 }, 1)
}

function outcomeOf(run: () => void): Pick<CheckResult, 'fault' | 'at' | 'isBug'> {
  try {
    run()
    return { fault: null, at: null, isBug: false }
  } catch (error) {
    const thrown = error instanceof CallThrew ? error.cause : error
    return { fault: messageOf(error), at: positionOf(thrown) ?? null, isBug: isBug(thrown) }
  }
}

/** A call into the strategy threw its `cause`: says which. */
class CallThrew extends Error {
  constructor(call: StrategyCall, thrown: unknown) {
    super(`${call} threw: ${messageOf(thrown)}${hooks.has(call) && isBug(thrown) ? hookHint : ''}`, { cause: thrown })
  }
}

const hooks: ReadonlySet<StrategyCall> = new Set(['onStart', 'onResponse', 'onEnd'])

const hookHint =
  ' (hooks of apiVersion 2 are given the attempt, whose candidate is the backend; those of apiVersion 1 the candidate itself)'

/** By name: each load of a strategy has classes of its own. */
function isBug(error: unknown): boolean {
  return error instanceof Error && ['TypeError', 'ReferenceError', 'RangeError', 'SyntaxError'].includes(error.name)
}

function watchCalls(plugin: StrategyPlugin, onCall: ExamineOptions['onCall']): StrategyPlugin {
  return {
    ...plugin,
    parse(raw) {
      onCall('parse')
      return plugin.parse(raw)
    },
    create(options) {
      onCall('create')
      return watchStrategy(plugin.create(options), onCall)
    },
  }
}

function watchStrategy(strategy: Strategy, onCall: ExamineOptions['onCall']): Strategy {
  const during = <Result>(call: StrategyCall, run: () => Result): Result => {
    onCall(call)
    try {
      return run()
    } catch (error) {
      throw new CallThrew(call, error)
    }
  }
  return {
    pick: (candidates, context) => during('pick', () => strategy.pick(candidates, context)),
    onStart: (attempt) => during('onStart', () => strategy.onStart?.(attempt)),
    onResponse: (attempt, status, now) => during('onResponse', () => strategy.onResponse?.(attempt, status, now)),
    onEnd: (attempt, outcome, now) => during('onEnd', () => strategy.onEnd?.(attempt, outcome, now)),
    export: () => during('export', () => strategy.export?.()),
    import: (state) => during('import', () => (strategy.export === undefined ? undefined : strategy.import?.(state))),
  }
}

function spreadOf(plugin: StrategyPlugin, options: unknown): Report['spread'] {
  const pool = fakePool([1, 2, 3, 4])
  const requests = 10_000
  try {
    const strategy = plugin.create(plugin.parse(options))
    const proxy = { strategy, candidates: () => pool }
    const counts = tally(simulate({ proxies: [proxy], load: { clients: 40 }, requests, random: seededRandom(15) }))
    return pool.map(({ id, weight }) => ({ weight, share: (counts.get(id) ?? 0) / requests, expected: weight / 10 }))
  } catch {
    return []
  }
}
