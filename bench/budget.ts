/** How long each run of load may be, so that a benchmark keeps to its time whoever takes part. Pure. */
import type { Scenario } from './scenario.ts'

/** What starting and warming up a contestant takes, seen on two shared x64 cores; Caddy is the slowest. */
const secondsPerStart = 1.4
/** The pause for stragglers, and asking around, in each run. */
const secondsPerRun = 0.1
const bounds = { min: 0.5, max: 5 }

/** Seconds for each run of load, 0.5..5; the lower bound may exceed the budget. */
export function planSecondsPerRound(
  scenarios: readonly Scenario[],
  peers: number,
  rounds: number,
  budgetSeconds: number,
): number {
  const starts = peers * scenarios.reduce((sum, { effort }) => sum + effort.starts, 0)
  const runs = peers * rounds * scenarios.reduce((sum, { effort }) => sum + effort.runs, 0)
  const seconds = (budgetSeconds - starts * secondsPerStart - runs * secondsPerRun) / Math.max(1, runs)
  return Math.max(bounds.min, Math.min(bounds.max, Math.floor(seconds * 10) / 10))
}

/** Seconds that it will take, about. */
export function estimateSeconds(
  scenarios: readonly Scenario[],
  peers: number,
  rounds: number,
  secondsPerRound: number,
): number {
  const sum = (value: (scenario: Scenario) => number): number =>
    scenarios.reduce((total, each) => total + value(each), 0)
  const loadSeconds = sum(({ effort }) => effort.runs) * rounds * (secondsPerRound + secondsPerRun)
  return peers * (loadSeconds + sum(({ effort }) => effort.starts) * secondsPerStart)
}
