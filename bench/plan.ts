/** From what the user asked for to what is to be run: scenarios, contestants, rounds, times. Starts nothing. */
import { readdirSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { estimateSeconds, planSecondsPerRound } from './budget.ts'
import type { Peer } from './peers/peer.ts'
import { defaultRivals, selectPeers } from './peers/roster.ts'
import { createSmartedge } from './peers/smartedge.ts'
import type { Scenario } from './scenario.ts'
import { selectScenarios } from './scenarios/catalogue.ts'
import { createTargetScenario, isLoopback, parseTarget } from './scenarios/target.ts'

/** What `smartedge bench` takes; see there. */
export interface Wishes {
  readonly against?: string
  readonly plugin?: readonly string[]
  readonly quick?: boolean
  readonly rounds?: number
  readonly seconds?: number
  readonly connections?: number
  readonly html?: string
  readonly markdown?: string
  readonly target?: string
  readonly rate?: number
  readonly iOwnThisTarget?: boolean
}

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
  requireRange('--rounds', rounds, 1, 100)
  requireRange('--connections', connections, 1, 5000)
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

function selectField(names: readonly string[], wishes: Wishes, directory: string): Field {
  if (wishes.target !== undefined) return selectTarget(wishes.target, wishes)
  const scenarios = selectScenarios(names.length > 0 ? names : [wishes.quick ? 'quick' : 'default'])
  const isContestOfStrategies = names.includes('strategies')
  const usual = isContestOfStrategies ? ['nginx', 'haproxy'] : [...defaultRivals, 'pipe']
  const rivals = wishes.against?.split(',').filter(Boolean) ?? usual
  const own = isContestOfStrategies ? listStrategies(wishes.plugin ?? [], directory).map(createSmartedge) : []
  const { found, missing } = selectPeers(isContestOfStrategies ? rivals : ['smartedge', ...rivals])
  return { scenarios, peers: [...own, ...found], missing }
}

/** Load on someone else's machine is an attack unless it is one's own. */
function selectTarget(text: string, { rate, iOwnThisTarget }: Wishes): Field {
  const target = parseTarget(text)
  if (!isLoopback(target.host) && iOwnThisTarget !== true)
    throw new Error(`${target.host} is not this machine; if it is yours to put under load, add --i-own-this-target`)
  if (rate !== undefined) requireRange('--rate', rate, 1, 1_000_000)
  return { scenarios: [createTargetScenario(target, rate)], peers: [], missing: [] }
}

/** The shipped ones by name, then the user's by absolute path. */
const listStrategies = (own: readonly string[], directory: string): readonly string[] => [
  ...readdirSync(plugins)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => basename(file, '.ts')),
  ...own.map((path) => resolve(directory, path)),
]

function requireRange(name: string, value: number, min: number, max: number): void {
  if (!(value >= min && value <= max)) throw new Error(`${name} must be ${min}..${max}, got ${value}`)
}

/** As one would type it. */
function describeCommand(names: readonly string[], wishes: Wishes): string {
  const flags = Object.entries(wishes).flatMap(([key, value]) => {
    const flag = `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    if (value === true) return [flag]
    return value === undefined || value === false ? [] : [value].flat().map((each) => `${flag} ${each}`)
  })
  return ['smartedge bench', ...names, ...flags].join(' ')
}
