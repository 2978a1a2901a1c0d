/**
 * The contract between SmartEdge and a balancing algorithm: the whole of it. A strategy only ranks; health, capacity,
 * retries and counting are settled before and after it. Per-backend memory belongs in a `WeakMap<Candidate, …>`.
 * Below the contract stand three aids for writing one: `perArray`, `tournament` and `readOptions`.
 */

/** A point on the earth, degrees: latitude -90..90, longitude -180..180. */
export interface Place {
  readonly latitude: number
  readonly longitude: number
}

/** One backend usable now, to be read only. The same object for as long as its id stays configured, across reloads. */
export interface Candidate {
  /** `host:port` or `unix:/path`, unique in the pool. */
  readonly id: string
  /** > 0, relative share, 1 is neutral; live, it may change between picks. */
  readonly weight: number
  /** Attempts begun and not ended, upgraded connections included; live. */
  readonly inflight: number
  readonly zone: string | undefined
  readonly place: Place | undefined
}

/**
 * Never empty. A new array whenever membership, eligibility, a zone or a place changes; otherwise the same reference, and
 * frozen up to a thousand. A request that is tried again, or found a backend at its bound, has an array of its own for that one pick, of
 * 64 at most.
 */
export type Candidates = readonly [Candidate, ...Candidate[]]

/** Who asks, as far as known. Zone and place are looked up when first read. */
export interface Client {
  /** The client's IP address as text, after `trustedProxies`. */
  readonly address: string
  readonly zone: string | undefined
  readonly place: Place | undefined
}

export interface PickContext {
  /** The affinity key that the pool's `affinity` setting takes from the request; undefined when it is absent there. */
  readonly key: string | undefined
  readonly client: Client
  /** Monotonic ms: for what elapses. */
  readonly now: number
  /** ms since 1970-01-01 UTC, as the system believes: for the time of day. May jump. */
  readonly wallTime: number
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** There only for a pick that somebody wants explained, one in a hundred or less; absent, nothing is to be written. */
  readonly notes?: PickNotes | undefined
}

/**
 * Where a pick writes down what decides it, as it decides: shown to people, and of no other effect. Candidates that were
 * not shown, scores that are no number and what comes after the pick are left out.
 */
export interface PickNotes {
  /** Chance has proposed it, in the order of the draws: one of two choices, say. */
  drew(candidate: Candidate): void
  /** What it was compared by, in a unit of the strategy's own: of those not passed over the lowest wins. The latest counts. */
  score(candidate: Candidate, score: number): void
  /** It may not have this request, unless it is scored again: why, in a few words, such as `busy: 40 in flight`. */
  passOver(candidate: Candidate, why: string): void
  /** Why the one that is returned, in a few words, such as `the less busy of two drawn by weight`. The latest counts. */
  because(why: string): void
}

export type Outcome =
  | { readonly kind: 'completed'; readonly status: number; readonly elapsedMs: number }
  | {
      readonly kind: 'failed'
      readonly cause: 'connect' | 'timeout' | 'reset' | 'protocol'
      readonly elapsedMs: number
      /** Of a connect: why there was no TLS with the backend, such as `tls-name: its certificate is not for a.example`. */
      readonly tls?: string
    }
  /** The client left, or had its response from another backend: says nothing about this one. */
  | { readonly kind: 'abandoned'; readonly elapsedMs: number }
  /**
   * We were short of something of our own, such as descriptors or local ports, or the backend had no room for another
   * stream and left the request alone: says nothing about the backend either.
   */
  | { readonly kind: 'local'; readonly elapsedMs: number }

/**
 * One try of a request at one backend, as hooks are told of it: frozen, and the same object from its start to its end, so
 * that memory per attempt may hang on it.
 */
export interface AttemptView {
  readonly candidate: Candidate
  /** Monotonic ms. */
  readonly startedAt: number
  /** In flight at the candidate as it began, itself not counted. */
  readonly inflightBefore: number
  /** Whether the request has been tried before, there or elsewhere. */
  readonly isRetry: boolean
}

