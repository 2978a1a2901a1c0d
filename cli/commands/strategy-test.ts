/** `smartedge strategy test`: puts a strategy through the shared checks, in a worker, and says what came of it. */
import { examineApart, trialDeadlineMs } from '../../core/lab/examine-apart.ts'
import { type ConformanceCheck, conformanceChecks } from '../../core/lab/conformance.ts'
import { refusalOf } from '../../core/lab/examine.ts'
import { locateStrategy, StrategyFileError } from '../../core/strategy/load.ts'
import { isShipped, shippedStrategies } from '../../core/strategy/shipped.ts'
import { didYouMean } from '../../core/suggest.ts'
import { systemClock } from '../../core/clock.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { patientClock } from '../process/patient-clock.ts'
import { pluginPath, strategyFile } from '../process/strategy-file.ts'
import { renderExamination } from '../text/examination.ts'
import { printable } from '../text/text.ts'

export interface StrategyTestOptions {
  /** Handed to the strategy as the config's would be. */
  readonly options?: unknown
  readonly json?: boolean
  /** Words of checks that the author means otherwise, `weight` say; what requests would suffer from is none of them. */
  readonly skip?: readonly string[]
}

/** What takes longer is no longer testing: the shipped ones are through in a quarter of a second. */
const deadlineMs = 30_000

/** `failure` when any check fails that is not skipped, also one that would not keep it from serving. */
export async function strategyTest(io: Io, target: string, { options, json = false, skip = [] }: StrategyTestOptions) {
  const misplaced = skip.find((word) => !conformanceChecks.some((check) => isSkipped(check, [word])))
  if (misplaced !== undefined) return unskippable(io, misplaced)
  const use = isShipped(target) ? target : strategyFile(io, target)
  if (use === undefined) return unknown(io, target)
  const file = locateStrategy(use)
  try {
    const examined = { use, file, options, clock: patientClock(systemClock) }
    // As a running SmartEdge tries it: what loops on every request is told of at once.
    await examineApart({ ...examined, isFull: false, deadlineMs: trialDeadlineMs })
    const { name, report } = await examineApart({ ...examined, isFull: true, deadlineMs })
    const checks = report.checks.map((check) => ({ ...check, skipped: isSkipped(check, skip) }))
    const passes = checks.every(({ fault, skipped }) => fault === null || skipped)
    const refusal = refusalOf(file, report) ?? null
    if (json) io.data(`${JSON.stringify({ file, name, passes, refusal, ...report, checks }, null, 2)}\n`)
    else io.stdout(renderExamination({ target, name, report, checks, refusal }, io.color))
    return passes ? exitCode.ok : exitCode.failure
  } catch (error) {
    if (!(error instanceof StrategyFileError)) throw error
    if (json) io.data(`${JSON.stringify({ file, name: null, passes: false, refusal: error.message }, null, 2)}\n`)
    else io.stderr(`${printable(error.message)}\n`)
    return exitCode.failure
  }
}

const isSkipped = (
  { name, isVital = false }: Pick<ConformanceCheck, 'name'> & { isVital?: boolean },
  skip: readonly string[],
) => !isVital && skip.some((word) => name.includes(word))

function unskippable(io: Io, word: string): number {
  const names = conformanceChecks.filter(({ isVital }) => !isVital).map(({ name }) => `  ${name}`)
  io.stderr(`smartedge: --skip must be words of these checks, got '${printable(word)}':\n${names.join('\n')}\n`)
  return exitCode.usage
}

function unknown(io: Io, target: string): number {
  const hint = didYouMean(target, shippedStrategies) ?? `shipped are ${shippedStrategies.join(', ')}`
  io.stderr(
    `smartedge: there is no strategy ${printable(target)}, and no file ${pluginPath(printable(target))} (${hint})\n`,
  )
  return exitCode.failure
}
