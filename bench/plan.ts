/** From what the user asked for to what is to be run: scenarios, contestants, rounds, times. Starts nothing. */
import { readdirSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { estimateSeconds, planSecondsPerRound } from './budget.ts'
import type { Peer } from './peers/peer.ts'
import { defaultRivals, selectPeers } from './peers/roster.ts'
import { createSmartedge } from './peers/smartedge.ts'
import type { Scenario } from './scenario.ts'
import { selectScenarios } from './scenarios/catalogue.ts'
import { createTargetScenario, isLoopback, parseTarget } from './scenarios/target.ts'

/** What a user asks for; undefined: the usual. */
export interface Wishes {
  /** Names of rivals, by comma. */
  readonly against?: string
  /** Strategy files of the user's own, beside the shipped ones. */
  readonly plugin?: readonly string[]
  /** One minute instead of five. */
  readonly quick?: boolean
  readonly rounds?: number
  /** Of each run of load. */
  readonly seconds?: number
  readonly connections?: number
  /** An address to put under load instead. */
  readonly target?: string
  /** Requests a second, with `target`. */
  readonly rate?: number
  readonly iOwnThisTarget?: boolean
}

/** Those that a command repeats; where the results go is no part of it. */
const repeated = [
  'against',
  'plugin',
  'quick',
  'rounds',
  'seconds',
  'connections',
  'target',
  'rate',
  'iOwnThisTarget',
] as const satisfies readonly (keyof Wishes)[]

export interface BenchmarkPlan {
  readonly command: string
  readonly scenarios: readonly Scenario[]
  readonly peers: readonly Peer[]
  /** Asked for, or usual, and not on this machine. */
  readonly missing: readonly Peer[]
  readonly rounds: number
  readonly secondsPerRound: number
  readonly connections: number
  readonly estimateSeconds: number
}

const defaults = { rounds: 3, quickRounds: 2, connections: 64, budgetSeconds: 280, quickBudgetSeconds: 52 }
const plugins = join(import.meta.dirname, '..', 'plugins')

/** `directory`: what relative paths of plugins start from. Throws an Error whose message is for the user. */
export function planBenchmark(names: readonly string[], wishes: Wishes, directory: string): BenchmarkPlan {
  const field = selectField(names, wishes, directory)
  const rounds = wishes.rounds ?? (wishes.quick ? defaults.quickRounds : defaults.rounds)
  const connections = wishes.connections ?? defaults.connections
  requireWhole('--rounds', rounds, 1, 100)
  requireWhole('--connections', connections, 1, 5000)
  const budgetSeconds = wishes.quick ? defaults.quickBudgetSeconds : defaults.budgetSeconds
  const contestants = Math.max(1, field.peers.length)
  const secondsPerRound = wishes.seconds ?? planSecondsPerRound(field.scenarios, contestants, rounds, budgetSeconds)
  requireRange('--seconds', secondsPerRound, 0.1, 600)
  return {
    ...field,
    command: describeCommand(names, wishes),
    rounds,
    connections,
    secondsPerRound,
    estimateSeconds: estimateSeconds(field.scenarios, contestants, rounds, secondsPerRound),
  }
}

type Field = Pick<BenchmarkPlan, 'scenarios' | 'peers' | 'missing'>

/** A contest of strategies when that is asked for, or when the user brings one and names nothing. */
function selectField(asked: readonly string[], wishes: Wishes, directory: string): Field {
  requireSense(asked, wishes)
  if (wishes.target !== undefined) return selectTarget(wishes.target, wishes)
  const usualSet = wishes.plugin !== undefined ? 'strategies' : wishes.quick ? 'quick' : 'default'
  const names = asked.length > 0 ? asked : [usualSet]
  const isContestOfStrategies = names.includes('strategies') || wishes.plugin !== undefined
  const usual = isContestOfStrategies ? ['nginx', 'haproxy'] : [...defaultRivals, 'pipe']
  const rivals = wishes.against?.split(',').filter(Boolean) ?? usual
  const own = isContestOfStrategies ? listStrategies(wishes.plugin ?? [], directory) : []
  const { found, missing } = selectPeers(isContestOfStrategies ? rivals : ['smartedge', ...rivals])
  return { scenarios: selectScenarios(names), peers: [...own, ...found], missing }
}

/** What would be left aside in silence is refused. */
function requireSense(names: readonly string[], { target, rate, iOwnThisTarget, against, plugin }: Wishes): void {
  if (target === undefined && rate !== undefined) throw new Error('--rate goes with --target')
  if (target === undefined && iOwnThisTarget) throw new Error('--i-own-this-target goes with --target')
  if (target !== undefined && (names.length > 0 || against !== undefined || plugin !== undefined))
    throw new Error('--target is measured alone: without scenarios, --against and --plugin')
}

/** Load on someone else's machine is an attack unless it is one's own. */
function selectTarget(text: string, { rate, iOwnThisTarget }: Wishes): Field {
  const target = parseTarget(text)
  if (!isLoopback(target.host) && iOwnThisTarget !== true)
    throw new Error(`${target.host} is not this machine; if it is yours to put under load, add --i-own-this-target`)
  if (rate !== undefined) requireRange('--rate', rate, 1, 1_000_000)
  return { scenarios: [createTargetScenario(target, rate)], peers: [], missing: [] }
}

/** SmartEdge with each shipped strategy, then with each of the user's. */
const listStrategies = (own: readonly string[], directory: string): readonly Peer[] => [
  ...readdirSync(plugins)
    .filter((file) => file.endsWith('.ts'))
    .toSorted()
    .map((file) => createSmartedge(basename(file, '.ts'))),
  ...own.map((path) => createSmartedge(requireFile(resolve(directory, path), path), path)),
]

function requireFile(path: string, asTyped: string): string {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile())
    throw new Error(`--plugin must be strategy files, got '${asTyped}', which is none (scenarios go before --plugin)`)
  return path
}

function requireWhole(name: string, value: number, min: number, max: number): void {
  requireRange(name, value, min, max)
  if (!Number.isInteger(value)) throw new Error(`${name} must be a whole number, got ${value}`)
}

function requireRange(name: string, value: number, min: number, max: number): void {
  if (!(value >= min && value <= max)) throw new Error(`${name} must be ${min}..${max}, got ${value}`)
}

/** As one would type it. */
function describeCommand(names: readonly string[], wishes: Wishes): string {
  const flags = repeated.flatMap((key) => {
    const value = wishes[key]
    const flag = `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    if (value === true) return [flag]
    return value === undefined || value === false ? [] : [value].flat().map((each) => `${flag} ${each}`)
  })
  return ['smartedge bench', ...names, ...flags].join(' ')
}