export interface Strategy {
  /** Synchronous, no I/O, no timers, keeps no array (but see `perArray`). Returns a member of `candidates`. */
  pick(candidates: Candidates, context: PickContext): Candidate
  /** It begins; the candidate's `inflight` counts it already. */
  onStart?(attempt: AttemptView): void
  /** Its response head has arrived, with this status. `now` is monotonic ms here and below. */
  onResponse?(attempt: AttemptView, status: number, now: number): void
  /** It is over, `inflight` too: once for each onStart, on every path. A strategy that took over hears of its predecessor's, too. */
  onEnd?(attempt: AttemptView, outcome: Outcome, now: number): void
  /**
   * What a successor may go on with; asked once, as it takes over. A `WeakMap<Candidate, …>` will do: candidates stay the
   * same objects. Keep to plain values besides: a successor's classes are not this one's.
   */
  export?(): unknown
  /**
   * Before the first pick: what the predecessor's `export` returned, when that is a strategy of the same `name`, perhaps
   * of an older version of this file. Take nothing on trust; a throw is a fault, and a fresh strategy starts empty.
   */
  import?(state: unknown): void
}

export interface StrategyPlugin<Options = unknown> {
  readonly apiVersion: 2
  readonly name: string
  /**
   * Why requests are not shared by weight, where they are not: `the fewest errors win`, say. The shared checks then do not
   * ask for it.
   */
  readonly ignoresWeight?: string
  /** The `options` of the config (undefined when absent) -> valid options; throws an Error naming the offending key. */
  parse(raw: unknown): Options
  /** A fresh strategy; called once per pool. */
  create(options: Options): Strategy
}

/** What `create` returns in a file of version 1, which still loads: its hooks hear of the candidate, not of the attempt. */
export interface StrategyOfVersion1 extends Pick<Strategy, 'pick' | 'export' | 'import'> {
  onStart?(candidate: Candidate, now: number): void
  /** `ttfbMs` after the attempt began. */
  onResponse?(candidate: Candidate, ttfbMs: number, now: number): void
  onEnd?(candidate: Candidate, outcome: Outcome, now: number): void
}

export interface PluginOfVersion1<Options = unknown> extends Omit<StrategyPlugin<Options>, 'apiVersion' | 'create'> {
  readonly apiVersion: 1
  create(options: Options): StrategyOfVersion1
}

/** One without options may leave `parse` out: a config that gives it any is refused. */
export type WithoutOptions<Plugin extends { parse: unknown }> = Omit<Plugin, 'parse'> & { readonly parse?: undefined }

/** Adds inference only; a plain object of the same shape loads too. */
export function defineStrategy<Options>(plugin: StrategyPlugin<Options>): StrategyPlugin<Options>
export function defineStrategy<Options>(plugin: PluginOfVersion1<Options>): PluginOfVersion1<Options>
export function defineStrategy(plugin: WithoutOptions<StrategyPlugin<object>>): WithoutOptions<StrategyPlugin<object>>
export function defineStrategy(
  plugin: WithoutOptions<PluginOfVersion1<object>>,
): WithoutOptions<PluginOfVersion1<object>>
export function defineStrategy(plugin: unknown): unknown {
  return plugin
}

/**
 * Builds something costly once for each lasting candidate array, on its first pick, from a copy that is its own: reading a
 * frozen array takes 20 ns an element. A retry passes an array of its own for a single pick: that one gets undefined, and
 * what was built stays. An array that takes over after another is recognised as lasting at its second pick.
 */
export function perArray<Built>(
  build: (candidates: Candidates, context: PickContext) => Built,
): (candidates: Candidates, context: PickContext) => Built | undefined {
  let current: { readonly candidates: Candidates; readonly built: Built } | undefined
  const newcomers = new WeakSet<Candidates>()
  return (candidates, context) => {
    if (current?.candidates === candidates) return current.built
    if (current !== undefined && !newcomers.has(candidates)) {
      newcomers.add(candidates)
      return undefined
    }
    current = { candidates, built: build([...candidates], context) }
    return current.built
  }
}

/** The least of some numbers, at all times. */
export interface Tournament {
  /** Its index; of equal ones that of the lower `order`, of those again any. */
  winner(): number
  /** The number at `index`. */
  at(index: number): number
  /** `order` stays as it was when absent, 0 at first. */
  set(index: number, value: number, order?: number): void
  /** Every number anew, in one go. */
  setAll(valueOf: (index: number) => number): void
}

/**
 * Of `count` numbers, Infinity each at first. A change takes O(log n): a tournament tree (Knuth, vol. 3, 5.4.1), whose
 * matches above the changed one are played again.
 */
