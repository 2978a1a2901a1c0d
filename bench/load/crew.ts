/** The load processes of a benchmark, kept warm between runs, and what they report together. */
import { join } from 'node:path'
import type { Nursery } from '../children.ts'
import type { Cores } from '../cores.ts'
import { mergeLatencies } from './latencies.ts'
import { dividePlan, findSaturation, type LoadErrors, type LoadPlan, type LoadReport } from './plan.ts'

/** One run, all processes together. */
export interface LoadResult {
  readonly requests: number
  readonly requestsPerSecond: number
  readonly errors: LoadErrors
  /** Requests without a good answer. */
  readonly failed: number
  readonly elapsedMs: number
  readonly latencies: ReturnType<typeof mergeLatencies>
  /** Why latencies say nothing about the target; empty when they do. */
  readonly saturation: readonly string[]
  /** Connections that took up a session of before. */
  readonly resumed: number
}

export interface Crew {
  /** Rejects when a load process ends. One run at a time. */
  readonly run: (plan: LoadPlan) => Promise<LoadResult>
}

const httpProgram = join(import.meta.dirname, '..', 'load.ts')

/**
 * Starts as many processes of the load program as have cores of their own. One that shares its core with the backend
 * gives way to it: polling for the next send would hold up answers by milliseconds (p90 at 25,000/s: 3.0 ms, so 0.03).
 */
export function createCrew(nursery: Nursery, cores: Cores, program = httpProgram): Crew {
  const yields = cores.load?.some((core) => cores.backends?.includes(core)) ?? false
  const workers = Array.from({ length: cores.loadProcesses }, (_, index) =>
    nursery.startTalking({
      name: 'load',
      command: [...(yields ? ['nice', '-n', '5'] : []), process.execPath, program],
      cores: cores.load === undefined ? undefined : cores.load.slice(index, index + 1),
    }),
  )
  return {
    async run(plan) {
      const parts = dividePlan(plan, workers.length)
      const answers = await Promise.all(
        parts.map(
          (part, index) => workers[index]?.ask(JSON.stringify(part)) ?? Promise.reject(new Error('no load process')),
        ),
      )
      return combineReports(
        plan,
        answers.map((answer) => JSON.parse(answer) as LoadReport),
      )
    },
  }
}

/** Adds up counts and rates; of lags and loads the worst process counts. Pure. */
export function combineReports(plan: LoadPlan, reports: readonly LoadReport[]): LoadResult {
  const sum = (value: (report: LoadReport) => number): number => reports.reduce((total, each) => total + value(each), 0)
  const errors: LoadErrors = {
    connect: sum((report) => report.errors.connect),
    cut: sum((report) => report.errors.cut),
    status: sum((report) => report.errors.status),
    malformed: sum((report) => report.errors.malformed),
    unanswered: sum((report) => report.errors.unanswered),
  }
  return {
    requests: sum((report) => report.requests),
    requestsPerSecond: sum((report) => (report.elapsedMs > 0 ? (report.requests / report.elapsedMs) * 1000 : 0)),
    errors,
    failed: Object.values(errors).reduce((total: number, count: number) => total + count, 0),
    elapsedMs: Math.max(...reports.map((report) => report.elapsedMs)),
    latencies: mergeLatencies(reports.map((report) => report.latencies)),
    resumed: sum((report) => report.resumed),
    saturation: [...new Set(reports.flatMap((report) => findSaturation(plan, report)))],
  }
}
