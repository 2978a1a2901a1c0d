/** How long each run of load may be, so that a benchmark keeps to its time whoever takes part. Pure. */
import type { Scenario } from './scenario.ts'

/** What starting and warming up a contestant takes, seen on two shared x64 cores: 1.4, with room for a busier machine. */
const secondsPerStart = 1.5
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
  const { runs, starts, fixedSeconds } = addUp(scenarios, peers, rounds)
  const seconds = (budgetSeconds - fixedSeconds - starts * secondsPerStart - runs * secondsPerRun) / Math.max(1, runs)
  return Math.max(bounds.min, Math.min(bounds.max, Math.floor(seconds * 10) / 10))
}

/** Seconds that it will take, about. */
export function estimateSeconds(
  scenarios: readonly Scenario[],
  peers: number,
  rounds: number,
  secondsPerRound: number,
): number {
  const { runs, starts, fixedSeconds } = addUp(scenarios, peers, rounds)
  return fixedSeconds + runs * (secondsPerRound + secondsPerRun) + starts * secondsPerStart
}

function addUp(scenarios: readonly Scenario[], peers: number, rounds: number) {
  let [runs, starts, fixedSeconds] = [0, 0, 0]
  for (const { effort } of scenarios) {
    const contestants = Math.min(peers, effort.contestants ?? peers)
    runs += effort.runs * rounds * contestants
    starts += effort.starts * contestants
    fixedSeconds += (effort.fixedSeconds ?? 0) * rounds * contestants
  }
  return { runs, starts, fixedSeconds }
}