export function tournament(count: number): Tournament {
  const size = 2 ** Math.ceil(Math.log2(count))
  /** By index; padding never wins. */
  const values = new Float64Array(size).fill(Infinity)
  const orders = new Float64Array(size)
  /** Node i holds the winner of its children 2i and 2i + 1; the leaves start at `size`. */
  const winners = new Int32Array(2 * size).map((_, node) => Math.max(0, node - size))

  const at = (index: number): number => values[index] ?? Infinity
  const winnerAt = (node: number): number => winners[node] ?? 0

  function play(node: number): void {
    const left = winnerAt(2 * node)
    const right = winnerAt(2 * node + 1)
    const lead = at(left) - at(right)
    winners[node] = lead > 0 || (lead === 0 && (orders[right] ?? 0) < (orders[left] ?? 0)) ? right : left
  }

  return {
    winner: () => winnerAt(1),
    at,
    set(index, value, order = orders[index] ?? 0) {
      values[index] = value
      orders[index] = order
      for (let node = (size + index) >> 1; node >= 1; node >>= 1) play(node)
    },
    setAll(valueOf) {
      for (let index = 0; index < count; index += 1) values[index] = valueOf(index)
      for (let node = size - 1; node >= 1; node -= 1) play(node)
    },
  }
}

/** Bounds inclusive; durations (`"500ms" "5s" "1m" "1h"` in the config) are in ms here. */
export interface NumberRule {
  readonly kind: 'number' | 'duration'
  readonly min: number
  readonly max: number
  readonly default: number
}

/** One of `choices`, or without them any text of 1 to 1000 characters. */
export interface TextRule {
  readonly kind: 'text'
  readonly choices?: readonly string[]
  readonly default: string
}

export type OptionRule = NumberRule | TextRule

/** What the options of these rules read as. */
export type OptionsOf<Rules extends Readonly<Record<string, OptionRule>>> = {
  [Name in keyof Rules]: Rules[Name] extends TextRule ? string : number
}

const maxTextLength = 1000

/** More would help nobody. */
const maxFaults = 100

/** For `parse`: reads options strictly. Throws an Error that names key, rule and value of all that is wrong, a line each. */
export function readOptions<const Rules extends Readonly<Record<string, OptionRule>>>(
  raw: unknown,
  rules: Rules,
): OptionsOf<Rules> {
  const given: Readonly<Record<string, unknown>> = asRecord(raw)
  const faults = Object.keys(given)
    .filter((key) => !Object.hasOwn(rules, key))
    .map((key) => `${key} is not an option, ${known(rules)}, got ${show(given[key])}`)
  const options: Record<string, number | string> = {}
  for (const [key, rule] of Object.entries(rules)) {
    const value = given[key] === undefined ? rule.default : readOption(given[key], rule)
    if (value === undefined) faults.push(`${key} must be ${describe(rule)}, got ${show(given[key])}`)
    else options[key] = value
  }
  if (faults.length > 0) throw new Error(faults.slice(0, maxFaults).join('\n'))
  return options as OptionsOf<Rules>
}

function asRecord(raw: unknown): Readonly<Record<string, unknown>> {
  if (raw === undefined) return {}
  if (typeof raw === 'object' && raw !== null && !Array.isArray(raw)) return { ...raw }
  throw new Error(`options must be an object, got ${show(raw)}`)
}

/** undefined: it is none. */
function readOption(value: unknown, rule: OptionRule): number | string | undefined {
  if (rule.kind === 'text') return isText(value, rule) ? value : undefined
  const number = rule.kind === 'number' ? value : durationMs(value)
  return typeof number === 'number' && number >= rule.min && number <= rule.max ? number : undefined
}

function isText(value: unknown, { choices }: TextRule): value is string {
  const isSound = typeof value === 'string' && value !== '' && value.length <= maxTextLength
  return isSound && (choices === undefined || choices.includes(value))
}

/** Completes "must be …". */
function describe(rule: OptionRule): string {
  if (rule.kind === 'number') return `a number of ${rule.min}..${rule.max}`
  if (rule.kind === 'text')
    return (
      rule.choices?.map((choice) => JSON.stringify(choice)).join(', ') ?? `a text of 1..${maxTextLength} characters`
    )
  const [min, max, example] = [rule.min, rule.max, rule.default].map(showDuration)
  return `a duration of ${min}..${max}, such as ${example}`
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

function durationMs(value: unknown): number | undefined {
  const parts = typeof value === 'string' ? /^(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h)$/.exec(value) : null
  return parts === null ? undefined : Number(parts[1]) * (unitMs[parts[2] ?? ''] ?? NaN)
}

/** In the largest unit in which it is whole: 3600000 -> `"1h"`. */
function showDuration(ms: number): string {
  const [unit, size] = Object.entries(unitMs).findLast(([, size]) => ms > 0 && ms % size === 0) ?? ['ms', 1]
  return `"${ms / size}${unit}"`
}

const known = (rules: object): string => `known: ${Object.keys(rules).join(', ') || 'none'}`

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60))
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
