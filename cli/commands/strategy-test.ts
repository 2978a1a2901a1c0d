/** `smartedge strategy test`: puts a strategy through the shared checks, in a worker, and says what came of it. */
import { examineApart } from '../../core/lab/examine-apart.ts'
import { refusalOf, type Report } from '../../core/lab/examine.ts'
import { locateStrategy, StrategyFileError } from '../../core/strategy/load.ts'
import { shippedStrategies } from '../../core/strategy/shipped.ts'
import { didYouMean } from '../../core/suggest.ts'
import { systemClock } from '../../core/clock.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { isShipped, pluginPath, strategyFile } from '../process/strategy-file.ts'
import { paint, printable } from '../text/text.ts'

export interface StrategyTestOptions {
  /** Handed to the strategy as the config's would be. */
  readonly options?: unknown
  readonly json?: boolean
}

/** What takes longer is no longer testing: the shipped ones are through in a quarter of a second. */
const deadlineMs = 30_000

/** `failure` when any check fails, also one that would not keep it from serving. */
export async function strategyTest(io: Io, target: string, { options, json = false }: StrategyTestOptions) {
  const use = isShipped(target) ? target : strategyFile(io, target)
  if (use === undefined) return unknown(io, target)
  const file = locateStrategy(use)
  try {
    const { name, report } = await examineApart({ use, file, options, isFull: true, clock: systemClock, deadlineMs })
    const passes = report.checks.every(({ fault }) => fault === null)
    const refusal = refusalOf(file, report) ?? null
    if (json) io.data(`${JSON.stringify({ file, name, passes, refusal, ...report }, null, 2)}\n`)
    else io.stdout(render(target, name, report, refusal, io.color))
    return passes ? exitCode.ok : exitCode.failure
  } catch (error) {
    if (!(error instanceof StrategyFileError)) throw error
    if (json) io.data(`${JSON.stringify({ file, name: null, passes: false, refusal: error.message }, null, 2)}\n`)
    else io.stderr(`${error.message}\n`)
    return exitCode.failure
  }
}

function unknown(io: Io, target: string): number {
  const hint = didYouMean(target, shippedStrategies) ?? `shipped are ${shippedStrategies.join(', ')}`
  io.stderr(
    `smartedge: there is no strategy ${printable(target)}, and no file ${pluginPath(printable(target))} (${hint})\n`,
  )
  return exitCode.failure
}

function render(target: string, name: string, report: Report, refusal: string | null, color: boolean): string {
  const lines = report.checks.map(({ name, fault, at }) =>
    fault === null
      ? `  ${paint('✔', 'green', color)} ${name}`
      : `  ${paint('✖', 'red', color)} ${name}\n      ${at === null ? '' : `${printable(at)}: `}${printable(fault)}`,
  )
  const failed = report.checks.filter(({ fault }) => fault !== null).length
  const summary = [
    `${report.checks.length - failed} passed, ${failed} failed`,
    ...(failed === 0 ? [] : [refusal === null ? 'SmartEdge would run it' : 'SmartEdge would refuse it']),
  ]
  return [
    `${paint(printable(target), 'bold', color)} (${printable(name)})`,
    ...lines,
    ...spread(report),
    ...(report.nsPerPick === null ? [] : [`  ${Math.round(report.nsPerPick)} ns for a request among 100 backends`]),
    `${summary.join('; ')}\n`,
  ].join('\n')
}

function spread({ spread }: Report): string[] {
  if (spread.length === 0) return []
  const percent = (ratio: number): string => `${(ratio * 100).toFixed(1)} %`
  const shares = spread.map(({ weight, share, expected }) => `${weight}: ${percent(share)} of ${percent(expected)}`)
  return [`  requests by weight, of what it promises: ${shares.join(', ')}`]
}
